using System.Text.Json.Nodes;
using Engine.Nn;
using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optim;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.WithKernelSets))]
internal sealed class OptimizerTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly Dictionary<string, Func<IEnumerable<Tensor>, Optimizer>> s_variants = new()
    {
        ["sgd"] = p => new Sgd(p, 0.1, weightDecay: 0.01),
        ["momentum"] = p => new Sgd(p, 0.1, momentum: 0.9, dampening: 0.3),
        ["nesterov"] = p => new Sgd(p, 0.1, momentum: 0.9, nesterov: true),
        ["adagrad"] = p => new Adagrad(p, learningRateDecay: 0.1, initialAccumulator: 0.5),
        ["rmsprop"] = p => new RmsProp(p),
        ["rmsprop centred with momentum"] = p => new RmsProp(p, momentum: 0.9, centered: true),
        ["adadelta"] = p => new Adadelta(p),
        ["adam"] = p => new Adam(p, weightDecay: 0.1),
        ["amsgrad"] = p => new Adam(p, amsgrad: true),
        ["adamw"] = p => new AdamW(p),
        ["adamax"] = p => new Adamax(p),
        ["nadam"] = p => new NAdam(p, weightDecay: 0.1, decoupledWeightDecay: true),
        ["radam"] = p => new RAdam(p),
        ["lion"] = p => new Lion(p, 0.01, weightDecay: 0.1),
        ["rprop"] = p => new Rprop(p),
        ["asgd"] = p => new Asgd(p, 0.1, lambda: 0.1, t0: 2, weightDecay: 0.01),
        ["lamb"] = p => new Lamb(p),
        ["adafactor"] = p => new Adafactor(p, weightDecay: 0.1),
    };

    private static IEnumerable<string> Variants => s_variants.Keys;

    [TestCaseSource(nameof(Variants))]
    public void Load_InTheMiddle_GoesOnWithTheSameBits(string variant)
    {
        Tensor through = Parameter(1, -2, 3), interrupted = Parameter(1, -2, 3);
        Optimizer whole = s_variants[variant]([through]), first = s_variants[variant]([interrupted]);
        for (int t = 0; t < 4; t++)
        {
            Step(whole, through, t);
            Step(first, interrupted, t);
        }

        TrainingState state = new();
        first.Save(state);
        Tensor resumed = Parameter(interrupted.ToArray<float>());
        Optimizer second = s_variants[variant]([resumed]);
        second.LearningRate = 0.5;
        second.Load(Reread(state));
        for (int t = 4; t < 8; t++)
        {
            Step(whole, through, t);
            Step(second, resumed, t);
        }

        Assert.That(resumed.ToArray<float>(), Is.EqualTo(through.ToArray<float>()));
        Assert.That(second.StepsOf(resumed), Is.EqualTo(8));
    }

    [TestCaseSource(nameof(Variants))]
    public void Step_GradientOfASquare_Descends(string variant)
    {
        Tensor w = Parameter(1, -2, 3);
        Optimizer optimizer = s_variants[variant]([w]);
        double before = w.Square().Sum().Item();
        for (int t = 0; t < 10; t++)
        {
            optimizer.ZeroGrad();
            w.Square().Sum().Backward();
            optimizer.Step();
        }

        Assert.That(w.Square().Sum().Item(), Is.LessThan(before));
    }

    [Test]
    public void Adam_FirstStep_IsTheLearningRateAgainstTheSign()
    {
        Tensor w = Parameter(1, 1, 1);
        Adam optimizer = new([w], 0.01);
        w.SetGrad(Values(5, -0.001f, 300));
        optimizer.Step();
        Assert.That(w.ToArray<float>(), Is.EqualTo(new[] { 0.99f, 1.01f, 0.99f }).Within(1e-6));
    }

    [Test]
    public void Sgd_WithMomentum_MatchesTheRecurrence()
    {
        Tensor w = Parameter(0, 0, 0);
        Sgd optimizer = new([w], 1, momentum: 0.5, dampening: 0.25);
        w.SetGrad(Values(4, 8, -4));
        optimizer.Step();   // v = g
        Assert.That(w.ToArray<float>(), Is.EqualTo(new float[] { -4, -8, 4 }));
        optimizer.Step();   // v = 0.5·g + 0.75·g
        Assert.That(w.ToArray<float>(), Is.EqualTo(new float[] { -9, -18, 9 }));
        Assert.That(optimizer.StateOf(w, "momentum_buffer")!.ToArray<float>(), Is.EqualTo(new float[] { 5, 10, -5 }));
    }

    [Test]
    public void AdamW_WithoutGradientSignal_OnlyDecays()
    {
        Tensor w = Parameter(1, -2, 3);
        AdamW optimizer = new([w], 0.1, weightDecay: 0.5);
        w.SetGrad(Values(0, 0, 0));
        optimizer.Step();
        Assert.That(w.ToArray<float>(), Is.EqualTo(new[] { 0.95f, -1.9f, 2.85f }).Within(1e-6));
    }

    [Test]
    public void Step_ParameterWithoutGradient_IsLeftAlone()
    {
        Tensor used = Parameter(1, 1, 1), unused = Parameter(1, 2, 3), frozen = Parameter(4, 5, 6);
        AdamW optimizer = new([used, unused, frozen], 0.1);
        used.SetGrad(Values(1, 1, 1));
        frozen.SetGrad(Values(1, 1, 1));
        frozen.RequiresGrad = false;
        optimizer.Step();
        Assert.Multiple(() =>
        {
            Assert.That(unused.ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3 }));
            Assert.That(frozen.ToArray<float>(), Is.EqualTo(new float[] { 4, 5, 6 }));
            Assert.That(optimizer.StepsOf(unused), Is.Zero);
            Assert.That(optimizer.StateOf(unused, "exp_avg"), Is.Null);
            Assert.That(optimizer.StepsOf(used), Is.EqualTo(1));
        });
    }

    [Test]
    public void Groups_HaveTheirOwnRateAndDecay()
    {
        Tensor slow = Parameter(1, 1, 1), plain = Parameter(1, 1, 1);
        Sgd optimizer = new([new ParameterGroup([slow]) { LearningRateFactor = 0.5, WeightDecay = 0 }, new ParameterGroup([plain])], 0.25, weightDecay: 2);
        slow.SetGrad(Values(1, 1, 1));
        plain.SetGrad(Values(1, 1, 1));
        optimizer.Step();
        Assert.That(slow.ToArray<float>(), Is.All.EqualTo(0.875f));
        Assert.That(plain.ToArray<float>(), Is.All.EqualTo(0.25f));
    }

    [Test]
    public void Step_UpdatesTheMemoryThatViewsSee()
    {
        Tensor w = Tensor.From<float>([1, 2, 3, 4, 5, 6], [2, 3], Device);
        Tensor turned = w.Transpose(0, 1);
        turned.RequiresGrad = true;
        Sgd optimizer = new([turned], 1);
        turned.SetGrad(Tensor.From<float>([1, 2, 3, 4, 5, 6], [3, 2], Device));
        optimizer.Step();
        Assert.That(w.ToArray<float>(), Is.EqualTo(new float[] { 0, -1, -2, 2, 1, 0 }));
    }

    [Test]
    public void State_MadeInsideAScope_OutlivesIt()
    {
        Tensor w = Parameter(1, 1, 1);
        Adam optimizer = new([w], 0.01);
        for (int t = 0; t < 3; t++)
        {
            using TensorScope scope = TensorScope.Begin();
            optimizer.ZeroGrad();
            w.Square().Sum().Backward();
            optimizer.Step();
        }

        Assert.That(optimizer.StateOf(w, "exp_avg")!.IsDisposed, Is.False);
        Assert.That(w.ToArray<float>(), Is.All.EqualTo(0.97f).Within(1e-4));
    }

    [Test]
    public void Step_AfterTheModelMoved_TakesTheStateAlong()
    {
        Sequential moving = [new Linear(2, 2, generator: new Generator(1))], staying = [new Linear(2, 2, generator: new Generator(1))];
        Optimizer[] optimizers = [new Adam(moving.Parameters), new Adam(staying.Parameters)];
        for (int t = 0; t < 4; t++)
        {
            moving.To(t < 2 ? ReferenceDevice.Shared : Device);
            foreach ((Sequential model, Optimizer optimizer) in ((Sequential[])[moving, staying]).Zip(optimizers))
            {
                foreach (Tensor parameter in model.Parameters)
                {
                    parameter.SetGrad(Tensor.Full(parameter.Shape, 0.5 + t, device: parameter.Device));
                }

                optimizer.Step();
            }
        }

        Assert.That(optimizers[0].StateOf(moving.Parameters[0], "exp_avg")!.Device, Is.SameAs(Device));
        Assert.That(moving.Parameters[0].ToArray<float>(), Is.EqualTo(staying.Parameters[0].ToArray<float>()).Within(1e-6));
    }

    [Test]
    public void RmsProp_CentredOnAConstantGradient_StaysFinite()
    {
        Tensor w = Parameter(1, 1, 1);
        RmsProp optimizer = new([w], alpha: 0.5, centered: true);
        for (int t = 0; t < 60; t++)
        {
            w.SetGrad(Values(0.1f, 3.3f, 1e-3f));
            optimizer.Step();
        }

        Assert.That(w.ToArray<float>(), Is.All.Matches<float>(float.IsFinite));
    }

    [Test]
    public void HalfPrecisionParameter_HasItsStateInFloat32()
    {
        Tensor w = Values(1, 2, 3).To(DType.BFloat16);
        w.RequiresGrad = true;
        Adam optimizer = new([w], 0.5);
        w.SetGrad(Values(1, 1, 1).To(DType.BFloat16));
        optimizer.Step();
        Assert.That(optimizer.StateOf(w, "exp_avg_sq")!.DType, Is.EqualTo(DType.Float32));
        Assert.That(w.ToArray<float>(), Is.EqualTo(new[] { 0.5f, 1.5f, 2.5f }));
    }

    [Test]
    public void Load_OfAnotherOptimizer_Throws()
    {
        Tensor w = Parameter(1, 2, 3);
        TrainingState state = new();
        new Sgd([w], 0.1).Save(state);
        Assert.That(() => new Adam([w]).Load(state), Throws.TypeOf<ModelFileException>().With.Message.Contains("Sgd"));
    }

    [Test]
    public void Load_OfOtherParameters_ThrowsAndChangesNothing()
    {
        Tensor w = Parameter(1, 2, 3), other = Tensor.Ones([2], device: Device).WithGrad();
        Adam saved = new([w], 0.5);
        Step(saved, w, 0);
        TrainingState state = new();
        saved.Save(state);
        Adam loading = new([other], 0.25);
        Assert.That(() => loading.Load(state), Throws.TypeOf<ModelFileException>().With.Message.Contains("[3]").And.Message.Contains("[2]"));
        Assert.That(loading.LearningRate, Is.EqualTo(0.25));
        Adam named = new([new ParameterGroup([("weight", w)])]);
        Assert.That(() => named.Load(state), Throws.TypeOf<ModelFileException>().With.Message.Contains("'0'"));
    }

    [Test]
    public void Save_WithNames_FindsThemInAnotherOrder()
    {
        Tensor a = Parameter(1, 2, 3), b = Parameter(4, 5, 6);
        Adam first = new([new ParameterGroup([("a", a), ("b", b)])]);
        a.SetGrad(Values(1, 1, 1));
        b.SetGrad(Values(2, 2, 2));
        first.Step();
        TrainingState state = new();
        first.Save(state);
        Adam second = new([new ParameterGroup([("b", b), ("a", a)])]);
        second.Load(Reread(state));
        Assert.That(second.StateOf(b, "exp_avg")!.ToArray<float>(), Is.EqualTo(first.StateOf(b, "exp_avg")!.ToArray<float>()));
    }

    [Test]
    public void Constructor_BadArguments_Throw()
    {
        Tensor w = Parameter(1, 2, 3);
        Assert.Multiple(() =>
        {
            Assert.That(() => new Sgd([w], -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Sgd([w], double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Sgd([w], 1, momentum: -0.1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Sgd([w], 1, nesterov: true), Throws.ArgumentException.With.Message.Contains("momentum"));
            Assert.That(() => new Adam([w], beta1: 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("beta1"));
            Assert.That(() => new Adam([w], beta2: -0.5), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Adam([w], eps: double.PositiveInfinity), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new AdamW([w], weightDecay: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Lion([w], beta2: 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Lion"));
            Assert.That(() => new Rprop([w], etaMinus: 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("etaMinus"));
            Assert.That(() => new Rprop([w], etaPlus: 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("etaPlus"));
            Assert.That(() => new Rprop([w], minimumStep: 1, maximumStep: 0.5), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("maximumStep"));
            Assert.That(() => new Asgd([w], lambda: -1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("lambda"));
            Assert.That(() => new Lamb([w], double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Adafactor([w], beta2Decay: 0.1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("beta2Decay"));
            Assert.That(() => new Adafactor([w], d: 0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("d"));
            Assert.That(() => new Adafactor([w], eps1: double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("eps1"));
            Assert.That(() => new Adam(Array.Empty<Tensor>()), Throws.ArgumentException.With.Message.Contains("no parameters"));
            Assert.That(() => new Adam([w, w]), Throws.ArgumentException.With.Message.Contains("twice"));
            Assert.That(() => new Adam([w * 2]), Throws.ArgumentException.With.Message.Contains("Mul"));
            Assert.That(() => new ParameterGroup([w]) { LearningRateFactor = -1 }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Adam([w]).StateOf(w, "momentum"), Throws.ArgumentException.With.Message.Contains("exp_avg"));
        });
    }

    private static TrainingState Reread(TrainingState state)
    {
        // Through text and copies, as a file would.
        JsonObject values = JsonNode.Parse(state.Values.ToJsonString())!.AsObject();
        return new TrainingState([.. state.Tensors.Select(static t => KeyValuePair.Create(t.Key, t.Value.Clone()))], values);
    }

    private void Step(Optimizer optimizer, Tensor w, int t)
    {
        w.SetGrad(Values(MathF.Sin(t + 0.3f), MathF.Cos(t), 0.1f * t));
        optimizer.Step();
    }

    private Tensor Parameter(params float[] values) => Values(values).WithGrad();

    private Tensor Values(params float[] values) => Tensor.From(values, device: Device);
}
