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
