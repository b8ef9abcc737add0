using System.Runtime.Intrinsics.X86;
using System.Text.Json.Nodes;
using Engine.Nn;
using Engine.Tests.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Samples;

/// <summary>The main job as a process: what it writes, and that neither a signal nor a kill at any moment costs more than a step.</summary>
[Category("Process")]
internal sealed class FashionMnistSampleTests
{
    private const string Sample = "FashionMnist";

    private TemporaryFolder _folder = null!;

    /// <summary>The first 1,000 training and 200 test images of those that are shipped: enough to learn something from, quick to go through.</summary>
    [SetUp]
    public void MakeFolder()
    {
        _folder = new TemporaryFolder();
        Directory.CreateDirectory(_folder.File("data"));
        foreach ((string part, int count) in (ReadOnlySpan<(string, int)>)[("train", 1000), ("t10k", 200)])
        {
            ImageDataset images = FashionMnist.Load(Path.Combine(AppContext.BaseDirectory, FashionMnist.ShippedDirectory), part == "train");
            byte[] size = [0, 0, (byte)(count >> 8), (byte)count];
            byte[] pixels = [.. Enumerable.Range(0, count).SelectMany(i => images.Pixels(i).ToArray())];
            _folder.Write($"data/{part}-images-idx3-ubyte", [0, 0, 8, 3, .. size, 0, 0, 0, 28, 0, 0, 0, 28, .. pixels]);
            _folder.Write($"data/{part}-labels-idx1-ubyte", [0, 0, 8, 1, .. size, .. images.Labels[..count]]);
        }
    }

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Run_WritesMetricsAndModel_AndTheSameCommandGivesTheSameBits()
    {
        using SampleProcess first = SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(), "--out", "a"]);
        using SampleProcess second = SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(), "--out", "b"]);
        JsonNode metrics = JsonNode.Parse(File.ReadAllText(_folder.File("a/metrics.json")))!;
        Assert.That((string?)metrics["model"], Is.EqualTo("mlp"));
        Assert.That((string?)metrics["device"], Is.EqualTo("cpu"));
        Assert.That((int?)metrics["threads"], Is.EqualTo(1));
        Assert.That((int?)metrics["epochs"], Is.EqualTo(2));
        Assert.That((int?)metrics["train_images"], Is.EqualTo(1000));
        Assert.That((double?)metrics["train_seconds"], Is.GreaterThan(0));
        Assert.That((double?)metrics["test_accuracy"], Is.GreaterThan(0.55), "ten classes, so chance is 0.1");
        Assert.That(metrics["history"]!.AsArray(), Has.Count.EqualTo(2));
        Assert.That(first.Output, Does.Contain("test accuracy"));

        Assert.That(File.ReadAllBytes(_folder.File("b/model.safetensors")), Is.EqualTo(File.ReadAllBytes(_folder.File("a/model.safetensors"))));
        Assert.That(Safetensors.Load(_folder.File("a/model.safetensors"), ReferenceDevice.Shared).Keys, Does.Contain("1.weight"));
    }

    [Test]
    public void Run_WritesAReport_AndOneThatCannotBeWrittenLosesNothing()
    {
        using (SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(), "--out", "a"]))
        {
            string page = File.ReadAllText(_folder.File("a/report.html"));
            Assert.That(page, Does.Contain("Confusion matrix").And.Contain("taken for").And.Contain("Environment").And.Contain("Gradient norm"));
            Assert.That(page, Does.Contain("best test accuracy").And.Not.Contain("best validation accuracy"), "what it is measured on is the test set");
        }

        // A folder of the name stands in the way; the run goes on for another epoch.
        File.Delete(_folder.File("a/report.html"));
        File.Delete(_folder.File("a/model.safetensors"));
        Directory.CreateDirectory(_folder.File("a/report.html/taken"));
        using SampleProcess resumed = SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(epochs: 3), "--out", "a", "--resume"]);
        Assert.That(resumed.Errors, Does.Contain("warning: there is no report: ").And.Contain("The model and its figures are saved."));
        Assert.That(File.Exists(_folder.File("a/model.safetensors")));
    }

    [Test]
    public void Compare_DrawsFinishedRunsOnOnePage_AndNamesTheFolderOfAnother()
    {
        SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(), "--out", "a"]).Dispose();
        SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(epochs: 3), "--out", "b"]).Dispose();
        using SampleProcess compared = SampleProcess.Run(Sample, _folder.Path, 0, ["compare", "a", "b/", "a", "--out", "both.html"]);
        Assert.That(compared.Output, Does.Contain("wrote both.html"));
        string page = File.ReadAllText(_folder.File("both.html"));
        foreach ((string run, int epochs) in (ReadOnlySpan<(string, int)>)[("a", 2), ("b", 3)])
        {
            JsonNode metrics = JsonNode.Parse(File.ReadAllText(_folder.File($"{run}/metrics.json")))!;
            double best = metrics["history"]!.AsArray().Max(static epoch => (double)epoch!["test_accuracy"]!);
            Assert.That(page, Does.Match($"<td>{run}</td><td[^>]*>{epochs}</td>.*{best.ToString("G4", System.Globalization.CultureInfo.InvariantCulture)}"), "the row of the run");
        }

        using SampleProcess other = SampleProcess.Run(Sample, _folder.Path, 1, ["compare", "a", "data"]);
        Assert.That(other.Errors, Does.Contain("error: There is no finished run in 'data': metrics.json is missing."));
    }

    [Test]
    public void Run_WithADashboardSaysWhereItIs_AndGoesOnWithoutAPort()
    {
        using SampleProcess served = SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(), "--out", "a", "--dashboard", "0"]);
        Assert.That(served.Output, Does.Match("page     http://127\\.0\\.0\\.1:[0-9]+/"));
        using System.Net.Sockets.TcpListener taken = new(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        int port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        using SampleProcess refused = SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(), "--out", "b", "--dashboard", $"{port}"]);
        Assert.That(refused.Errors, Does.Contain($"warning: dashboard: port {port} cannot be used"));
        Assert.That(File.Exists(_folder.File("b/metrics.json")));
    }

    [TestCase("bf16")]
    [TestCase("fp16")]
    public void Run_InMixedPrecision_LearnsAsWellAndGoesOnInIt(string precision)
    {
        using SampleProcess first = SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(), "--precision", precision, "--out", "a"]);
        JsonNode metrics = JsonNode.Parse(File.ReadAllText(_folder.File("a/metrics.json")))!;
        Assert.That((string?)metrics["precision"], Is.EqualTo(precision));
        Assert.That((double?)metrics["test_accuracy"], Is.GreaterThan(0.55));
        using SampleProcess other = SampleProcess.Run(Sample, _folder.Path, 1, ["--resume", "--out", "a", "--precision", "full"]);
        Assert.That(other.Errors, Does.Contain("--precision is full").And.Contain(precision));
    }

    [Test]
    public void Run_OnKernelsThatIlgpuCompiles_LearnsAsWellAndSaysSo()
    {
        if (!Device.All.Any(static device => device.Kind == DeviceKind.OpenCl))
        {
            Assert.Ignore("no OpenCL device");
        }

        double[] accuracies = [.. new[] { "engine", "ilgpu" }.Select(Accuracy)];
        Assert.That(accuracies[1], Is.EqualTo(accuracies[0]).Within(0.011));

        double Accuracy(string kernels)
        {
            string[] arguments = ["--device", "opencl", "--kernels", kernels, "--model", "mlp", "--epochs", "2", "--batch-size", "50", "--data", "data", "--out", kernels];
            using SampleProcess run = SampleProcess.Run(Sample, _folder.Path, 0, arguments);
            JsonNode metrics = JsonNode.Parse(File.ReadAllText(_folder.File($"{kernels}/metrics.json")))!;
            Assert.That((string?)metrics["kernels"], Is.EqualTo(kernels));
            double accuracy = (double)metrics["test_accuracy"]!;
            Assert.That(accuracy, Is.GreaterThan(0.4));
            return accuracy;
        }
    }

    [Test]
    public void Killed_AgainAndAgain_LeavesLoadableCheckpointsAndResumesToTheSameBits()
    {
        using (SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(), "--out", "whole"]))
        {
        }

        // Saving after every step, the process spends most of its time in it, so that most kills hit a save.
        string[] saving = ["--out", "killed", "--checkpoint-every", "1"];
        CheckpointFolder checkpoints = new(_folder.File("killed/checkpoints"));
        Random random = new();
        string[] arguments = [.. Training(), .. saving];
        int kills = 0;
        while (kills < 6)
        {
            string? before = checkpoints.Latest;
            using SampleProcess process = SampleProcess.Start(Sample, _folder.Path, arguments);
            while (!process.HasExited && checkpoints.Latest == before)
            {
                Thread.Sleep(1);
            }

            Thread.Sleep(random.Next(30));
            if (process.HasExited)
            {
                Assert.That(process.Wait(), Is.Zero, process.Output + process.Errors);
                break;
            }

            process.Kill();
            process.Wait();
            kills++;
            foreach ((_, string file) in checkpoints.Files)
            {
                Assert.That(() => Checkpoint.Load(file, ReferenceDevice.Shared), Throws.Nothing, file);
            }

            arguments = ["--resume", .. saving];
        }

        Assert.That(kills, Is.GreaterThan(0));
        using (SampleProcess.Run(Sample, _folder.Path, 0, ["--resume", "--out", "killed"]))
        {
        }

        Assert.That(File.ReadAllBytes(_folder.File("killed/model.safetensors")), Is.EqualTo(File.ReadAllBytes(_folder.File("whole/model.safetensors"))));
    }

    [Test]
    public void Resumed_NewestCheckpointDamaged_GoesOnFromTheOneBeforeAndSaysSo()
    {
        using (SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(), "--out", "run", "--checkpoint-every", "2"]))
        {
        }

        byte[] weights = File.ReadAllBytes(_folder.File("run/model.safetensors"));
        CheckpointFolder checkpoints = new(_folder.File("run/checkpoints"));
        Assert.That(checkpoints.Files, Has.Count.EqualTo(2));
        string newest = checkpoints.Latest!;
        File.WriteAllBytes(newest, File.ReadAllBytes(newest)[..^50]);
        File.Delete(_folder.File("run/model.safetensors"));

        using SampleProcess resumed = SampleProcess.Run(Sample, _folder.Path, 0, ["--resume", "--out", "run"]);
        Assert.That(resumed.Errors, Does.Contain("warning: a checkpoint is damaged and was passed over").And.Contain(Path.GetFileName(newest)));
        Assert.That(File.ReadAllBytes(_folder.File("run/model.safetensors")), Is.EqualTo(weights));
        Assert.That(Directory.GetFiles(_folder.File("run")).Select(Path.GetFileName), Is.EquivalentTo((string[])["options.json", "metrics.json", "model.safetensors", "report.html"]));
    }

    [TestCase("INT")]
    [TestCase("TERM")]
    [Platform(Exclude = "Win", Reason = "signals are sent with kill")]
    public void Signalled_FinishesTheStepAndLeavesACheckpoint(string signal)
    {
        if (signal == "INT" && IgnoresInterrupts())
        {
            Assert.Ignore("the tests were started with SIGINT ignored, as a shell's background jobs are, and their children inherit that");
        }

        using SampleProcess process = SampleProcess.Start(Sample, _folder.Path, [.. Training(epochs: 100_000), "--out", "run"]);
        CheckpointFolder checkpoints = new(_folder.File("run/checkpoints"));
        while (!process.HasExited && checkpoints.Latest is null)
        {
            Thread.Sleep(1);
        }

        process.Signal(signal);
        Assert.That(process.Wait(), Is.EqualTo(130), () => process.Output + process.Errors);
        Assert.That(process.Output, Does.Contain("Go on with --resume --out run"));
        TrainingState state = Checkpoint.Load(checkpoints.Latest!, ReferenceDevice.Shared);
        Assert.That(process.Output, Does.Contain($"Interrupted after step {state.Section("trainer").Integer("step"):N0};"));
        Assert.That(File.Exists(_folder.File("run/metrics.json")), Is.False);
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "the terminal is that of script(1)")]
    public void Terminal_ShowsALiveBarAboveItTheTable()
    {
        if (!File.Exists("/usr/bin/script"))
        {
            Assert.Ignore("no terminal to be had: /usr/bin/script is missing");
        }

        using SampleProcess process = SampleProcess.StartOnTerminal(Sample, _folder.Path, [.. Training(epochs: 40), "--out", "run"]);
        Assert.That(process.Wait(), Is.Zero, () => process.Output);

        // The bar is drawn a few times a second; a fast machine finishes several epochs between two drawings.
        Assert.That(process.Output, Does.Match(@"epoch +\d+/40 ").And.Contain("━").And.Contain("images/s"));
        Assert.That(process.Output, Does.Match(@"  40/40 +\d").And.Contain("test accuracy"));
    }

    [TestCase("--epochs 0", "--epochs is 0; it must be at least 1")]
    [TestCase("--lr -1", "--lr is -1; it must be a positive number")]
    [TestCase("--model vgg", "'vgg' not recognized")]
    [TestCase("--device cuda:7", "There is no device 'cuda:7'")]
    [TestCase("--device cpu --kernels ilgpu", "--kernels ilgpu: cpu has kernels of its own only. ILGPU's run on cuda and opencl devices")]
    [TestCase("--recipe lasagne", "'lasagne' not recognized")]
    [TestCase("--recipe mlp --model mlp", "--recipe mlp brings its own network. Leave --model out.")]
    [TestCase("--kernels cublas", "'cublas' not recognized")]
    [TestCase("--data nowhere", "No Fashion-MNIST in nowhere")]
    [TestCase("--resume", "There is no run under runs/ to resume")]
    [TestCase("--resume --out nowhere", "There is no run in 'nowhere' to resume")]
    public void Misuse_IsOneLineThatSaysWhatIsWrong(string arguments, string message)
    {
        using SampleProcess process = SampleProcess.Run(Sample, _folder.Path, 1, arguments.Split(' '));
        Assert.That(process.Errors, Does.Contain(message).And.Not.Contain("   at "));
        Assert.That(Directory.GetDirectories(_folder.Path), Has.Length.EqualTo(1), "nothing but the data is there");
    }

    [Test]
    public void Resume_WithOtherHyperparameters_IsRefused()
    {
        using (SampleProcess.Run(Sample, _folder.Path, 0, [.. Training(epochs: 1), "--out", "run"]))
        {
        }

        using SampleProcess process = SampleProcess.Run(Sample, _folder.Path, 1, "--resume", "--out", "run", "--lr", "0.5");
        Assert.That(process.Errors, Does.Contain("--lr is 0.5, but the run was begun with 0.001"));
    }

    [Test]
    public void Recipe_FollowsItsScheduleAndGoesOnWithIt()
    {
        string[] recipe = ["--recipe", "mlp", "--device", "cpu", "--batch-size", "50", "--data", "data"];
        using SampleProcess whole = SampleProcess.Run(Sample, _folder.Path, 0, [.. recipe, "--epochs", "4", "--out", "whole"]);
        JsonNode metrics = JsonNode.Parse(File.ReadAllText(_folder.File("whole/metrics.json")))!;
        Assert.That((string?)metrics["recipe"], Is.EqualTo("mlp"));
        Assert.That((string?)metrics["optimizer"], Is.EqualTo("adamw"));
        Assert.That((int?)metrics["parameters"], Is.EqualTo((785 * 256) + (257 * 128) + (129 * 100) + (101 * 10)));
        Assert.That((double?)metrics["test_accuracy"], Is.GreaterThan(0.65));

        using SampleProcess longer = SampleProcess.Run(Sample, _folder.Path, 1, "--resume", "--out", "whole", "--epochs", "6");
        Assert.That(longer.Errors, Does.Contain("--epochs is 6, but the run was begun with 4"));
    }

    [Test]
    public void Devices_ListsWhatWasFoundAndTried()
    {
        using SampleProcess process = SampleProcess.Run(Sample, _folder.Path, 0, "devices");
        Assert.That(process.Output, Does.Contain("cpu").And.Contain("What was tried:"));
    }

    /// <summary>Narrower vectors than the processor has are told of; a setting of the runtime stands for a native publish, which takes minutes.</summary>
    [Test]
    public void Devices_WithLessThanTheProcessorHas_SaysSo()
    {
        if (!Avx2.IsSupported)
        {
            Assert.Ignore("the processor has no AVX2");
        }

        using SampleProcess whole = SampleProcess.Run(Sample, _folder.Path, 0, "devices");
        Assert.That(whole.Output, Does.Not.Contain("but this program computes with"));
        using SampleProcess less = SampleProcess.StartWith("DOTNET_EnableAVX2", "0", Sample, _folder.Path, "devices");
        Assert.That(less.Wait(), Is.Zero, () => less.Errors);
        Assert.That(less.Output, Does.Match("missing +Engine.Cpu: wider vectors: the processor has AVX(2|-512), but this program computes with 128-bit vectors: .*DOTNET_EnableAVX2"));
    }

    [Test]
    public void EmbeddedHost_TrainsAnswersAndStops()
    {
        using SampleProcess process = SampleProcess.Run("EmbeddedHost", _folder.Path, 0, "--once");
        Assert.That(process.Output, Does.Contain("of 200 answers are right"));
        Assert.That(process.Output + process.Errors, Does.Not.Contain("fail:").And.Not.Contain("warn:"));
    }

    /// <summary>Bit 1 of the mask of ignored signals is SIGINT, number 2.</summary>
    private static bool IgnoresInterrupts()
    {
        const string Mask = "SigIgn:";
        string? line = File.Exists("/proc/self/status") ? File.ReadLines("/proc/self/status").FirstOrDefault(static l => l.StartsWith(Mask, StringComparison.Ordinal)) : null;
        return line is not null && (Convert.ToUInt64(line[Mask.Length..].Trim(), 16) & 2) != 0;
    }

    private static string[] Training(int epochs = 2) => ["--device", "cpu", "--model", "mlp", "--epochs", $"{epochs}", "--batch-size", "50", "--seed", "3", "--data", "data"];
}
