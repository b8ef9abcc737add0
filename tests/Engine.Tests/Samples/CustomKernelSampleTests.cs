using System.Globalization;
using System.Text.RegularExpressions;
using Engine.Tests.Nn;
using NUnit.Framework;

namespace Engine.Tests.Samples;

/// <summary>The sample of kernels in C# as a process: its gradients are right, its values the engine's, and both of its networks learn alike.</summary>
[Category("Process")]
internal sealed partial class CustomKernelSampleTests
{
    [TestCase("cpu")]
    [TestCase("opencl")]
    public void Run_ChecksComparesAndLearns(string device)
    {
        if (Device.All.All(found => !found.Name.StartsWith(device, StringComparison.Ordinal)))
        {
            Assert.Ignore($"there is no {device} device");
        }

        using TemporaryFolder folder = new();
        using SampleProcess process = SampleProcess.Run("CustomKernel", folder.Path, 0, "--device", device, "--steps", "6");
        Assert.That(process.Output, Does.Contain("swish: gradient checked").And.Contain("row norm: gradient checked"));
        (double First, double Last)[] losses = [.. Losses().Matches(process.Output).Select(static match => (Number(match.Groups[1]), Number(match.Groups[2])))];
        Assert.That(losses, Has.Length.EqualTo(2), process.Output);
        Assert.That(losses[0].Last, Is.LessThan(0.9 * losses[0].First));
        Assert.That(losses[1].Last, Is.EqualTo(losses[0].Last).Within(1e-3));
        Assert.That(process.Errors, Is.Empty, "a driver's compiler warns of nothing");
    }

    private static double Number(Group digits) => double.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"loss ([\d.]+) to ([\d.]+) in")]
    private static partial Regex Losses();
}
