using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.LossFunctions;

internal sealed class LossesTests
{
    private static readonly Device s_device = ReferenceDevice.Shared;

    private static Tensor Pairs => Tensor.From<float>([0.5f, 2, -1], device: s_device);

    private static Tensor Targets => Tensor.From<float>([0, 1, 1], device: s_device);

    [Test]
    public void TwoArgumentForms_AreLossFunctionsThatTakeTheMean()
    {
        LossFunction[] losses = [Losses.Mse, Losses.L1, Losses.SmoothL1, Losses.Huber, Losses.BceWithLogits];
        double[] expected = [(0.25 + 1 + 4) / 3, 3.5 / 3, (0.125 + 0.5 + 1.5) / 3, (0.125 + 0.5 + 1.5) / 3, 0.8048];
        for (int i = 0; i < losses.Length; i++)
        {
            Assert.That(losses[i](Pairs, Targets).Item(), Is.EqualTo(expected[i]).Within(1e-4), $"loss {i}");
        }
    }

    [Test]
    public void CrossEntropy_FromLogitsAndFromProbabilities_Agree()
    {
        Tensor logits = Tensor.From(new float[,] { { 1, 2, 3 }, { 0, -1, 2 } }, s_device), target = Tensor.From<long>([2, 1], device: s_device);
        double expected = Losses.CrossEntropy(logits, target).Item();
        Assert.Multiple(() =>
        {
            Assert.That(expected, Is.EqualTo((0.407606 + 3.169846) / 2).Within(1e-5));
            Assert.That(Losses.CrossEntropyFromProbabilities(logits.Softmax(), target).Item(), Is.EqualTo(expected).Within(1e-5));
            Assert.That(Losses.Nll(logits.LogSoftmax(), target).Item(), Is.EqualTo(expected).Within(1e-5));
            Assert.That(Losses.CrossEntropy(logits, target, reduction: Reduction.Sum).Item(), Is.EqualTo(2 * expected).Within(1e-5));
            Assert.That(Losses.CrossEntropy(logits, target, reduction: Reduction.None).Shape, Is.EqualTo(target.Shape));
        });
    }

    [Test]
    public void KlDiv_OfADistributionToItself_IsZero()
    {
        Tensor p = Tensor.From(new float[,] { { 1, 2, 3 }, { 0, -1, 2 } }, s_device).Softmax();
        Assert.That(Losses.KlDiv(p.Log(), p).Item(), Is.Zero.Within(1e-6));
        Assert.That(Losses.KlDiv(p.Log() - 1, p, Reduction.BatchMean).Item(), Is.EqualTo(1).Within(1e-6));
    }

    [Test]
    public void PairsOfDifferentShapes_ThrowInsteadOfBroadcasting() =>
        Assert.That(() => Losses.Mse(Pairs.Unsqueeze(1), Targets), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[3, 1]").And.Message.Contains("Mse"));
}
