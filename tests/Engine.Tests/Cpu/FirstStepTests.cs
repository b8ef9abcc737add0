using System.Globalization;
using Engine.Tests.Samples;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>What the first step of a process has the runtime compile, which is most of the time that it takes.</summary>
internal sealed class FirstStepTests
{
    /// <summary>LeNet-5 in a process that has done nothing else: 2,115 methods in November 2026.</summary>
    [Test]
    public void FirstStep_CompilesAboutTwoThousandMethods()
    {
        using SampleProcess process = SampleProcess.Run("Engine.ProgressProgram", Path.GetTempPath(), 0, "first-step");
        Assert.That(int.Parse(process.Output.Trim(), CultureInfo.InvariantCulture), Is.InRange(500, 2500));
    }
}
