using Engine.Nn;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Nn.Regularization;

/// <summary>Regularisation inside of a trainer, and groups without decay.</summary>
internal sealed class TrainerRegularizerTests : ToyFixture
{
    [Test]
    public void L2Regularizer_TrainsAsCoupledDecay([Values(1, 3)] int accumulation, [Values] CaptureMode capture)
    {
        if (accumulation > 1 && capture == CaptureMode.Always)
        {
            Assert.Ignore("steps of several batches are not captured");
        }

        Sequential decayed = ToyTraining.Model(), regularized = ToyTraining.Model();
        Trainer a = new(decayed, new Sgd(decayed.Parameters, 0.1, weightDecay: 0.2), Losses.CrossEntropy) { GradientAccumulation = accumulation, Capture = capture };
        Trainer b = new(regularized, new Sgd(regularized.Parameters, 0.1), Losses.CrossEntropy)
        {
            GradientAccumulation = accumulation,
            Capture = capture,
            Regularizer = () => Regularizers.L2(regularized.Parameters, 0.2),
        };
        History plain = a.Fit(Toy.Train, Toy.Validation, 2), with = b.Fit(Toy.Train, Toy.Validation, 2);
        Assert.That(ToyTraining.Weights(b), Is.EqualTo(ToyTraining.Weights(a)).Within(1e-5));

        // The figures are the loss alone, as those of the run whose optimizer decays.
        Assert.That(with["loss"], Is.EqualTo(plain["loss"]).Within(1e-5));
        Assert.That(with["val_loss"], Is.EqualTo(plain["val_loss"]).Within(1e-5));
    }

    [Test]
    public void Regularizer_ThatIsNoScalar_Throws()
    {
        Sequential model = ToyTraining.Model();
        Trainer Make(Func<Tensor> regularizer) => new(model, new Sgd(model.Parameters), Losses.CrossEntropy) { Regularizer = regularizer };
        Assert.That(() => Make(() => Tensor.Ones([2])).Fit(Toy.Train), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("must be a scalar"));
        Assert.That(() => Make(static () => null!).Fit(Toy.Train), Throws.ArgumentException.With.Message.Contains("the regularizer returned null"));
    }

    [Test]
    public void ProximalL1_FindsTheLassosSolution()
    {
        // ½·mean (y − Xw)² + λ·|w| with orthogonal columns, XᵀX/n = 1: wᵢ = soft((Xᵀy/n)ᵢ, λ), Tibshirani 1996.
        float[,] x = { { 1, 1, 1 }, { 1, -1, -1 }, { -1, 1, -1 }, { -1, -1, 1 } };
        float[] y = [4, 1.6f, -1, 0.2f];
        double[] ols = [.. Enumerable.Range(0, 3).Select(j => Enumerable.Range(0, 4).Sum(i => x[i, j] * y[i]) / 4.0)];
        const double Strength = 0.5;
        Linear model = new(3, 1, bias: false, generator: new Generator(1));
        DataLoader data = new(new TensorDataset(Tensor.From(x), Tensor.From<float>(y, [4, 1])), 4);
        Trainer trainer = new(model, new Sgd(model.Parameters, 0.2), static (p, t) => Losses.Mse(p, t) * 0.5) { Callbacks = [new ProximalL1([model.Weight], Strength)] };
        trainer.Fit(data, epochs: 200);
        double[] expected = [.. ols.Select(w => Math.Sign(w) * Math.Max(Math.Abs(w) - Strength, 0))];
        Assert.That(expected.Count(static w => w == 0), Is.InRange(1, 2), "a case that tells");
        Assert.That(model.Weight.ToArray<float>(), Is.EqualTo(expected).Within(1e-5));
        Assert.That(model.Weight.ToArray<float>().Count(static w => w == 0), Is.EqualTo(expected.Count(static w => w == 0)), "exactly 0");
    }

    [Test]
    public void WithoutDecayOnBiasAndNorm_SortsParameters()
    {
        Sequential model =
        [
            new Conv2d(1, 2, 3), new BatchNorm2d(2), new GroupNorm(1, 2), new Flatten(), new Linear(8, 4), new LayerNorm([2, 2]), new RmsNorm(4), new Linear(4, 2, bias: false),
        ];
        IReadOnlyList<ParameterGroup> groups = ParameterGroup.WithoutDecayOnBiasAndNorm(model, 0.1);
        string[] Names(ParameterGroup group) => [.. group.Parameters.Select(p => model.NamedParameters().First(n => ReferenceEquals(n.Tensor, p)).Name)];
        Assert.That(Names(groups[0]), Is.EqualTo((string[])["0.weight", "4.weight", "7.weight"]));
        Assert.That(Names(groups[1]), Is.EqualTo((string[])["0.bias", "1.weight", "1.bias", "2.weight", "2.bias", "4.bias", "5.weight", "5.bias", "6.weight"]), "a normalisation's matrix too");
        Assert.That((groups[0].WeightDecay, groups[1].WeightDecay), Is.EqualTo((0.1, 0.0)));
        Assert.That(groups.Sum(static g => g.Parameters.Count), Is.EqualTo(model.Parameters.Count));
        Assert.That(ParameterGroup.WithoutDecayOnBiasAndNorm(model)[0].WeightDecay, Is.Null, "the optimizer's");
        Assert.That(() => ParameterGroup.WithoutDecayOnBiasAndNorm(model, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void WithoutDecayOnBiasAndNorm_InAnOptimizer_LeavesBiasesAlone()
    {
        Linear model = new(2, 2, generator: new Generator(1));
        float[] weight = model.Weight.ToArray<float>(), bias = model.Bias!.ToArray<float>();
        AdamW optimizer = new(ParameterGroup.WithoutDecayOnBiasAndNorm(model), 0.1, weightDecay: 0.5);
        (model.Forward(Tensor.Zeros([1, 2])) * 0).Sum().Backward();
        optimizer.Step();
        Assert.That(model.Weight.ToArray<float>(), Is.EqualTo(weight.Select(static w => w * 0.95)).Within(1e-6));
        Assert.That(model.Bias.ToArray<float>(), Is.EqualTo(bias));
        TrainingState state = new();
        optimizer.Save(state);
        Assert.That(state.Contains("weight/exp_avg"), Is.True, "state goes by name");
    }
}
