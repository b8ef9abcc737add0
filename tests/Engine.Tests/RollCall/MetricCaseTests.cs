using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.RollCall;

/// <summary>Every metric over several batches of different sizes against a count by hand.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class MetricCaseTests(string deviceName) : DeviceFixture(deviceName)
{
    [TestCaseSource(typeof(MetricCases), nameof(MetricCases.All))]
    public void Compute_OverBatches_MatchesACountByHand(MetricCase row)
    {
        Random random = new(5);
        List<double[]> scores = [];
        List<long> truth = [];
        Metric metric = row.Make();
        foreach (int batch in (int[])[40, 1, 23])
        {
            // float32 holds them exactly, and no two of a sample are equal.
            double[][] part = [.. Enumerable.Range(0, batch).Select(_ => Enumerable.Range(0, MetricCases.Classes).Select(c => (random.Next(1000) / 8.0) + (c / 64.0)).ToArray())];
            long[] classes = [.. Enumerable.Range(0, batch).Select(i => i % 9 == 8 ? -100L : random.Next(MetricCases.Classes))];
            Tensor all = Rounded([.. part.SelectMany(static s => s)], [batch, MetricCases.Classes], DType.Float32);
            (Tensor prediction, Tensor target) = row.Feed(all, Tensor.From<long>(classes, Device));
            metric.Update(prediction, target);
            scores.AddRange(part);
            truth.AddRange(classes);
        }

        Assert.That(metric.Compute(), Is.EqualTo(row.Count([.. scores], [.. truth])).Within(row.Tolerance));
        metric.Reset();
        Assert.That(metric.Compute(), Is.NaN, "nothing was counted since Reset");
    }
}
