using NUnit.Framework;
using static Engine.Expr;

namespace Engine.Tests;

internal sealed class PhiloxTests
{
    // Known answers published with the paper's reference implementation (philox4x32, 10 rounds).
    [TestCase(0u, 0u, 0u, 0u, 0u, 0u, 0x6627E8D5u, 0xE169C58Du, 0xBC57AC4Cu, 0x9B00DBD8u)]
    [TestCase(0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0x408F276Du, 0x41C83B0Eu, 0xA20BC7C6u, 0x6D5451FDu)]
    [TestCase(0xA4093822u, 0x299F31D0u, 0x243F6A88u, 0x85A308D3u, 0x13198A2Eu, 0x03707344u, 0xD16CFE09u, 0x94FDCCEBu, 0x5001E420u, 0x24126EA1u)]
    public void Block_GivesTheKnownAnswers(
        uint key0, uint key1, uint counter0, uint counter1, uint counter2, uint counter3, uint w0, uint w1, uint w2, uint w3) =>
        Assert.That(Philox.Block(key0, key1, counter0, counter1, counter2, counter3), Is.EqualTo((w0, w1, w2, w3)));

    [Test]
    public void Word_ReadsTheLanesOfConsecutiveBlocks()
    {
        var (w0, w1, w2, w3) = Philox.Block(7, 8, 1, 0, 9, 10);
        uint[] words = [.. Enumerable.Range(4, 4).Select(i => Philox.Word(7, 8, 9, 10, i))];
        Assert.That(words, Is.EqualTo([w0, w1, w2, w3]));
    }

    [Test]
    public void Word_PastTwoToThe34_ReachesTheUpperCounterWord()
    {
        long index = (5L << 34) + 2;
        Assert.That(Philox.Word(7, 8, 9, 10, index), Is.EqualTo(Philox.Block(7, 8, 0, 5, 9, 10).W2));
    }

    [TestCase(0, 0)]
    [TestCase(1, 0)]
    [TestCase(17, 0)]
    [TestCase(17, 3)]
    [TestCase(2, 1)]
    [TestCase(64, 0xFFFFFFFFL * 4)]
    public void FillUniform_EqualsElementByElement(int length, long first)
    {
        var filled = new float[length];
        Philox.FillUniform(filled, 1, 2, 3, 4, first);
        float[] single = [.. Enumerable.Range(0, length).Select(i => Philox.Uniform(1, 2, 3, 4, first + i))];
        Assert.That(filled, Is.EqualTo(single));
    }

    [Test]
    public void ToUniform_StaysBelowOne()
    {
        Assert.That(Philox.ToUniform(uint.MaxValue), Is.EqualTo(1f - 1f / (1 << 24)));
        Assert.That(Philox.ToUniform(255), Is.Zero);
    }

    [Test]
    public void FillUniform_HasTheMomentsOfTheUniformDistribution()
    {
        var values = new float[1 << 16];
        Philox.FillUniform(values, 1234, 0, 0, 0);
        double mean = values.Average(v => (double)v);
        double variance = values.Average(v => (v - mean) * (v - mean));
        // Five standard errors: 1/√(12 n) for the mean, 1/√(180 n) for the variance.
        Assert.That(mean, Is.EqualTo(0.5).Within(5 / Math.Sqrt(12.0 * values.Length)));
        Assert.That(variance, Is.EqualTo(1 / 12.0).Within(5 / Math.Sqrt(180.0 * values.Length)));
    }

    [Test]
    public void Random_InAProgram_IsPhiloxOfTheParametersAndTheIndex()
    {
        MapProgram program = MapProgram.Compile(0, Expr.Random(1) + Parameter(0));
        double[] parameters = [100, 11, uint.MaxValue, 13, 14];
        Assert.That(program.ParameterCount, Is.EqualTo(5));
        Assert.That(program.UsesRandom);
        Assert.That(program.Evaluate([], parameters, 42), Is.EqualTo(100.0 + Philox.Uniform(11, uint.MaxValue, 13, 14, 42)));
    }
}
