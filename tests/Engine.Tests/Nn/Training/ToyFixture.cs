using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

/// <summary>Tests with a <see cref="ToyTraining"/> of their own each.</summary>
internal abstract class ToyFixture
{
    protected ToyTraining Toy { get; private set; } = null!;

    [SetUp]
    public void BeginToy() => Toy = new ToyTraining();

    [TearDown]
    public void EndToy() => Toy.Dispose();
}
