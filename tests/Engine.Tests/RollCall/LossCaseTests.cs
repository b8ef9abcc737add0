using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.RollCall;

/// <summary>Every loss against its definition in doubles: values everywhere, gradients against differences where there is no corner.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class LossCaseTests(string deviceName) : DeviceFixture(deviceName)
{
    private const double Step = 1e-6;

    [TestCaseSource(typeof(LossCases), nameof(LossCases.All))]
    public void Loss_MatchesItsDefinition(LossCase row)
    {
        Tensor x = MostPrecise(row.Prediction, row.Classes > 0 ? [row.Prediction.Length / row.Classes, row.Classes] : [row.Prediction.Length]).WithGrad();
        Tensor t = MostPrecise(row.Target, [row.Target.Length]);
        double[] prediction = x.ToArray<double>(), target = t.ToArray<double>();
        Tensor loss = row.Run(x, row.Classes > 0 ? t.To(DType.Int64) : t);
        double[] expected = row.Formula(prediction, target);
        Close.AssertAll($"{row}", expected, loss.ToArray<double>(), Device.HasFloat64 ? 1e-12 : 2e-6, Device.HasFloat64 ? 1e-13 : 1e-6);

        loss.Sum().Backward();
        double[] gradient = x.Grad!.ToArray<double>();
        for (int i = 0; i < gradient.Length; i++)
        {
            double ahead = Slope(i, Step), behind = Slope(i, -Step);
            double bound = 1e-5 * Math.Max(1, Math.Abs(ahead));

            // Where the sides differ there is a corner, and any slope between theirs is a subgradient.
            Assert.That(gradient[i], Is.InRange(Math.Min(ahead, behind) - bound, Math.Max(ahead, behind) + bound), $"{row}: the gradient at {prediction[i]}");
        }

        double Slope(int at, double step)
        {
            double[] moved = [.. prediction];
            moved[at] += step;
            return (row.Formula(moved, target).Sum() - expected.Sum()) / step;
        }
    }
}
