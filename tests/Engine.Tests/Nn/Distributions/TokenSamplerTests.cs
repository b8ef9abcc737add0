using Engine.Nn.Distributions;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.DistributionCases;

internal sealed class TokenSamplerTests
{
    // Probabilities 0.1, 0.5, 0.15, 0.25.
    private static Tensor Logits => Tensor.From<double>([0.1, 0.5, 0.15, 0.25], ReferenceDevice.Shared).Log();

    [TestCase(1, 0, 1, new[] { 0.1, 0.5, 0.15, 0.25 })]
    [TestCase(0, 0, 1, new[] { 0, 1.0, 0, 0 })]
    [TestCase(1, 2, 1, new[] { 0, 2 / 3.0, 0, 1 / 3.0 })]
    [TestCase(1, 9, 1, new[] { 0.1, 0.5, 0.15, 0.25 })]
    [TestCase(1, 0, 0.6, new[] { 0, 2 / 3.0, 0, 1 / 3.0 })]
    [TestCase(1, 0, 0.01, new[] { 0, 1.0, 0, 0 })]
    [TestCase(1, 3, 0.9, new[] { 0, 5 / 9.0, 1.5 / 9, 2.5 / 9 })]
    [TestCase(0.5, 0, 1, new[] { 0.01 / 0.345, 0.25 / 0.345, 0.0225 / 0.345, 0.0625 / 0.345 })]
    public void Sample_HasTheSharesThatAreKept(double temperature, int topK, double topP, double[] expected)
    {
        const int Count = 4000;
        Tensor drawn = TokenSampler.Sample(Logits.Unsqueeze(0).Expand([Count, 4]), temperature, topK, topP, new Generator(1));
        Assert.That((drawn.Shape, drawn.DType), Is.EqualTo((new Shape(Count, 1), DType.Int64)));
        long[] tokens = drawn.ToArray<long>();
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(tokens.Count(t => t == i) / (double)Count, Is.EqualTo(expected[i]).Within(4.5 * Math.Sqrt(expected[i] * (1 - expected[i]) / Count)), $"token {i}");
        }
    }

    [Test]
    public void Sample_OfOneRow_HasOneAxis() => Assert.That(TokenSampler.Sample(Logits, topK: 1).ToArray<long>(), Is.EqualTo(new long[] { 1 }));

    [Test]
    public void Sample_WrongInputs_AreNamed() => Assert.Multiple(static () =>
    {
        Assert.That(static () => TokenSampler.Sample(Logits, -1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("temperature"));
        Assert.That(static () => TokenSampler.Sample(Logits, topK: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(static () => TokenSampler.Sample(Logits, topP: 0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("(0, 1]"));
        Assert.That(static () => TokenSampler.Sample(Tensor.Ones([1, 1, 2], device: ReferenceDevice.Shared)), Throws.TypeOf<ShapeMismatchException>());
    });
}
