using System.Globalization;
using System.Text.RegularExpressions;
using Engine.Tests.Nn;
using NUnit.Framework;

namespace Engine.Tests.Samples;

/// <summary>The sample of a backend as a process: a network trains on it as on the CPU.</summary>
[Category("Process")]
internal sealed partial class OwnBackendSampleTests
{
    [Test]
    public void Run_TrainsAsTheCpuDoes()
    {
        using TemporaryFolder folder = new();
        using SampleProcess process = SampleProcess.Run("OwnBackend", folder.Path, 0, "--steps", "12");
        Assert.That(process.Output, Does.StartWith("devices: own, cpu").And.Contain("own: plain loops").And.Contain("cpu: "));
        double[] losses = [.. Losses().Matches(process.Output).Select(static match => double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))];
        Assert.That(losses, Has.Length.EqualTo(4), process.Output);
        Assert.That(losses[0], Is.EqualTo(Math.Log(10)).Within(0.1), "ten classes, nothing learnt yet");
        Assert.That((double[])[losses[2], losses[3]], Is.EqualTo((double[])[losses[0], losses[1]]).Within(1e-3), process.Output);
        Assert.That(process.Output, Does.Contain("difference of the first loss"));
    }

    [GeneratedRegex(@"step +\d+: loss ([\d.]+)")]
    private static partial Regex Losses();
}
