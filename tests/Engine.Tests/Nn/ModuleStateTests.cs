using Engine.Nn;
using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ModuleStateTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void LoadStateDict_OfAnotherInstance_RoundTrips()
    {
        Everything source = new Everything().To(Device);
        foreach (Tensor tensor in source.StateDict().Values)
        {
            Init.Uniform(tensor, generator: new Generator(tensor.ElementCount));
        }
        Everything target = new Everything().To(Device);
        LoadReport report = target.LoadStateDict(source.StateDict());
        Assert.That(report.IsComplete);
        Assert.That(report.Loaded, Is.EqualTo(source.StateDict().Keys));
        foreach ((string name, Tensor tensor) in target.StateDict())
        {
            Assert.That(tensor.ToArray<float>(), Is.EqualTo(source.StateDict()[name].ToArray<float>()), name);
        }
        Assert.That(target.WeightIhL0.RequiresGrad, "still trained");
    }

    [Test]
    public void LoadStateDict_OtherTypeAndDevice_Converts()
    {
        Leaf leaf = new Leaf(2).To(Device);
        leaf.LoadStateDict(new Dictionary<string, Tensor> { ["weight"] = Tensor.From([0.5, 7.0], device: ReferenceDevice.Shared) });
        Assert.That(leaf.Weight.ToArray<float>(), Is.EqualTo(new[] { 0.5f, 7f }));
        Assert.That((leaf.Weight.DType, leaf.Weight.Device), Is.EqualTo((DType.Float32, Device)));
    }

    [Test]
    public void LoadStateDict_DoesNotFit_StrictThrowsAndChangesNothing()
    {
        Sequential net = new Sequential(new Leaf(2), new Leaf(3), new Leaf(4)).To(Device);
        Dictionary<string, Tensor> state = new()
        {
            ["0.weight"] = Tensor.Zeros([2]),
            ["1.weight"] = Tensor.Zeros([9]),
            ["9.weight"] = Tensor.Zeros([1]),
        };
        AssertRefused(() => net.LoadStateDict(state));
        Assert.That(((Leaf)net[0]).Weight.ToArray<float>(), Is.EqualTo(new float[] { 1, 1 }));

        LoadReport report = net.LoadStateDict(state, strict: false);
        Assert.That(report.Loaded, Is.EqualTo((string[])["0.weight"]));
        Assert.That(report.Missing, Is.EqualTo((string[])["2.weight"]));
        Assert.That(report.Unexpected, Is.EqualTo((string[])["9.weight"]));
        Assert.That(report.Conflicts, Is.EqualTo((ShapeConflict[])[new("1.weight", [3], [9])]));
        Assert.That(((Leaf)net[0]).Weight.ToArray<float>(), Is.EqualTo(new float[] { 0, 0 }));
    }

    private static void AssertRefused(Action load) => Assert.That(() => load(), Throws.TypeOf<ModelFileException>().With.Message.EqualTo(
        "LoadStateDict: the saved state does not fit Sequential: 1 tensors fit; missing: 2.weight; unexpected: 9.weight; other shape: 1.weight is [9], "
        + "the module has [3]. Pass strict: false to load what fits."));

    [Test]
    public void To_Device_MovesParametersBuffersAndGradients()
    {
        Everything module = new();
        Tensor held = module.WeightIhL0;
        held.Sum().Backward();
        module.To(Device);
        Assert.That(module.NamedParameters().Concat(module.NamedBuffers()).Select(t => t.Tensor.Device), Is.All.SameAs(Device));
        Assert.That(module.WeightIhL0, Is.SameAs(held));
        Assert.That(held.Grad!.Device, Is.SameAs(Device));
        Assert.That(module.Cache.Device, Is.Not.SameAs(Device), "untracked members stay");
    }

    [Test]
    public void To_Float64_ConvertsFloatsAndTrainsOn()
    {
        RequireFloat64();
        Leaf leaf = new Leaf(2).To(Device).To(DType.Float64);
        Assert.That(leaf.Weight.DType, Is.EqualTo(DType.Float64));
        leaf.Forward(Tensor.From([3.0, 4.0], device: Device)).Sum().Backward();
        Assert.That(leaf.Weight.Grad!.ToArray<double>(), Is.EqualTo(new[] { 3.0, 4.0 }));
        leaf.To(DType.Float32);
        Assert.That(leaf.Weight.Grad!.DType, Is.EqualTo(DType.Float32));
        Assert.That(() => leaf.To(DType.Int32), Throws.ArgumentException.With.Message.Contains("i32"));
    }

    [Test]
    public void Train_Eval_ReachEveryModule()
    {
        Sequential net = new(new Twice(), new Sequential(new Leaf(1)));
        Assert.That(net.NamedModules().Select(m => m.Module.IsTraining), Is.All.True, "modules start in training mode");
        Sequential same = net.Eval();
        Assert.That(same, Is.SameAs(net));
        Assert.That(net.NamedModules().Select(m => m.Module.IsTraining), Is.All.False);
        net.Train();
        Assert.That(net.NamedModules().Select(m => m.Module.IsTraining), Is.All.True);
    }

    [Test]
    public void Freeze_NoGradientFlows_UnfreezeRestores()
    {
        Sequential net = new Sequential(new Leaf(1), new Leaf(1)).To(Device);
        ((Leaf)net[0]).Freeze();
        net.Forward(Tensor.Ones([1], device: Device)).Sum().Backward();
        Assert.That(((Leaf)net[0]).Weight.Grad, Is.Null);
        Assert.That(((Leaf)net[1]).Weight.Grad, Is.Not.Null);
        Assert.That(net.ParameterCount, Is.EqualTo(2), "frozen ones count");
        net.Unfreeze();
        Assert.That(net.Parameters.Select(p => p.RequiresGrad), Is.All.True);
    }

    [Test]
    public void ZeroGrad_DropsGradients()
    {
        Leaf leaf = new Leaf(1).To(Device);
        leaf.Forward(Tensor.Ones([1], device: Device)).Sum().Backward();
        leaf.ZeroGrad();
        Assert.That(leaf.Weight.Grad, Is.Null);
    }

    [Test]
    public void Predict_Training_EvaluatesWithoutGradAndRestores()
    {
        ModeProbe probe = new();
        Sequential net = new Sequential(probe, new Leaf(2)).To(Device);
        Tensor x = Tensor.Ones([2], device: Device);
        Tensor y = net.Predict(x);
        Assert.That((probe.Training, probe.Recording), Is.EqualTo((false, false)));
        Assert.That((net.IsTraining, GradMode.IsEnabled, y.RequiresGrad, y.IsDisposed), Is.EqualTo((true, true, false, false)));
        net.Forward(x);
        Assert.That((probe.Training, probe.Recording), Is.EqualTo((true, true)));
    }

    [Test]
    public void Predict_LayerThatReturnsItsInput_InputLives()
    {
        Tensor x = Tensor.Ones([2], device: Device);
        Tensor y = new Sequential().Predict(x);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 1, 1 }));
        y.Dispose();
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 1 }));
    }

    [Test]
    public void Predict_ManyThreadsOnOneModelInTrainingMode_AllEvaluate()
    {
        ModeProbe probe = new();
        Sequential net = new Sequential(new Leaf(64), probe, new Twice()).To(Device);
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            Tensor y = net.Predict(Tensor.Full([64], i, device: Device));
            Assert.That(y.ToArray<float>(), Is.All.EqualTo(2f * i));
            y.Dispose();
        });
        Assert.That(probe.EverTraining, Is.False);
    }

    private sealed class ModeProbe : Layer
    {
        public bool Training { get; private set; }

        public bool Recording { get; private set; }

        public bool EverTraining { get; private set; }

        public override Tensor Forward(Tensor x)
        {
            Training = IsTraining;
            Recording = GradMode.IsEnabled;
            EverTraining |= IsTraining;
            return x;
        }
    }
}
