using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Sequences of one length are one operation; packed ones are steps in tensor operations. Both must agree, derivatives included.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class RecurrentStepsTests(string deviceName) : DeviceFixture(deviceName)
{
    private const int Input = 4, Size = 5, Samples = 3;

    private double Tolerance => Device.HasFloat64 ? 1e-12 : 2e-5;

    [Test]
    public void Steps_AsOneOperation_EqualTensorOperations([Values] bool isLstm, [Values] bool bias, [Values(1, 2, 6)] int length, [Values(Samples, 17)] int samples)
    {
        Recurrent layer = Create(isLstm, bias);
        (Tensor x, Tensor[] states) = Operands(isLstm, length, samples);
        Tensor[] whole = Run(layer, x, states), packed = RunPacked(layer, x, states);
        for (int i = 0; i < whole.Length; i++)
        {
            Assert.That(whole[i].ToArray<double>(), Is.EqualTo(packed[i].ToArray<double>()).Within(Tolerance), $"result {i}");
        }

        Tensor[] variables = [x, .. states, .. layer.Parameters];
        Tensor?[] expected = Autograd.Grad([Loss(packed)], variables), found = Autograd.Grad([Loss(whole)], variables);
        for (int i = 0; i < variables.Length; i++)
        {
            Assert.That(found[i]!.ToArray<double>(), Is.EqualTo(expected[i]!.ToArray<double>()).Within(10 * Tolerance), $"gradient of variable {i}, {variables[i].Shape}");
        }
    }

    [Test]
    public void Steps_WithoutGradients_EqualThoseWithThem([Values] bool isLstm, [Values(1, 6)] int length)
    {
        Recurrent layer = Create(isLstm, bias: true);
        (Tensor x, Tensor[] states) = Operands(isLstm, length);
        Tensor[] tracked = Run(layer, x, states);
        double[][] before = [.. states.Select(static state => state.ToArray<double>())];
        using (GradMode.Off())
        {
            Assert.That(Run(layer, x, states).Select(static result => result.ToArray<double>()), Is.EqualTo(tracked.Select(static result => result.ToArray<double>())));
        }

        Assert.That(states.Select(static state => state.ToArray<double>()), Is.EqualTo(before), "the states that were given");
    }

    [Test]
    public void SecondDerivative_OfStepsAsOneOperation_EqualsThatOfTensorOperations([Values] bool isLstm)
    {
        Recurrent layer = Create(isLstm, bias: true);
        (Tensor x, Tensor[] states) = Operands(isLstm, length: 3);
        Tensor[] variables = [x, .. layer.Parameters];
        double[][] Second(Tensor[] results)
        {
            Tensor?[] first = Autograd.Grad([Loss(results)], variables, createGraph: true);
            Tensor length = first.Select(static g => g!.Square().Sum()).Aggregate(static (a, b) => a + b);
            return [.. Autograd.Grad([length], variables).Select(static g => g!.ToArray<double>())];
        }

        double[][] expected = Second(RunPacked(layer, x, states)), found = Second(Run(layer, x, states));
        for (int i = 0; i < variables.Length; i++)
        {
            Assert.That(found[i], Is.EqualTo(expected[i]).Within(1e3 * Tolerance), $"variable {i}, {variables[i].Shape}");
        }
    }

    [Test]
    public void Batch_OfNoSamples_GivesNone([Values] bool isLstm)
    {
        Recurrent layer = Create(isLstm, bias: true);
        Tensor x = Tensor.Zeros([4, 0, Input], NumericCase.TypeOn(Device), Device).WithGrad();
        Tensor y = layer.Forward(x);
        Assert.That(y.Shape, Is.EqualTo(new Shape(4, 0, 2 * Size)));
        y.Sum().Backward();
        Assert.That(layer.Parameters.Select(static p => p.Grad!.Abs().Sum().Item()), Is.All.Zero);
    }

    private Recurrent Create(bool isLstm, bool bias) => isLstm
        ? NumericCase.Filled(Device, new Lstm(Input, Size, numLayers: 2, bias: bias, bidirectional: true))
        : NumericCase.Filled(Device, new Gru(Input, Size, numLayers: 2, bias: bias, bidirectional: true));

    private (Tensor X, Tensor[] States) Operands(bool isLstm, int length, int samples = Samples)
    {
        Tensor Filled(Shape shape, double step) => NumericCase.Fill(Tensor.Empty(shape, NumericCase.TypeOn(Device), Device), 1, step, 0).WithGrad();
        Tensor[] states = [Filled([4, samples, Size], 0.23), Filled([4, samples, Size], 0.41)];
        return (Filled([length, samples, Input], 0.37), isLstm ? states : states[..1]);
    }

    private static Tensor[] Run(Recurrent layer, Tensor x, Tensor[] states)
    {
        if (layer is Lstm lstm)
        {
            (Tensor y, Tensor hidden, Tensor cell) = lstm.Forward(x, states[0], states[1]);
            return [y, hidden, cell];
        }

        (Tensor output, Tensor last) = ((Gru)layer).Forward(x, states[0]);
        return [output, last];
    }

    private static Tensor[] RunPacked(Recurrent layer, Tensor x, Tensor[] states)
    {
        PackedSequence packed = Sequences.PackPaddedSequence(x, [.. Enumerable.Repeat(x.Shape[0], x.Shape[1])]);
        if (layer is Lstm lstm)
        {
            (PackedSequence y, Tensor hidden, Tensor cell) = lstm.Forward(packed, states[0], states[1]);
            return [Sequences.PadPackedSequence(y).Output, hidden, cell];
        }

        (PackedSequence output, Tensor last) = ((Gru)layer).Forward(packed, states[0]);
        return [Sequences.PadPackedSequence(output).Output, last];
    }

    /// <summary>Every element of every result with a weight of its own.</summary>
    private static Tensor Loss(Tensor[] results) => results
        .Select(static (result, i) => (result.Reshape(-1) * ((Tensor.Arange((int)result.ElementCount, result.Device).To(result.DType) * 0.13) + i).Sin()).Sum())
        .Aggregate(static (a, b) => a + b);
}
