using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optim;

/// <summary>Rprop and ASGD against PyTorch's own numbers.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class RecordedPathTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Rprop_IsPyTorchs() => Check(RecordedPaths.Rprop, static p => new Rprop([p]));

    [Test]
    public void Rprop_OfOtherSettings_IsPyTorchs() =>
        Check(RecordedPaths.RpropOfOtherSettings, static p => new Rprop([p], 0.1, etaMinus: 0.4, etaPlus: 1.5, minimumStep: 1e-3, maximumStep: 0.3));

    [Test]
    public void Asgd_IsPyTorchs() => Check(RecordedPaths.Asgd, static p => new Asgd([p]));

    [Test]
    public void Asgd_OfOtherSettings_IsPyTorchs() =>
        Check(RecordedPaths.AsgdOfOtherSettings, static p => new Asgd([p], 0.1, lambda: 0.05, alpha: 0.6, t0: 10, weightDecay: 0.1));

    [Test]
    public void UseAverages_PutsTheAverageIntoTheParameter()
    {
        Tensor w = MostPrecise([1, -2, 0.5], [3]).WithGrad(), unused = MostPrecise([7], [1]).WithGrad();
        Asgd optimizer = new([w, unused], 0.1, lambda: 0.05, alpha: 0.6, t0: 10, weightDecay: 0.1);
        for (int step = 1; step <= RecordedPaths.AsgdOfOtherSettings.Length; step++)
        {
            w.SetGrad(Gradient(step));
            optimizer.Step();
        }

        optimizer.UseAverages();
        (double relative, double absolute) = Tolerance;
        Close.AssertAll("average", RecordedPaths.AsgdOfOtherSettings[^1][3..], w.ToArray<double>(), relative, absolute);
        Assert.That(unused.ToArray<double>(), Is.EqualTo(new[] { 7.0 }));
    }

    private (double Relative, double Absolute) Tolerance => Device.HasFloat64 ? (1e-12, 1e-13) : (2e-5, 1e-6);

    private void Check(double[][] path, Func<Tensor, Optimizer> make)
    {
        Tensor w = MostPrecise([1, -2, 0.5], [3]).WithGrad();
        Optimizer optimizer = make(w);
        (double relative, double absolute) = Tolerance;
        for (int step = 1; step <= path.Length; step++)
        {
            w.SetGrad(Gradient(step));
            optimizer.Step();
            double[] row = path[step - 1];
            Close.AssertAll($"step {step}", row[..3], w.ToArray<double>(), relative, absolute);
            if (row.Length > 3)
            {
                Close.AssertAll($"average, step {step}", row[3..], optimizer.StateOf(w, "ax")!.ToArray<double>(), relative, absolute);
            }
        }
    }

    private Tensor Gradient(int step) => MostPrecise([.. Enumerable.Range(0, 3).Select(i => Math.Sin((1.7 * step) + i) + (0.3 * i))], [3]);
}
