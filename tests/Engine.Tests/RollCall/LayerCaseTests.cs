using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.RollCall;

/// <summary>Values of the layers against their definitions, gradients against differences of the definitions.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class LayerCaseTests(string deviceName) : DeviceFixture(deviceName)
{
    private const double Step = 1e-6;

    [TestCaseSource(typeof(LayerCases), nameof(LayerCases.All))]
    public void Layer_MatchesItsDefinition(LayerCase row)
    {
        Random random = new(7);
        Layer layer = row.Make().To(Widest).To(Device);
        IReadOnlyList<Tensor> parameters = layer.Parameters;
        foreach (Tensor parameter in parameters)
        {
            using GradMode.Scope mode = GradMode.Off();
            parameter.CopyFrom<double>(Draw(random, (int)parameter.ElementCount));
        }

        double[] values = Draw(random, (int)row.Input.ElementCount);
        Tensor x = row.TakesIndices
            ? Tensor.From<long>([.. values.Select(static v => (long)Math.Floor((v + 2) * 1.49))], row.Input, Device)
            : MostPrecise(values, row.Input).WithGrad();
        Numbers given = x;
        Numbers[] weights = [.. parameters.Select(static p => (Numbers)p)];
        Numbers expected = row.Formula(weights, given);

        Tensor y = layer.Forward(x);
        Assert.That(y.Shape.ToArray(), Is.EqualTo(expected.Shape));
        Close.AssertAll($"{row}", expected.Values, y.ToArray<double>(), Device.HasFloat64 ? 1e-11 : 1e-5, Device.HasFloat64 ? 1e-12 : 2e-6);

        double[] factors = Draw(random, expected.Values.Length);
        if (!y.RequiresGrad)
        {
            return;
        }

        (double relative, double absolute) = Device.HasFloat64 ? (1e-6, 1e-7) : (1e-4, 1e-5);
        y.Backward(MostPrecise(factors, y.Shape));
        if (!row.TakesIndices)
        {
            Close.AssertAll($"{row}: the gradient to x", Slopes(given, v => Loss(weights, v)), x.Grad!.ToArray<double>(), relative, absolute);
        }

        for (int i = 0; i < weights.Length; i++)
        {
            int at = i;
            double[] slopes = Slopes(weights[i], v => Loss([.. weights[..at], v, .. weights[(at + 1)..]], given));
            Close.AssertAll($"{row}: the gradient to parameter {i}", slopes, parameters[i].Grad!.ToArray<double>(), relative, absolute);
        }

        double Loss(Numbers[] p, Numbers input) => row.Formula(p, input).Values.Zip(factors, static (a, b) => a * b).Sum();
    }

    [Test]
    public void Dropout_InTraining_DropsOrScales()
    {
        Tensor x = Tensor.Full([400], 3, device: Device);
        float[] y = new Dropout(0.25, new Generator(1)).Forward(x).ToArray<float>();
        Assert.That(y, Has.All.EqualTo(0f).Or.EqualTo(4f).Within(1e-6f));
        Assert.That(y.Count(static v => v == 0), Is.InRange(60, 140));
    }

    private static double[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextDouble() * 4) - 2)];

    /// <summary>(f(v + h) − f(v − h)) / 2h for each number.</summary>
    private static double[] Slopes(Numbers at, Func<Numbers, double> f)
    {
        double[] slopes = new double[at.Values.Length];
        for (int i = 0; i < slopes.Length; i++)
        {
            slopes[i] = (Moved(Step) - Moved(-Step)) / (2 * Step);

            double Moved(double step)
            {
                double[] values = [.. at.Values];
                values[i] += step;
                return f(at with { Values = values });
            }
        }

        return slopes;
    }
}
