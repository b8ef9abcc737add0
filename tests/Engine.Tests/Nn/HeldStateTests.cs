using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Members whose types hide what they hold are trained, moved, saved and loaded as others are.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class HeldStateTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Optimizer_TrainsThem()
    {
        Chain<Block> net = new Chain<Block> { Generic = new Block(2) }.To(Device);
        Assert.That(net.Parameters, Has.Count.EqualTo(4));
        Sgd optimizer = new(net.Parameters, 0.5);
        net.Forward(Tensor.Ones([2], device: Device)).Sum().Backward();
        optimizer.Step();
        foreach ((string name, Tensor parameter) in net.NamedParameters())
        {
            Assert.That(parameter.ToArray<float>(), Is.All.EqualTo(0.5f), name);
        }
    }

    [Test]
    public void SavedFile_OfEither_FitsTheOther()
    {
        using TemporaryFolder folder = new();
        Plainspoken plain = new Plainspoken().To(Device);
        Randomize(plain);
        Safetensors.Save(folder.File("plain"), plain.StateDict());
        Secretive<Block> secret = New().To(Device);
        Assert.That(secret.LoadStateDict(Safetensors.Load(folder.File("plain"))).IsComplete);
        AssertSame(secret, plain);

        Randomize(secret);
        Safetensors.Save(folder.File("secret"), secret.StateDict());
        Assert.That(plain.LoadStateDict(Safetensors.Load(folder.File("secret"))).IsComplete);
        AssertSame(plain, secret);
    }

    [Test]
    public void To_DeviceAndType_MovesThem()
    {
        Secretive<Block> net = New();
        Tensor held = (Tensor)net.Scale;
        held.Sum().Backward();
        net.To(Device).To(DType.BFloat16);
        foreach ((string name, Tensor tensor) in net.NamedParameters().Concat(net.NamedBuffers()))
        {
            Assert.That((tensor.Device, tensor.DType), Is.EqualTo((Device, DType.BFloat16)), name);
        }
        Assert.That(net.Scale, Is.SameAs(held));
        Assert.That((held.Grad!.Device, held.Grad.DType), Is.EqualTo((Device, DType.BFloat16)));
        Assert.That(((Tensor)net.Mask).DType, Is.EqualTo(DType.BFloat16), "not saved, but moved");
        Assert.That(((Block)net.Cache).Weight.DType, Is.EqualTo(DType.Float32), "untracked");
    }

    [Test]
    public void Mode_Freezing_ReachThem()
    {
        Secretive<Block> net = New();
        Layer[] parts = [(Block)net.One, net.Generic, (Block)net.Array[1], (Block)net.List[2]!, (Block)net.ReadOnly[0], net.Generics[1], (Block)net.Map["a"], (Block)net.Other, (Layer)net.Body];
        net.Eval();
        Assert.That(parts.Select(static p => p.IsTraining), Is.All.False);
        net.Train();
        Assert.That(parts.Select(static p => p.IsTraining), Is.All.True);
        net.Freeze();
        Assert.That(parts.SelectMany(static p => p.Parameters).Append((Tensor)net.Scale).Select(static p => p.RequiresGrad), Is.All.False);
    }

    private static Secretive<Block> New() => new() { Generic = new Block(2), Generics = [new(3), new(4)] };

    private static void Randomize(Module module)
    {
        long seed = 0;
        foreach (Tensor tensor in module.StateDict().Values)
        {
            Init.Uniform(tensor, generator: new Generator(++seed));
        }
    }

    private static void AssertSame(Module actual, Module expected)
    {
        Assert.That(actual.StateDict().Keys, Is.EqualTo(expected.StateDict().Keys));
        foreach ((string name, Tensor tensor) in expected.StateDict())
        {
            Assert.That(actual.StateDict()[name].ToArray<float>(), Is.EqualTo(tensor.ToArray<float>()), name);
        }
    }
}

/// <summary>A product of parameters, each found another way.</summary>
internal sealed partial class Chain<T> : Layer
    where T : class, IBlock
{
    private readonly object _scale = Tensor.Ones([2]).WithGrad();

    public required T Generic { get; init; }

    public IBlock First { get; } = new Block(2);

    public List<IBlock> Rest { get; } = [new Block(2)];

    public override Tensor Forward(Tensor x) => Rest[0].Forward(First.Forward(Generic.Forward(x))) * (Tensor)_scale;
}
