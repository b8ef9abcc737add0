using Engine.Nn;
using Engine.Tests.Devices;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Precision;

/// <summary>When the scale grows and shrinks, and that an overflow leaves no trace.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class LossScalerTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Step_FiniteGradients_IsTheOptimizersOwn()
    {
        Tensor plain = Parameter(), scaled = Parameter();
        Optimizer first = Momentum(plain), second = Momentum(scaled);
        LossScaler scaler = new();
        for (int i = 0; i < 3; i++)
        {
            Loss(plain).Backward();
            first.Step();
            first.ZeroGrad();
            Step(scaler, second, scaled);
        }

        // A power of two multiplies and divides without a rounding; the program with a condition may round products and sums elsewhere.
        Assert.That(scaled.ToArray<float>(), Is.EqualTo(plain.ToArray<float>()).Within(1e-6f));
        Assert.That(second.StateOf(scaled, "momentum_buffer")!.ToArray<float>(), Is.EqualTo(first.StateOf(plain, "momentum_buffer")!.ToArray<float>()).Within(1e-6f));
        Assert.That((scaler.ReadScale(), scaler.ReadSkippedSteps()), Is.EqualTo((65536.0, 0L)));
    }

    [TestCase(double.PositiveInfinity)]
    [TestCase(double.NegativeInfinity)]
    [TestCase(double.NaN)]
    public void Step_OneGradientNotFinite_ChangesNoBit(double bad)
    {
        Tensor w = Parameter(), other = Parameter();
        Optimizer optimizer = new Adam([w, other], 0.1);
        LossScaler scaler = new(initialScale: 8);
        Step(scaler, optimizer, w, other);
        byte[][] before = Bits(optimizer, w, other);

        scaler.Scale(Loss(w) + Loss(other)).Backward();
        using (GradMode.Off())
        {
            w.Grad![1..2].FillInPlace(bad);
        }

        scaler.Step(optimizer);
        scaler.Update();
        Assert.That(Bits(optimizer, w, other), Is.EqualTo(before));
        Assert.That((scaler.ReadScale(), scaler.ReadSkippedSteps()), Is.EqualTo((4.0, 1L)));

        optimizer.ZeroGrad();
        Step(scaler, optimizer, w, other);
        Assert.That(Bits(optimizer, w, other), Is.Not.EqualTo(before), "the next step is made");
        Assert.That(w.ToArray<float>(), Is.All.Matches<float>(float.IsFinite));
    }

    [Test]
    public void Update_EnoughGoodStepsInARow_Grows()
    {
        Tensor w = Parameter();
        Optimizer optimizer = Momentum(w);
        LossScaler scaler = new(initialScale: 4, growthFactor: 3, backoffFactor: 0.25, growthInterval: 3);
        List<double> scales = [];
        foreach (bool isGood in (bool[])[true, true, true, true, true, false, true, true, true, true])
        {
            Step(scaler, optimizer, w, isGood ? 1 : double.PositiveInfinity);
            scales.Add(scaler.ReadScale());
        }

        Assert.That(scales, Is.EqualTo(new double[] { 4, 4, 12, 12, 12, 3, 3, 3, 9, 9 }), "an overflow begins the count anew");
        Assert.That(scaler.ReadSkippedSteps(), Is.EqualTo(1));
    }

    [Test]
    public void Update_AtTheEndsOfFloat32_StaysFinite()
    {
        Tensor w = Parameter();
        Optimizer optimizer = Momentum(w);
        LossScaler large = new(initialScale: 2e38, growthInterval: 1), small = new(initialScale: 1e-37);
        large.Scale(Loss(w) * 0).Backward();
        large.Step(optimizer);
        large.Update();
        Assert.That(large.ReadScale(), Is.EqualTo((double)2e38f));
        for (int i = 0; i < 8; i++)
        {
            Step(small, optimizer, w, double.NaN);
        }

        Assert.That(1 / (float)small.ReadScale(), Is.GreaterThan(0).And.LessThan(float.PositiveInfinity));
    }

    [Test]
    public void Step_TwoOptimizers_LeavesOutTheOneThatOverflowed()
    {
        Tensor good = Parameter(), bad = Parameter();
        Optimizer first = Momentum(good), second = Momentum(bad);
        LossScaler scaler = new(initialScale: 16);
        scaler.Scale(Loss(good) + (Loss(bad) * double.PositiveInfinity)).Backward();
        scaler.Step(first);
        scaler.Step(second);
        scaler.Update();
        Assert.That(good.ToArray<float>(), Is.Not.EqualTo(Parameter().ToArray<float>()));
        Assert.That(bad.ToArray<float>(), Is.EqualTo(Parameter().ToArray<float>()));
        Assert.That(scaler.ReadScale(), Is.EqualTo(8), "one of them is enough");
    }

    [Test]
    public void Unscale_BeforeTheStep_GivesTrueGradientsAndHappensOnce()
    {
        Tensor w = Parameter();
        Optimizer optimizer = Momentum(w);
        LossScaler scaler = new(initialScale: 1024);
        scaler.Scale(Loss(w)).Backward();
        scaler.Unscale(optimizer);
        Assert.That(w.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 2, -4, 6 }));
        Assert.That(() => scaler.Unscale(optimizer), Throws.InvalidOperationException.With.Message.Contains("already"));
        scaler.Step(optimizer);
        Assert.That(w.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 2, -4, 6 }), "not divided again");
        Assert.That(() => scaler.Step(optimizer), Throws.InvalidOperationException.With.Message.Contains("Update"));
        scaler.Update();
        Assert.That(scaler.Update, Throws.InvalidOperationException.With.Message.Contains("Step"));
    }

    [Test]
    public void Step_WithoutGradients_IsMade()
    {
        Tensor w = Parameter();
        Optimizer optimizer = Momentum(w);
        LossScaler scaler = new();
        Assert.That(() => scaler.Step(optimizer), Throws.InvalidOperationException.With.Message.Contains("Scale(loss)"));
        scaler.Scale(Tensor.Ones([], device: Device));
        scaler.Step(optimizer);
        scaler.Update();
        Assert.That(scaler.ReadSkippedSteps(), Is.Zero);
    }

    [Test]
    public void Unscale_Float16Parameter_Throws()
    {
        Tensor w = Parameter().To(DType.Float16).Detach().WithGrad();
        LossScaler scaler = new(initialScale: 4);
        scaler.Scale(w.Sum()).Backward();
        Assert.That(() => scaler.Unscale(new Sgd([w], 0.1)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("f32"));
    }

    [Test]
    public void SmallGradients_InFloat16_SurviveByScaling()
    {
        Tensor w = Tensor.Full([4], 1e-4, device: Device).WithGrad(), x = Tensor.Full([1, 4], 1e-4, device: Device);
        Assert.That(Gradient(null), Is.All.Zero, "10⁻⁸ is nothing in float16");
        Assert.That(Gradient(new LossScaler()), Is.All.EqualTo(1e-8f).Within(1).Percent);

        float[] Gradient(LossScaler? scaler)
        {
            Tensor loss;
            using (Autocast.To(DType.Float16))
            {
                loss = x.MatMul(w).Sum() * 1e-4;
            }

            w.ClearGrad();
            (scaler?.Scale(loss) ?? loss).Backward();
            scaler?.Unscale(new Sgd([w], 1));
            return w.Grad!.ToArray<float>();
        }
    }

    [Test]
    public void Load_SavedInTheMiddle_GoesOnAlike()
    {
        Tensor w = Parameter();
        Optimizer optimizer = Momentum(w);
        LossScaler scaler = new(initialScale: 64, growthInterval: 3), resumed = new(initialScale: 1, growthInterval: 3);
        Step(scaler, optimizer, w, double.NaN);
        Step(scaler, optimizer, w);
        Step(scaler, optimizer, w);
        TrainingState state = new();
        scaler.Save(state);
        resumed.Load(ToyTraining.Reread(state));
        Assert.That((resumed.ReadScale(), resumed.ReadSkippedSteps()), Is.EqualTo((32.0, 1L)));
        Step(resumed, optimizer, w);
        Assert.That(resumed.ReadScale(), Is.EqualTo(64), "the third good step");
        resumed.Load(ToyTraining.Reread(state));
        Assert.That(resumed.ReadScale(), Is.EqualTo(32), "in use");
        Assert.That(() => resumed.Load(new TrainingState()), Throws.TypeOf<ModelFileException>());
    }

    [Test]
    public void Constructor_ValuesOutOfRange_Throws()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new LossScaler(initialScale: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new LossScaler(initialScale: double.PositiveInfinity), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new LossScaler(growthFactor: 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new LossScaler(backoffFactor: 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new LossScaler(backoffFactor: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new LossScaler(growthInterval: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    private static Tensor Loss(Tensor w) => w.Square().Sum();

    private static void Step(LossScaler scaler, Optimizer optimizer, Tensor w, double factor = 1)
    {
        optimizer.ZeroGrad();
        scaler.Scale(Loss(w) * factor).Backward();
        scaler.Step(optimizer);
        scaler.Update();
    }

    private static void Step(LossScaler scaler, Optimizer optimizer, Tensor w, Tensor other)
    {
        optimizer.ZeroGrad();
        scaler.Scale(Loss(w) + Loss(other)).Backward();
        scaler.Step(optimizer);
        scaler.Update();
    }

    private static byte[][] Bits(Optimizer optimizer, params ReadOnlySpan<Tensor> parameters)
    {
        List<byte[]> bits = [];
        foreach (Tensor parameter in parameters)
        {
            bits.Add(BitsOf(parameter));
            bits.AddRange(optimizer.StateNames.Select(name => BitsOf(optimizer.StateOf(parameter, name)!)));
        }

        return [.. bits];
    }

    private static byte[] BitsOf(Tensor x) => [.. x.ToArray<float>().SelectMany(BitConverter.GetBytes)];

    private static Optimizer Momentum(Tensor w) => new Sgd([w], 0.1, momentum: 0.9);

    private Tensor Parameter() => Tensor.From<float>([1, -2, 3], Device).WithGrad();
}
