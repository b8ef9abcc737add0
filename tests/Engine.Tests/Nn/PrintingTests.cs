using Engine.Nn;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>What a user sees who prints a model or a metric, or mistypes a number.</summary>
internal sealed class PrintingTests
{
    [Test]
    public void Module_PrintsItsTree()
    {
        Sequential model = [new Linear(2, 3), new Sequential(new Relu(), new Linear(3, 1, bias: false))];
        Assert.That(model.ToString(), Is.EqualTo("""
            Sequential(
              (0): Linear(2 → 3)
              (1): Sequential(
                (0): Relu
                (1): Linear(3 → 1, no bias)
              )
            )
            """.ReplaceLineEndings("\n")));
        Assert.That(new Moons().ToString(), Is.EqualTo("Moons(\n  (hidden): Linear(2 → 4)\n  (head): Linear(4 → 1)\n)"));
        Assert.That(new Relu().ToString(), Is.EqualTo("Relu"));
    }

    [Test]
    public void Module_ThatHoldsItself_ComesToAnEnd()
    {
        Ring ring = new();
        ring.Next = ring;
        Assert.That(ring.ToString(), Is.EqualTo("Ring(\n  (next): Ring(…)\n)"));
    }

    [Test]
    public void ConfusionMatrix_PrintsATable()
    {
        ConfusionMatrix matrix = new(3);
        matrix.Update(Tensor.From<long>([0, 0, 1, 2, .. Enumerable.Repeat(2L, 11)]).OneHot(3), Tensor.From<long>([0, 1, 1, 2, .. Enumerable.Repeat(2L, 11)]));
        Assert.That(matrix.ToString(), Is.EqualTo("""
            true \ predicted   0   1   2
                           0   1   0   0
                           1   1   1   0
                           2   0   0  12

            """.ReplaceLineEndings("\n")));
    }

    private static IEnumerable<TestCaseData> Printed()
    {
        TensorDataset data = new(new Tensors(("x", Tensor.Zeros([4, 2])), ("kind", Tensor.Zeros([4], DType.Int64))), Tensor.Zeros([4, 1]));
        Tensor[] parameters = [Tensor.Ones([1]).WithGrad()];
        Dictionary<string, double> figures = new() { ["loss"] = 0.41314, ["accuracy"] = 0.875 };
        return
        [
            Row(data, "TensorDataset(4 samples: inputs x f32 [2], kind i64 []; targets f32 [1])"),
            Row(new TensorDataset((Tensors)Tensor.Zeros([4, 2])), "TensorDataset(4 samples: inputs f32 [2]; targets none)"),
            Row(data.Take(3), "3 samples of TensorDataset(4 samples: inputs x f32 [2], kind i64 []; targets f32 [1])"),
            Row(new ImageDataset(new byte[3000], new byte[1000], [3, 1, 1]), "ImageDataset(1,000 samples of [3, 1, 1])"),
            Row(Dataset.From<int>([1, 2], i => new Sample((float)i, 0L)), "SampleDataset(2 samples)"),
            Row(new DataLoader(new ImageDataset(new byte[3], new byte[3], [1, 1, 1]), 2) { Shuffle = true }, "DataLoader(2 batches of 2, shuffled, of ImageDataset(3 samples of [1, 1, 1]))"),
            Row(new DataLoader(StreamDataset.From<int>([1], i => new Sample((float)i, 0L)), 2), "DataLoader(batches of 2 of a stream)"),
            Row(new Evaluation(0.41314, new Dictionary<string, double> { ["accuracy"] = 0.875 }), "loss 0.4131, accuracy 0.875"),
            Row(new HistoryPoint(500, 2, figures), "step 500 (epoch 2): loss 0.4131, accuracy 0.875"),
            Row(new History(), "0 epochs"),
            Row(new History([figures]), "1 epoch; the last: loss 0.4131, accuracy 0.875"),
            Row(new FoldFigure(0.86123, 0.0123, [0.85, 0.87]), "0.8612 ± 0.012"),
            Row(new TarSample("train/1", "a.tar", new Dictionary<string, byte[]> { ["jpg"] = new byte[1200] }), "train/1 of a.tar: jpg 1,200 bytes"),
            Row(new ModuleList<Linear>([new Linear(2, 3)]), "ModuleList(\n  (0): Linear(2 → 3)\n)"),
            Row(new Adam(parameters), "Adam(learning rate 0.001, 1 parameter)"),
            Row(new Sgd([new ParameterGroup(parameters), new ParameterGroup([Tensor.Ones([1]).WithGrad()])], 0.1), "Sgd(learning rate 0.1, 2 parameters in 2 groups)"),
        ];
        static TestCaseData Row(object printed, string text) => new TestCaseData(printed, text).SetArgDisplayNames(text);
    }

    [TestCaseSource(nameof(Printed))]
    public void Text_SaysWhatItIs(object printed, string text) => Assert.That(printed.ToString(), Is.EqualTo(text));

    [Test]
    public void Optimizer_BadHyperParameters_NameItAndTheNumber()
    {
        Tensor[] parameters = [Tensor.Ones([1]).WithGrad()];
        Assert.Multiple(() =>
        {
            Assert.That(() => new Adam(parameters, -1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("Adam: LearningRate must be finite and not negative."));
            Assert.That(() => new AdamW(parameters, weightDecay: double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("AdamW: weightDecay must"));
            Assert.That(() => new NAdam(parameters, beta2: 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("NAdam: beta2 must lie in [0, 1)."));
            Assert.That(() => new Sgd(parameters, momentum: -1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("Sgd: momentum must"));
        });
    }

    [Test]
    public void Trainer_Callbacks_CanBeAdded()
    {
        using ToyTraining toy = new();
        int epochs = 0;
        Trainer trainer = ToyTraining.Trainer();
        trainer.Callbacks.Add(new LambdaCallback { EpochEnd = _ => epochs++ });
        trainer.Fit(toy.Train, epochs: 2);
        Assert.That(epochs, Is.EqualTo(2));
    }
}

/// <summary>A user's model.</summary>
internal sealed partial class Moons : Layer
{
    public Linear Hidden { get; } = new(2, 4);

    public Linear Head { get; } = new(4, 1);

    public override Tensor Forward(Tensor x) => Head.Forward(Hidden.Forward(x));
}
