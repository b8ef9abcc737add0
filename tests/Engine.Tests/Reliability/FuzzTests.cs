using System.Globalization;
using Engine.Tests.Nn;
using Engine.Tests.Samples;
using NUnit.Framework;

namespace Engine.Tests.Reliability;

/// <summary>
/// Random calls, damaged files and killed runs, each in a process of its own, so that a crash is a failed test. The seed is fixed,
/// so that what fails is what has changed, and printed; .ci/run does more of the same.
/// </summary>
[Category("Fuzz")]
internal sealed class FuzzTests
{
    private const int UsualSeconds = 10;

    // One for all runs: what fails is then what has changed. Any other by ENGINE_FUZZ_SEED.
    private const int UsualSeed = 9044227;

    [Test]
    public void RandomCalls_GiveResultsOrPromisedErrors() => Run("api", "--seconds", Setting("ENGINE_FUZZ_SECONDS", UsualSeconds));

    [Test]
    public void DamagedFiles_AreReadOrRefusedAsDeclared() => Run("files", "--count", Setting("ENGINE_FUZZ_FILES", 2000));

    [Test]
    public void KilledRuns_GoOnToTheSameBits() => Run("kill", "--count", Setting("ENGINE_FUZZ_KILLS", 5));

    private static void Run(params string[] arguments)
    {
        using TemporaryFolder folder = new();
        using SampleProcess process = SampleProcess.Start("Engine.Fuzz", folder.Path, [.. arguments, "--seed", Setting("ENGINE_FUZZ_SEED", UsualSeed)]);
        int exitCode = process.Wait();
        TestContext.Out.WriteLine(process.Output);
        string lastCall = folder.File("last-call");
        Assert.That(exitCode, Is.Zero, () => $"{process.Output}{process.Errors}\nThe last call was {(File.Exists(lastCall) ? File.ReadAllText(lastCall) : "none")}");
    }

    private static string Setting(string variable, int usual) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : usual.ToString(CultureInfo.InvariantCulture);
}
