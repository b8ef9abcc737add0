using System.Text.Json;
using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

/// <summary>L-BFGS as an optimizer of networks, against PyTorch's.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class LbfgsOptimizerTests(string deviceName) : DeviceFixture(deviceName)
{
    private static IEnumerable<TestCaseData> TorchRows() => Peers.Document.GetProperty("torchLbfgs").EnumerateArray().Select(static row => new TestCaseData(row)
        .SetArgDisplayNames(row.GetProperty("function").GetString()!));

    [TestCaseSource(nameof(TorchRows))]
    public void Steps_MatchPyTorch(JsonElement row)
    {
        RequireFloat64();
        TestFunction f = row.GetProperty("function").GetString() switch
        {
            "Booth" => TestFunctions.Booth,
            "Himmelblau" => TestFunctions.Himmelblau,
            "Rosenbrock" => TestFunctions.Rosenbrock(10),
            _ => TestFunctions.Quadratic(100),
        };
        Tensor x = MostPrecise(row.GetProperty("start").Numbers(), [f.Dimensions]).WithGrad();
        Lbfgs optimizer = new([x], row.GetProperty("rate").GetDouble(), maxIterations: 4, historySize: 5);
        double[] losses = row.GetProperty("losses").Numbers();
        for (int step = 0; step < losses.Length; step++)
        {
            double loss = optimizer.Step(Closure(optimizer, f.Evaluate, x)).Item();
            Assert.That(loss, Is.EqualTo(losses[step]).Within(1e-10 + (1e-7 * losses[step])), $"call {step}");
            Assert.That(x.ToArray<double>(), Is.EqualTo(row.GetProperty("path")[step].Numbers()).Within(1e-6), $"call {step}");
        }

        Assert.That(optimizer.Iterations, Is.EqualTo(row.GetProperty("iterations").GetInt64()));
        Assert.That(optimizer.Evaluations, Is.EqualTo(row.GetProperty("evaluations").GetInt64()));
    }

    [Test]
    public void StrongWolfe_NeverClimbs_AndFindsTheMinimum()
    {
        TestFunction f = TestFunctions.Rosenbrock(10);
        Tensor x = MostPrecise(f.Start().ToArray<double>(), [10]).WithGrad();
        Lbfgs optimizer = new([x], strongWolfe: true, historySize: 10);
        List<double> losses = [];
        for (int step = 0; step < 10; step++)
        {
            losses.Add(optimizer.Step(Closure(optimizer, f.Evaluate, x)).Item());
        }

        Assert.That(losses, Is.Ordered.Descending);
        Assert.That(f.Distance(x.ToArray<double>()), Is.LessThan(Device.HasFloat64 ? 1e-5 : 2e-2));
        Assert.That(optimizer.Iterations, Is.LessThan(150));
    }

    [Test]
    public void Network_IsTrainedFasterThanByDescent()
    {
        // A few steps fit a small network to a curve; as many gradients of plain descent do not.
        Tensor inputs = Rounded([.. Enumerable.Range(0, 32).Select(static i => (i / 16.0) - 1)], [32, 1], DType.Float32);
        Tensor targets = (inputs * 3).Sin();
        double Train(Func<IEnumerable<Tensor>, Optimizer> make, int calls)
        {
            Sequential model = new(new Linear(1, 16), new Engine.Nn.Tanh(), new Linear(16, 1));
            Generator generator = new(3);
            using (GradMode.Off())
            {
                foreach (Tensor p in model.Parameters)
                {
                    p.CopyFrom(Tensor.Rand(p.Shape, -0.7, 0.7, generator));
                }
            }

            model.To(Device);
            Optimizer optimizer = make(model.Parameters);
            for (int i = 0; i < calls; i++)
            {
                using TensorScope scope = TensorScope.Begin();
                optimizer.Step(() =>
                {
                    optimizer.ZeroGrad();
                    Tensor loss = model.Forward(inputs).MseLoss(targets);
                    loss.Backward();
                    return loss;
                });
            }

            return model.Forward(inputs).MseLoss(targets).Item();
        }

        double quasiNewton = Train(static p => new Lbfgs(p, strongWolfe: true), 4), descent = Train(static p => new Sgd(p, 0.1), 100);
        Assert.That(quasiNewton, Is.LessThan(descent / 20));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Load_InTheMiddle_GoesOnWithTheSameBits(bool strongWolfe)
    {
        TestFunction f = TestFunctions.Rosenbrock(6);
        Tensor through = Rounded(f.Start().ToArray<double>(), [6], DType.Float32).WithGrad();
        Lbfgs Make(Tensor x) => new([x], strongWolfe ? 1 : 0.005, maxIterations: 3, historySize: 4, strongWolfe: strongWolfe);
        Lbfgs whole = Make(through);
        TrainingState state = new();
        float[] middle = [];
        for (int step = 0; step < 8; step++)
        {
            if (step == 4)
            {
                middle = through.ToArray<float>();
                whole.Save(state);
                state = Reread(state);
            }

            whole.Step(Closure(whole, f.Evaluate, through));
        }

        Tensor resumed = Tensor.From<float>(middle, Device).WithGrad();
        Lbfgs second = Make(resumed);
        second.Load(state);
        for (int step = 4; step < 8; step++)
        {
            second.Step(Closure(second, f.Evaluate, resumed));
        }

        Assert.That(resumed.ToArray<float>(), Is.EqualTo(through.ToArray<float>()));
        Assert.That((second.Iterations, second.Evaluations, second.StepsOf(resumed)), Is.EqualTo((whole.Iterations, whole.Evaluations, 8L)));
    }

    [Test]
    public void Load_RefusesOtherStates()
    {
        TestFunction f = TestFunctions.Rosenbrock(6);
        Tensor x = Rounded(f.Start().ToArray<double>(), [6], DType.Float32).WithGrad(), five = Tensor.Zeros([5], device: Device).WithGrad();
        Lbfgs optimizer = new([x], strongWolfe: true);
        optimizer.Step(Closure(optimizer, f.Evaluate, x));
        TrainingState state = new();
        optimizer.Save(state);
        Assert.Multiple(() =>
        {
            Assert.That(() => new Lbfgs([five]).Load(state), Throws.TypeOf<ModelFileException>().With.Message.Contains("'d' is [6]; all parameters together have 5"));
            Assert.That(() => new Sgd([x]).Load(state), Throws.TypeOf<ModelFileException>().With.Message.Contains("is of Lbfgs"));
            Assert.That(() => new Lbfgs([x], historySize: 1).Load(state), Throws.TypeOf<ModelFileException>().With.Message.Contains("history"));
        });
    }

    [Test]
    public void ParametersInParts_AreOneVector_AndFrozenOnesStay()
    {
        TestFunction f = TestFunctions.Rosenbrock(6);
        double[] start = f.Start().ToArray<double>();
        Tensor whole = MostPrecise(start, [6]).WithGrad(), left = MostPrecise(start[..4], [2, 2]).WithGrad(), right = MostPrecise(start[4..], [2]).WithGrad(), frozen = MostPrecise([1, 2], [2]).WithGrad();
        Lbfgs one = new([whole], strongWolfe: true), two = new([left, frozen, right], strongWolfe: true);
        frozen.RequiresGrad = false;
        for (int step = 0; step < 2; step++)
        {
            one.Step(Closure(one, f.Evaluate, whole));
            two.Step(Closure(two, _ => f.Evaluate(Tensor.Concat([left.Reshape(4), right])), left));
        }

        double within = Device.HasFloat64 ? 1e-9 : 1e-3;
        Assert.That(left.ToArray<double>().Concat(right.ToArray<double>()), Is.EqualTo(whole.ToArray<double>()).Within(within));
        Assert.That(frozen.ToArray<double>(), Is.EqualTo(new[] { 1.0, 2 }));
        Assert.That(two.StepsOf(frozen), Is.Zero);
    }

    [Test]
    public void Step_WithoutAClosure_SaysWhatIsMissing()
    {
        Tensor x = Tensor.Ones([2], device: Device).WithGrad();
        Lbfgs optimizer = new([x]);
        x.SetGrad(Tensor.Ones([2], device: Device));
        Linear model = new(2, 2);
        Assert.Multiple(() =>
        {
            Assert.That(optimizer.NeedsClosure, Is.True);
            Assert.That(optimizer.Step, Throws.InvalidOperationException.With.Message.Contains("pass a closure"));
            Assert.That(() => optimizer.StepIf(Tensor.Ones([1], device: Device)), Throws.InvalidOperationException);
            Assert.That(() => optimizer.Step(() => x * 2), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => optimizer.Step(static () => null!), Throws.InstanceOf<ArgumentException>().With.Message.Contains("the closure returned null"));
            Assert.That(() => new Trainer(model, new Lbfgs(model.Parameters), Losses.Mse), Throws.ArgumentException.With.Message.Contains("Step(closure)"));
            Assert.That(() => new Lbfgs([x], historySize: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Lbfgs([x], maxIterations: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Lbfgs([x], gradientTolerance: double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void OtherOptimizers_TakeAClosureToo()
    {
        Tensor x = MostPrecise([1, 2], [2]).WithGrad();
        Sgd optimizer = new([x], 0.25);
        Tensor loss = optimizer.Step(Closure(optimizer, static x => x.Square().Sum(), x));
        Assert.That(loss.Item(), Is.EqualTo(5));
        Assert.That(x.ToArray<double>(), Is.EqualTo(new[] { 0.5, 1 }));
        Assert.That(optimizer.NeedsClosure, Is.False);
    }

    [Test]
    public void Minimize_TakesItAsAnOptimizer()
    {
        TestFunction f = TestFunctions.Rosenbrock();
        MinimizeResult result = Minimize.Run(
            f.Evaluate, MostPrecise([-1.2, 1], [2]), static x => new Lbfgs(x, changeTolerance: 0, strongWolfe: true), new DescentOptions { GradientTolerance = Device.HasFloat64 ? 1e-6 : 1e-2, MaxIterations = 30 });
        Assert.That(result.Converged, Is.True, result.ToString());
        Assert.That(result.Iterations, Is.LessThan(8), "each of up to twenty updates");
    }

    private static Func<Tensor> Closure(Optimizer optimizer, Func<Tensor, Tensor> function, Tensor x) => () =>
    {
        optimizer.ZeroGrad();
        Tensor loss = function(x);
        loss.Backward();
        return loss;
    };

    private static TrainingState Reread(TrainingState state) => new(
        [.. state.Tensors.Select(static t => new KeyValuePair<string, Tensor>(t.Key, t.Value.Clone()))], System.Text.Json.Nodes.JsonNode.Parse(state.Values.ToJsonString())!.AsObject());
}
