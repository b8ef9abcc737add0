using NUnit.Framework;

namespace Engine.Tests.OpCases;

internal sealed class OpTableTests
{
    [Test]
    public void All_Names_AreUnique() => Assert.That(OpTable.All.Select(row => row.Name), Is.Unique);
}
