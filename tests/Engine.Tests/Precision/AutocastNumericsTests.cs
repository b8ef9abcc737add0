using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Precision;

/// <summary>What is computed under autocast, against float32.</summary>
/// <remarks>
/// Finite differences are no measure here: over a step small enough for the quotient to be a derivative, a result in half precision does not
/// change at all, or by a rounding that is as large as the difference. Gradients are compared with those in float32 instead, which are
/// themselves checked by differences in float64.
/// </remarks>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class AutocastNumericsTests(string deviceName) : DeviceFixture(deviceName)
{
    /// <summary>Half the distance of neighbours, relative: what one rounding may cost.</summary>
    private static double Roundoff(DType half) => half == DType.BFloat16 ? 1.0 / 256 : 1.0 / 2048;

    [TestCase(DType.BFloat16)]
    [TestCase(DType.Float16)]
    public void Gradients_OfANetwork_AreFloat32AndNearThoseInFullPrecision(DType half)
    {
        Sequential model = Model();
        (Tensor x, Tensor y) = Data();
        double full = Compute(model, x, y, null);
        Tensor[] expected = [.. model.Parameters.Select(static p => p.Grad!.Clone())];
        model.ZeroGrad();
        double mixed = Compute(model, x, y, half);

        // A dozen roundings lie one behind another (operands, products and gradients of three layers); each moves all elements by at most one
        // roundoff, most of them far less and in all directions.
        double bound = 12 * Roundoff(half);
        Assert.That(mixed, Is.EqualTo(full).Within(bound * full).And.Not.EqualTo(full));
        for (int i = 0; i < expected.Length; i++)
        {
            Tensor gradient = model.Parameters[i].Grad!;
            Assert.That(gradient.DType, Is.EqualTo(DType.Float32));
            double distance = (gradient - expected[i]).Norm().Item() / expected[i].Norm().Item();
            Assert.That(distance, Is.LessThan(bound), $"parameter {i} {gradient.Shape}");
            Assert.That(distance, Is.GreaterThan(Roundoff(half) / 100), "it was computed in half precision");
        }
    }

    [Test]
    public void Sums_OfHalves_LeaveTheirRange()
    {
        Tensor x = Tensor.Full([400], 300, DType.Float16, Device);
        using Autocast.Scope scope = Autocast.To(DType.Float16);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(x.Sum().Item(), Is.EqualTo(120_000));
            Assert.That(x.Square().Max().Item(), Is.EqualTo(90_000));
            Assert.That(x.Norm().Item(), Is.EqualTo(6000));
            Assert.That((x * 0 + 12).Exp().Max().Item(), Is.EqualTo(Math.Exp(12)).Within(0.1));
            Assert.That((x * 2).MseLoss(x).Item(), Is.EqualTo(90_000));
        }
    }

    private static double Compute(Sequential model, Tensor x, Tensor y, DType? half)
    {
        using Autocast.Scope scope = half is { } type ? Autocast.To(type) : Autocast.Off();
        Tensor loss = Losses.CrossEntropy(model.Forward(x), y);
        loss.Backward();
        return loss.Item();
    }

    private Sequential Model()
    {
        Sequential model =
        [
            new Linear(6, 16, generator: new Generator(1)), new Tanh(), new Linear(16, 16, generator: new Generator(2)), new LayerNorm(16), new Tanh(),
            new Linear(16, 4, generator: new Generator(3)),
        ];
        model.To(Device);
        return model;
    }

    private (Tensor X, Tensor Y) Data() =>
        (Tensor.Randn([8, 6], device: Device, generator: new Generator(4)), Tensor.From<long>([0, 1, 2, 3, 3, 2, 1, 0], Device));
}
