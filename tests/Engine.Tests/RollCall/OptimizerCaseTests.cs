using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.RollCall;

/// <summary>Thirty steps of every optimizer against its recurrence.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class OptimizerCaseTests(string deviceName) : DeviceFixture(deviceName)
{
    [TestCaseSource(typeof(OptimizerCases), nameof(OptimizerCases.All))]
    public void Steps_MatchTheRecurrence(OptimizerCase row)
    {
        // Single precision rounds each of the steps, and the gradients before.
        (double relative, double absolute) = Device.HasFloat64 ? (1e-10, 1e-12) : (2e-5, 2e-5);
        Random random = new(3);
        double[] w = [0, 1, -2, 0.5, 30];
        double[][] states = Array.ConvertAll(w, static _ => new double[4]);
        Tensor parameter = MostPrecise(w, [w.Length]).WithGrad();
        Optimizer optimizer = row.Make([parameter]);
        for (int t = 1; t <= 30; t++)
        {
            // Large and tiny gradients, and none for the first.
            double[] g = [.. w.Select((_, i) => i == 0 && t > 3 ? 0 : (random.NextDouble() - 0.4) * Math.Pow(10, random.Next(-4, 3)))];
            w = row.StepAll(w, g, t, states);
            parameter.SetGrad(MostPrecise(g, [g.Length]));
            optimizer.Step();
            Close.AssertAll($"{row}, step {t}", w, parameter.ToArray<double>(), relative, absolute);
        }
    }
}
