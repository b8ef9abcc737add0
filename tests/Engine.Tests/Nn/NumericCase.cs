using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>
/// Numbers from PyTorch 1.13 in float64: parameter k filled with 0.3·sin(0.7·i + k), the input with sin(0.37·i), loss Σy².
/// </summary>
/// <param name="Name">The layer.</param>
/// <param name="Input">The shape of its input.</param>
/// <param name="Make">Makes it.</param>
/// <param name="Expected">While training: first and last output, Σy², Σ|gradient| of the first and the last parameter.</param>
internal sealed record NumericCase(string Name, Shape Input, Func<Layer> Make, double[] Expected)
{
    private const double RelativeTolerance = 1e-8;
    private const double SingleTolerance = 1e-4;

    public Func<Layer, Tensor, Tensor> Call { get; init; } = static (layer, x) => layer.Forward(x);

    /// <summary>The same in evaluation mode, after the training pass.</summary>
    public double[]? Evaluated { get; init; }

    public static Tensor Fill(Tensor tensor, double scale, double step, double phase)
    {
        using GradMode.Scope mode = GradMode.Off();
        tensor.CopyFrom<double>([.. Enumerable.Range(0, (int)tensor.ElementCount).Select(i => scale * Math.Sin((step * i) + phase))]);
        return tensor;
    }

    public static T Filled<T>(Device device, T layer)
        where T : Layer
    {
        int k = 0;
        foreach (Tensor parameter in layer.To(device).To(TypeOn(device)).Parameters)
        {
            Fill(parameter, 0.3, 0.7, k++);
        }
        return layer;
    }

    public void AssertOn(Device device)
    {
        Layer layer = Filled(device, Make());
        Tensor x = Fill(Tensor.Empty(Input, TypeOn(device), device), 1, 0.37, 0);
        AssertNumbers(layer, x, Expected);
        if (Evaluated is not null)
        {
            AssertNumbers(layer.Eval(), x, Evaluated);
        }
    }

    /// <summary>float64 where the device has it.</summary>
    public static DType TypeOn(Device device) => device.HasFloat64 ? DType.Float64 : DType.Float32;

    public override string ToString() => Name;

    private void AssertNumbers(Layer layer, Tensor x, double[] expected)
    {
        layer.ZeroGrad();
        Tensor y = Call(layer, x);
        Tensor loss = y.Square().Sum();
        loss.Backward();
        double[] values = y.Detach().ToArray<double>();
        IReadOnlyList<Tensor> parameters = layer.Parameters;
        double[] actual = [values[0], values[^1], loss.Detach().Item(), parameters[0].Grad!.Abs().Sum().Item(), parameters[^1].Grad!.Abs().Sum().Item()];
        double tolerance = y.DType == DType.Float64 ? RelativeTolerance : SingleTolerance;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(actual[i], Is.EqualTo(expected[i]).Within(tolerance * Math.Max(1, Math.Abs(expected[i]))), $"number {i}");
        }
    }
}
