using NUnit.Framework;

namespace Engine.Tests;

internal sealed class SmokeTests
{
    [Test]
    public void Runtime_IsNet10() => Assert.That(Environment.Version.Major, Is.EqualTo(10));
}
