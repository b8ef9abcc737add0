using System.Security.Cryptography;
using System.Text;
using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Networks under torchvision's names: parameter counts, names and shapes at full size, and narrow ones with weights that torchvision saved.</summary>
[TestFixture("cpu, 2 threads")]
internal sealed class TorchvisionModelTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly Dictionary<string, Func<Layer>> s_narrow = new()
    {
        ["resnet_basic"] = static () => new ResNet(ResNetBlock.Basic, [1, 2], 3, 5, width: 4),
        ["resnet_bottleneck"] = static () => new ResNet(ResNetBlock.Bottleneck, [2, 1], 3, 5, width: 4),
        ["densenet"] = static () => new DenseNet(3, [2, 2], 6, 3, 5),
        ["vgg"] = static () => new Vgg([1, 2], false, 3, 5, 4, 6),
        ["vgg_bn"] = static () => new Vgg([1, 2], true, 3, 5, 4, 6),
    };

    private static IEnumerable<string> Narrow => s_narrow.Keys;

    /// <summary>Start values of millions of parameters are not for the reference.</summary>
    [SetUp]
    public void MakeThemHere() => Device.Default = Device;

    // Digests of the lines "name [shape]" of torchvision's state_dict: tests/golden_tools/model_numbers.py.
    [TestCase("resnet18", 11_689_512, "66b04efc1dfd4b8081ba80fd7b23ab4d63039fdd0a7f5cef3c8bd7aea780b487")]
    [TestCase("resnet34", 21_797_672, "4aa3e2bbbdc5e2fdb7bfcf1e886271e8e822af6b754d4023a9ab60bf1453a693")]
    [TestCase("resnet50", 25_557_032, "614cd53ddf84966979ca9f6b3cf723cba0ad398675e7d0db3550943789819c17")]
    [TestCase("densenet121", 7_978_856, "08ed4bd1085586388dbe9237983ccd0d9ff5f52042e2c5c96d818eacd7071861")]
    public void FullSize_CountNamesAndShapes_AreTorchvisions(string name, long count, string digest)
    {
        using TensorScope scope = TensorScope.Begin();
        Layer model = name == "resnet18" ? ResNet.ResNet18(ResNetStem.ImageNet) : ModelZoo.Create(name, [3, 224, 224], 1000);
        string[] lines = [.. model.StateDict().Select(static t => $"{t.Key} {t.Value.Shape}")];
        string[] rule = [.. name switch
        {
            "resnet18" => ResNetNames([2, 2, 2, 2], 2),
            "resnet34" => ResNetNames([3, 4, 6, 3], 2),
            "resnet50" => ResNetNames([3, 4, 6, 3], 3),
            _ => DenseNetNames([6, 12, 24, 16]),
        }];
        Assert.Multiple(() =>
        {
            Assert.That(model.ParameterCount, Is.EqualTo(count));
            Assert.That(model.StateDict().Keys, Is.EqualTo(rule));
            Assert.That(Digest(lines), Is.EqualTo(digest), string.Join('\n', lines.Take(12)));
        });
    }

    [TestCase(11, false, 132_863_336, "ddb4b3f56e9755a6f0de31a8dbc3295f810ae42695462bdbe873d20720e2e868")]
    [TestCase(11, true, 132_868_840, "dc54d45fed4bc7b4d14fcdd5b0d4304a4c63ff71d92336e6bee80a56369f0783")]
    [TestCase(16, false, 138_357_544, "8a41c838cadbc3e01174745e10f81f82d58a11a7fee29cb5e5d4192c5457ca89")]
    [TestCase(16, true, 138_365_992, "ae5d7d87f5e61a76f6ab19f24af1f8a77b53c66ef4d31c1b9d17ab974e1e3d09")]
    public void Vgg_CountNamesAndShapes_AreTorchvisions(int layers, bool batchNorm, long count, string digest)
    {
        // Narrow linear layers, and the difference to 4096 by hand: five hundred megabytes are not made to be counted.
        const int Wide = 4096, Slim = 8, Inputs = 512 * 49;
        static long Linears(long hidden) => (Inputs * hidden) + hidden + (hidden * hidden) + hidden + (hidden * 1000) + 1000;
        int[] convolutions = layers == 11 ? [1, 1, 2, 2, 2] : [2, 2, 3, 3, 3];
        Vgg model = new(convolutions, batchNorm, hidden: Slim);
        string[] lines = [.. model.StateDict().Select(static t =>
            $"{t.Key} [{string.Join(", ", t.Value.Shape.AsSpan().ToArray().Select(size => t.Key.StartsWith("classifier", StringComparison.Ordinal) && size == Slim ? Wide : size))}]")];
        Assert.Multiple(() =>
        {
            Assert.That(model.ParameterCount + Linears(Wide) - Linears(Slim), Is.EqualTo(count));
            Assert.That(model.StateDict().Keys, Is.EqualTo(VggNames(convolutions, batchNorm)));
            Assert.That(Digest(lines), Is.EqualTo(digest), string.Join('\n', lines.TakeLast(12)));
        });
    }

    [TestCaseSource(nameof(Narrow))]
    public void SavedByTorchvision_LoadsByNameAndAnswersAlike(string name)
    {
        IReadOnlyDictionary<string, Tensor> file = Safetensors.Load(Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "data", "torchvision.safetensors"));
        Layer model = s_narrow[name]();
        string prefix = name + "/";
        model.LoadStateDict(file.Where(t => t.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(t => t.Key[prefix.Length..], static t => t.Value));
        Tensor answer = model.To(Device).Predict(file[$"{name}-x"].To(Device));
        Assert.That(answer.ToArray<float>(), Is.EqualTo(file[$"{name}-y"].ToArray<float>()).Within(1e-5));
        if (name != "vgg")
        {
            using FusedInference fused = model.FuseBatchNorm();
            Assert.That(fused.Predict(file[$"{name}-x"].To(Device)).ToArray<float>(), Is.EqualTo(file[$"{name}-y"].ToArray<float>()).Within(2e-5), "fused");
            Assert.That(fused.Fused, Has.Count.EqualTo(name switch { "resnet_basic" => 8, "resnet_bottleneck" => 12, "densenet" => 5, _ => 3 }));
        }
    }

    [Test]
    public void SmallStem_KeepsTheImage_ImageNetsQuartersIt()
    {
        ResNet small = new(ResNetBlock.Bottleneck, [1, 1], 1, 3, ResNetStem.Small, width: 2), large = new(ResNetBlock.Bottleneck, [1, 1], 1, 3, width: 2);
        Assert.That(small.MaxPool, Is.Null);
        Assert.That(small.Stages.Forward(small.Conv1.Forward(Tensor.Zeros([1, 1, 16, 16]))).Shape, Is.EqualTo(new Shape(1, 16, 8, 8)));
        Assert.That(large.Stages.Forward(large.MaxPool!.Forward(large.Conv1.Forward(Tensor.Zeros([1, 1, 16, 16])))).Shape, Is.EqualTo(new Shape(1, 16, 2, 2)));
        foreach (ResNet model in (ResNet[])[small, large])
        {
            Tensor loss = model.Forward(Tensor.Randn([2, 1, 16, 16], generator: new Generator(1))).Square().Sum();
            loss.Backward();
            Assert.That(model.Parameters.All(static p => p.Grad is { } g && g.Shape == p.Shape && double.IsFinite(g.Sum().Item())));
        }
    }

    [Test]
    public void Start_IsHes()
    {
        ResNet resnet = new(ResNetBlock.Basic, [1, 1], 3, 10, width: 32, generator: new Generator(1));
        Assert.That(Deviation(resnet.Conv1.Weight), Is.EqualTo(Math.Sqrt(2.0 / (32 * 49))).Within(0.002));
        DenseNet dense = new(16, [2], generator: new Generator(1));
        Assert.That(Deviation(((Conv2d)dense.Features[0]).Weight), Is.EqualTo(Math.Sqrt(2.0 / (3 * 49))).Within(0.005));
        Vgg vgg = new([1, 1], hidden: 32, width: 32, generator: new Generator(1));
        Assert.That(Deviation(((Linear)vgg.Classifier[0]).Weight), Is.EqualTo(0.01).Within(1e-4));
        Assert.That(vgg.Parameters.Where(static p => p.Rank == 1).SelectMany(static p => p.ToArray<float>()), Is.All.Zero);

        static double Deviation(Tensor x) => Math.Sqrt(x.Square().Mean().Item());
    }

    private static string Digest(string[] lines) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));

    private static string[] Norm(string name) => [$"{name}.weight", $"{name}.bias", $"{name}.running_mean", $"{name}.running_var", $"{name}.num_batches_tracked"];

    private static IEnumerable<string> ResNetNames(int[] blocks, int convolutions)
    {
        IEnumerable<string> names = ["conv1.weight", .. Norm("bn1")];
        for (int stage = 0; stage < blocks.Length; stage++)
        {
            for (int block = 0; block < blocks[stage]; block++)
            {
                string at = $"layer{stage + 1}.{block}";
                for (int i = 1; i <= convolutions; i++)
                {
                    names = [.. names, $"{at}.conv{i}.weight", .. Norm($"{at}.bn{i}")];
                }
                if (block == 0 && (stage > 0 || convolutions == 3))
                {
                    names = [.. names, $"{at}.downsample.0.weight", .. Norm($"{at}.downsample.1")];
                }
            }
        }

        return [.. names, "fc.weight", "fc.bias"];
    }

    private static IEnumerable<string> DenseNetNames(int[] blocks)
    {
        IEnumerable<string> names = ["features.conv0.weight", .. Norm("features.norm0")];
        for (int block = 1; block <= blocks.Length; block++)
        {
            for (int layer = 1; layer <= blocks[block - 1]; layer++)
            {
                string at = $"features.denseblock{block}.denselayer{layer}";
                names = [.. names, .. Norm($"{at}.norm1"), $"{at}.conv1.weight", .. Norm($"{at}.norm2"), $"{at}.conv2.weight"];
            }

            if (block < blocks.Length)
            {
                names = [.. names, .. Norm($"features.transition{block}.norm"), $"features.transition{block}.conv.weight"];
            }
        }

        return [.. names, .. Norm("features.norm5"), "classifier.weight", "classifier.bias"];
    }

    private static IEnumerable<string> VggNames(int[] convolutions, bool batchNorm)
    {
        List<string> names = [];
        int at = 0;
        foreach (int count in convolutions)
        {
            for (int i = 0; i < count; i++)
            {
                names.AddRange([$"features.{at}.weight", $"features.{at}.bias", .. batchNorm ? Norm($"features.{at + 1}") : []]);
                at += batchNorm ? 3 : 2;
            }

            at++;
        }

        return [.. names, .. ((int[])[0, 3, 6]).SelectMany(static i => (string[])[$"classifier.{i}.weight", $"classifier.{i}.bias"])];
    }
}
