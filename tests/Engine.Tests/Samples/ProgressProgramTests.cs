using NUnit.Framework;

namespace Engine.Tests.Samples;

/// <summary>A program that has asked for nothing, with a terminal and without one.</summary>
internal sealed class ProgressProgramTests
{
    private const string Program = "Engine.ProgressProgram";

    [Test]
    [Platform(Exclude = "Win", Reason = "the terminal is that of script(1)")]
    public void Terminal_ShowsABarByItself()
    {
        NeedsTerminal();
        using SampleProcess process = SampleProcess.StartOnTerminal(Program, Path.GetTempPath());
        Assert.That(process.Wait(), Is.Zero, () => process.Output);
        Assert.That(process.Output, Does.Match(@"\repoch 1/2 \[=*> *\] +\d+/20  loss [\d.]+  lr 0\.1  \d+/s  0:\d\d left"));
        string[] lines = [.. process.Output.Split("\r\n").Where(static line => line.Contains("epoch"))];
        Assert.That(lines[^1], Does.Match(@"\repoch 2/2 20/20  loss [\d.]+  lr 0\.1  \d+/s  0:0\d *$"));
        Assert.That(lines.SelectMany(static line => line.Split('\r')).Max(static drawn => drawn.Length), Is.LessThan(80), "the terminal has 80 columns");
    }

    [Test]
    public void Redirected_WritesALineAnEpoch()
    {
        using SampleProcess process = SampleProcess.Run(Program, Path.GetTempPath(), 0);
        Assert.That(process.Output, Does.Match(@"^epoch 1/2 20/20  loss [\d.]+  lr 0\.1 [^\r\n]*\r?\nepoch 2/2 20/20  loss [\d.]+  lr 0\.1 [^\r\n]*\r?\n$"));
        Assert.That(process.Errors.Trim(), Is.EqualTo("trained 40 steps"));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "the terminal is that of script(1)")]
    public void ConsoleThatFails_DoesNotEndTheProgram()
    {
        NeedsTerminal();
        using SampleProcess process = SampleProcess.StartOnTerminal(Program, Path.GetTempPath(), "closed");
        Assert.That(process.Wait(), Is.Zero, () => process.Output);
        Assert.That(process.Output, Does.Contain("trained 40 steps"));
    }

    private static void NeedsTerminal()
    {
        if (!File.Exists("/usr/bin/script"))
        {
            Assert.Ignore("no terminal to be had: /usr/bin/script is missing");
        }
    }
}
