using Engine.Cpu;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Memory;

/// <summary>A prediction needs the memory of a few layers, not of all; and nobody loses a tensor by that.</summary>
internal sealed class PredictionMemoryTests
{
    private CpuDevice _device = null!;
    private Device _before = null!;

    [SetUp]
    public void UseOwnDevice()
    {
        _before = Device.Default;
        Device.Default = _device = new CpuDevice("cpu", 2);
    }

    [TearDown]
    public void RestoreDefault()
    {
        Device.Default = _before;
        _device.Dispose();
    }

    [Test]
    public void Chain_OfForty_NeedsAFewOfThem()
    {
        Sequential model = [.. Enumerable.Range(0, 40).Select(static i => (Layer)(i % 2 == 0 ? new Conv2d(4, 4, 3, padding: 1) : new Silu()))];
        Assert.That(LargestDuring(model, Tensor.Randn([8, 4, 32, 32])), Is.LessThanOrEqualTo(3));
    }

    [Test]
    public void Residuals_InBlocks_NeedAFewOfThem()
    {
        Sequential model = [.. Enumerable.Range(0, 10).Select(static _ => new Sequential(new Residual(new Sequential(new Conv2d(4, 4, 3, padding: 1), new Silu(), new Conv2d(4, 4, 3, padding: 1))), new Silu()))];
        Assert.That(LargestDuring(model, Tensor.Randn([8, 4, 32, 32])), Is.LessThanOrEqualTo(5));
    }

    [Test]
    public void DenseNet_NeedsLittleMoreThanItsWidestLayer()
    {
        // The first block ends with 2·12 + 6·12 channels; a layer has its input, the same normalised, the result, and the bottleneck twice. All layers together would make some 20 times the widest result.
        DenseNetBc model = new(40);
        Tensor x = Tensor.Randn([8, 3, 32, 32]);
        double widest = (2 + 6) * 12 / 3.0;
        Assert.That(LargestDuring(model, x), Is.InRange(widest, 4.5 * widest));
    }

    [Test]
    public void Layers_OfOthers_KeepWhatTheyGetAndReturn()
    {
        Keeper keeper = new();
        Tensor? seen = null;
        Sequential model = new(new Linear(3, 3), new Tanh(), keeper, new Relu(), new Lambda(x => seen = x), new Sigmoid(), new Lambda(_ => keeper.Input! + keeper.Output! + seen!));
        Tensor x = Tensor.Randn([2, 3]);
        Tensor before = new Sequential(model[0], model[1]).Predict(x);
        Assert.That(model.Predict(x).ToArray<float>(), Is.EqualTo((before + (before * 2) + (before * 2).Relu()).ToArray<float>()));
    }

    [Test]
    public void Hooks_MayKeepWhatTheySee()
    {
        Sequential model = new(new Linear(3, 3), new Tanh(), new Linear(3, 3), new Sigmoid());
        Tensor? hidden = null;
        using HookHandle hook = model[1].RegisterForwardHook((_, _, y) => hidden = y);
        Tensor x = Tensor.Randn([2, 3]);
        using (InferenceScope.Begin())
        using (TensorScope.Begin())
        {
            Tensor y = model.Forward(x);
            Assert.That(new Sequential(model[2], model[3]).Forward(hidden!).ToArray<float>(), Is.EqualTo(y.ToArray<float>()));
        }
    }

    [Test]
    public void InputAndResult_StayUsable_AlsoOfLayersThatHandThemThrough()
    {
        Sequential model = new(new Identity(), new Flatten(), new Identity(), new Dropout(0.5));
        Tensor x = Tensor.Randn([2, 3, 4]);
        float[] values = x.ToArray<float>();
        using TensorScope scope = TensorScope.Begin();
        using InferenceScope inference = InferenceScope.Begin();
        Tensor y = model.Forward(x);
        Assert.That(y.ToArray<float>(), Is.EqualTo(values));
        Assert.That(model.Forward(y).ToArray<float>(), Is.EqualTo(values));
        Assert.That(x.ToArray<float>(), Is.EqualTo(values));
        Assert.That(y.IsDisposed, Is.False);
    }

    /// <summary>How many times the input's bytes a prediction has in use at most, besides the input.</summary>
    private double LargestDuring(Layer model, Tensor x)
    {
        long before = _device.Pool.Report.InUse;
        Assert.That(_device.Pool.Report.Peak, Is.EqualTo(before), "nothing larger was ever in use");
        model.Predict(x).Dispose();
        return (_device.Pool.Report.Peak - before) / (double)x.Storage.Bytes;
    }
}

/// <summary>A layer that keeps what it gets and returns.</summary>
internal sealed partial class Keeper : Layer
{
    [Untracked]
    public Tensor? Input { get; private set; }

    [Untracked]
    public Tensor? Output { get; private set; }

    public override Tensor Forward(Tensor x) => Output = (Input = x) * 2;
}
