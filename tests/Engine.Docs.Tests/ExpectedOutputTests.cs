using Engine.Docs.Tests.Blocks;
using NUnit.Framework;

namespace Engine.Docs.Tests;

/// <summary>What counts as the output that a page promises.</summary>
internal sealed class ExpectedOutputTests
{
    [TestCase("loss 0.35", "loss 0.36")]
    [TestCase("loss 12.5 after 3", "loss 12.6 after 3")]
    [TestCase("epoch 1: … s", "epoch 1: 3.25 s")]
    [TestCase("a\n…\nz", "a\nb\nc\nz")]
    [TestCase("a\n…", "a\nb\nc")]
    [TestCase("[1, 2]", "[1, 2]\n")]
    [TestCase("1.5e-05", "1.6e-05")]
    public void Matching(string promised, string written) => Assert.That(ExpectedOutput.Difference(promised, written), Is.Null);

    [TestCase("loss 0.35", "loss 0.39")]
    [TestCase("3 epochs", "4 epochs")]
    [TestCase("a", "a\nb")]
    [TestCase("a\nb", "a")]
    [TestCase("a\n…\nz", "a\nb")]
    [TestCase("1.5e-05", "1.5e-04")]
    [TestCase("loss: 0.35", "loss 0.35")]
    public void Differing(string promised, string written) => Assert.That(ExpectedOutput.Difference(promised, written), Is.Not.Null);
}
