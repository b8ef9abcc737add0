using System.Diagnostics;
using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>
/// A native program that refers to the GPU backend: it is published without a warning although ILGPU makes code at run time, what needs that says
/// so, and everything else works.
/// </summary>
[Category("Process")]
internal sealed class NativeKernelTests
{
    private const string Program = """
        using Engine;
        using Engine.Gpu;
        using ILGPU;
        using ILGPU.Runtime;
        using Device = Engine.Device;

        Tensor x = Tensor.Ones([2, 3], device: Device.Cpu);
        Try("Kernel", () => Device.Cpu.Kernel(Double));
        Try("Elementwise", () => KernelFunction.Elementwise<float>(Square));
        Try("AsArrayView", () => x.AsArrayView<float>());
        Try("AsArrayView2D", () => x.AsArrayView2D<float>());
        Try("Wrap", () => Device.Cpu.Wrap(default(ArrayView<float>)));
        Try("Register", () =>
        {
            IlgpuLibraries.Register();
            return x;
        });
        Console.WriteLine($"devices: {Device.All.Count > 0}");
        Console.WriteLine($"sum: {(x * 2).Sum().Item()}");

        static void Double(Index1D i, ArrayView<float> x) => x[i] *= 2;

        static void Square(Index1D i, ArrayView<float> x, ArrayView<float> y) => y[i] = x[i] * x[i];

        static void Try(string name, Func<object> call)
        {
            try
            {
                Console.WriteLine($"{name}: {call()}");
            }
            catch (PlatformNotSupportedException e)
            {
                Console.WriteLine($"{name}: {e.Message.Contains("NativeAOT")}");
            }
        }
        """;

    [Test]
    public void Published_RefusesKernelsInCSharpAndComputes()
    {
        if (!HasLinker())
        {
            Assert.Ignore("there is neither clang nor gcc to link a native program");
        }

        using OutsideFolder folder = new(Feed.Folder);
        // The native compiler is a package that only a publish restores.
        string sources = Path.Combine(folder.Path, "nuget.config");
        File.WriteAllText(sources, File.ReadAllText(sources).Replace("<clear />", string.Empty, StringComparison.Ordinal));
        folder.WriteProject(
            "App",
            $"<PackageReference Include=\"Gradwerk.Cpu\" Version=\"{Repository.Version}\" /><PackageReference Include=\"Gradwerk.Gpu\" Version=\"{Repository.Version}\" />",
            "<OutputType>Exe</OutputType><PublishAot>true</PublishAot><InvariantGlobalization>true</InvariantGlobalization>");
        folder.Write("App/Program.cs", Program);
        string published = Path.Combine(folder.Path, "published");
        string output = Command.DotNet(Path.Combine(folder.Path, "App"), folder.Packages, "publish", "-c", "Release", "--use-current-runtime", "-o", published);
        Assert.That(output, Does.Not.Contain("warning"));

        ProcessStartInfo start = new(Path.Combine(published, OperatingSystem.IsWindows() ? "App.exe" : "App")) { RedirectStandardOutput = true };
        using Process program = Process.Start(start)!;
        Assert.That(
            program.StandardOutput.ReadToEnd().ReplaceLineEndings("\n"),
            Is.EqualTo("Kernel: True\nElementwise: True\nAsArrayView: True\nAsArrayView2D: True\nWrap: True\nRegister: True\ndevices: True\nsum: 12\n"));
        program.WaitForExit();
        Assert.That(program.ExitCode, Is.Zero);
    }

    private static bool HasLinker() => OperatingSystem.IsWindows() || Array.Exists(
        (string[])["clang", "gcc"],
        static name => Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name))) == true);
}
