using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Capture;

/// <summary>Layers whose steps depend on no value of a tensor: a replay with another input gives the bits of a call.</summary>
[TestFixtureSource(typeof(CaptureDevices), nameof(CaptureDevices.All))]
internal sealed class CapturedLayersTests(string deviceName) : CaptureFixture(deviceName)
{
    private static IEnumerable<TestCaseData> Layers()
    {
        yield return Case("encoder", static () => new TransformerEncoderLayer(8, 2, 6, dropout: 0, batchFirst: true, rotary: new RotaryPositions(4)), [2, 3, 8], static (m, x) =>
            m.Forward(x, null, Tensor.Zeros([2, 3], DType.Bool, x.Device), isCausal: true));
        yield return Case("rnn", static () => new Rnn(3, 4, bidirectional: true), [4, 3, 3], static (m, x) => m.Forward(x));
        yield return Case("gru cell", static () => new GruCell(3, 4), [2, 3], static (m, x) => m.Forward(x));
        yield return Case("bag", static () => new EmbeddingBag(5, 3, paddingIdx: 1), [3, 4], static (m, x) => m.Forward((x.Abs() * 2).Clamp(0, 4).To(DType.Int64)));
    }

    [TestCaseSource(nameof(Layers))]
    public void Replay_WithAnotherInput_GivesTheBitsOfACall(Func<Module> make, Shape shape, Func<Module, Tensor, Tensor> call)
    {
        Module net = make().To(Device);
        Tensor x = Tensor.Zeros(shape, device: Device);
        using CapturedStep step = Device.Capture(() => Step(x), [x]);
        for (int seed = 1; seed <= 2; seed++)
        {
            Tensor next = Tensor.Randn(shape, generator: new Generator(seed), device: Device);
            step.Replay(next);
            Tensor[] expected = Step(next);
            Assert.That(step.Outputs[0].ToArray<float>(), Is.EqualTo(expected[0].ToArray<float>()), "y");
            Assert.That(step.Outputs[1].ToArray<float>(), Is.EqualTo(expected[1].ToArray<float>()), "gradient");
        }

        Tensor[] Step(Tensor input)
        {
            Tensor y = call(net, input);
            return [y.Detach(), Autograd.Grad(y.Square().Sum(), net.Parameters[0])];
        }
    }

    private static TestCaseData Case<T>(string name, Func<T> make, Shape shape, Func<T, Tensor, Tensor> call)
        where T : Module =>
        new TestCaseData((Func<Module>)make, shape, (Func<Module, Tensor, Tensor>)((m, x) => call((T)m, x))).SetArgDisplayNames(name);
}
