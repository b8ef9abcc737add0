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
    [TestCase("resnet101", 44_549_160, "593b3bde446ee9039879438487d99c04df1fc6161488fb2f5c1bde280073e79d")]
    [TestCase("resnet152", 60_192_808, "9ce3831312550858937ff2a3d7c135ce7eff66f1eafd6afd2678cb36ef7b8249")]
    [TestCase("resnext50_32x4d", 25_028_904, "5157aafec2a2c5e4cbbd4ed8da5608b8600e9febce1f9f582616e708ab3ab3e3")]
    [TestCase("wide_resnet50_2", 68_883_240, "bf71ae35ce44419578a97039053dbc99a85e2679e92498bcbbe3f27ff5a4dc0d")]
    [TestCase("squeezenet1_0", 1_248_424, "57fdd044bb81061130ab6497a143685c1b4924b813d6c99cb0abf8a68329fe09")]
    [TestCase("squeezenet1_1", 1_235_496, "65606c58925d8fe7f387a10ee73aa79a683f746ea12d1ec9ea59af38ea292612")]
    [TestCase("densenet161", 28_681_000, "bb7d18457b56db3afe69fd934cfb05bcec4bd63c3c341479ac5670a120dc7d3a")]
    [TestCase("densenet169", 14_149_480, "aea1d65b180f4dd8b259fb02169239379ce9916e637bb75fcddc8b95dd44b85c")]
    [TestCase("densenet201", 20_013_928, "1f2601f1e928d95200d7c8039c64bc8f93bcf2c14cb172e6c40cfb721c4cb0e0")]
    [TestCase("mobilenet_v2", 3_504_872, "a18c560d82f6d01d86ac3a49fdcaf1d06cc7979ce4e8c8c176d05b805eaf9ef9")]
    [TestCase("mobilenet_v3_large", 5_483_032, "a56c886e8c43a05bc5d890ac739760b29ec30518278f942ec60a27dfce99db8d")]
    [TestCase("mobilenet_v3_small", 2_542_856, "cb48f2feab283d8f4f5fafd08cd628c0b8530f7e4ea1bf9c1b0e15d137921d87")]
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
            "resnet101" => ResNetNames([3, 4, 23, 3], 3),
            "resnet152" => ResNetNames([3, 8, 36, 3], 3),
            "densenet121" => DenseNetNames([6, 12, 24, 16]),
            "densenet161" => DenseNetNames([6, 12, 36, 24]),
            "densenet169" => DenseNetNames([6, 12, 32, 32]),
            "densenet201" => DenseNetNames([6, 12, 48, 32]),
            _ => model.StateDict().Keys,
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
    [TestCase(13, false, 133_047_848, "08687bab35dc87672d67a7be4ea402a157fc6cf2e77dc8c27b66d712bf9f20d8")]
    [TestCase(13, true, 133_053_736, "057b00c1243905f9e4fa484a242181ee2c5a8db8607745ed0751787407259953")]
    [TestCase(19, false, 143_667_240, "5319ee52249b66d1df2d5a30b92d91e8789382b15a5162ca52c0d260e2ba4892")]
    [TestCase(19, true, 143_678_248, "555ec1b35ce917df3d93b7033e56afee047b12c7ad340aa4322721d6d20ee731")]
    [TestCase(16, false, 138_357_544, "8a41c838cadbc3e01174745e10f81f82d58a11a7fee29cb5e5d4192c5457ca89")]
    [TestCase(16, true, 138_365_992, "ae5d7d87f5e61a76f6ab19f24af1f8a77b53c66ef4d31c1b9d17ab974e1e3d09")]
    public void Vgg_CountNamesAndShapes_AreTorchvisions(int layers, bool batchNorm, long count, string digest)
    {
        // Narrow linear layers, and the difference to 4096 by hand: five hundred megabytes are not made to be counted.
        const int Wide = 4096, Slim = 8, Inputs = 512 * 49;
        static long Linears(long hidden) => (Inputs * hidden) + hidden + (hidden * hidden) + hidden + (hidden * 1000) + 1000;
        int[] convolutions = layers switch { 11 => [1, 1, 2, 2, 2], 13 => [2, 2, 2, 2, 2], 16 => [2, 2, 3, 3, 3], _ => [2, 2, 4, 4, 4] };
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

    [TestCase("alexnet", 61_100_840, "23c3b8d4a3e86dc8142a828c6d5e3b13357a83fda6048f00a41dc8862d718979")]
    [TestCase("vit_b_16", 86_567_656, "a83b288843a9372e9a0a6491dd1e9350b174df0c5299478f3cb36358f12d77f3")]
    public void WideNetworks_CountNamesAndShapes_AreTorchvisions(string name, long count, string digest)
    {
        // As narrow ones whose sizes stand for the wide ones.
        (Layer model, Dictionary<int, int> wide) = name == "alexnet"
            ? ((Layer)new AlexNet(hidden: 7), new Dictionary<int, int> { [7] = 4096 })
            : (new VisionTransformer(224, 16, 12, 12, 24, 5), new() { [24] = 768, [72] = 2304, [5] = 3072 });
        List<string> lines = [];
        long parameters = 0;
        foreach ((string key, Tensor tensor) in model.StateDict())
        {
            int[] sizes = [.. tensor.Shape.ToArray().Select(size => name == "vit_b_16" || key.StartsWith("classifier", StringComparison.Ordinal) ? wide.GetValueOrDefault(size, size) : size)];
            lines.Add($"{key} [{string.Join(", ", sizes)}]");
            parameters += sizes.Aggregate(1L, static (product, size) => product * size);
        }

        Assert.That(parameters, Is.EqualTo(count));
        Assert.That(Digest([.. lines]), Is.EqualTo(digest), string.Join('\n', lines.Take(20)));
    }

    [Test]
    public void Classifiers_CanBeReplaced_AndTheReportNamesWhatWasLeftOut()
    {
        ResNet trained = new(ResNetBlock.Basic, [1, 1], 3, 7, width: 4), model = new(ResNetBlock.Basic, [1, 1], 3, 7, width: 4);
        model.Fc = new Linear(8, 2);
        LoadReport report = model.LoadStateDict(trained.StateDict(), strict: false);
        Assert.That(report.Conflicts.Select(static c => c.Name), Is.EqualTo((string[])["fc.weight", "fc.bias"]));
        Assert.That(report.ToString(), Does.Contain("fc.weight is [7, 8], the module has [2, 8]"));
        Assert.That(model.Conv1.Weight.ToArray<float>(), Is.EqualTo(trained.Conv1.Weight.ToArray<float>()));
        Assert.That(model.Predict(Tensor.Zeros([1, 3, 32, 32])).Shape, Is.EqualTo(new Shape(1, 2)));
        Assert.That(model.NamedParameters().Select(static p => p.Name), Does.Contain("fc.weight"));
        model.Fc = new Identity();
        Assert.That(model.Predict(Tensor.Zeros([1, 3, 32, 32])).Shape, Is.EqualTo(new Shape(1, 8)));
        Assert.That(() => model.Fc = null!, Throws.ArgumentNullException);

        Vgg vgg = new([1], hidden: 4, width: 2);
        vgg.Classifier[6] = new Linear(4, 3);
        Assert.That(vgg.Predict(Tensor.Zeros([1, 3, 8, 8])).Shape, Is.EqualTo(new Shape(1, 3)));
        Assert.That(vgg.StateDict()["classifier.6.weight"].Shape, Is.EqualTo(new Shape(3, 4)));
        VisionTransformer vit = new(8, 4, 1, 2, 4, 4);
        vit.Heads["head"] = new Linear(4, 3);
        Assert.That(vit.Predict(Tensor.Zeros([1, 3, 8, 8])).Shape, Is.EqualTo(new Shape(1, 3)));
        Assert.That(() => vit.Heads["tail"] = new Identity(), Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("there are head"));
        Assert.That(() => vit.Heads[0] = vit.Heads, Throws.ArgumentException.With.Message.Contains("is the Sequential itself"));
        Assert.That(() => vit.Predict(Tensor.Zeros([1, 3, 8, 12])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("it must be [N, 3, 8, 8]"));
    }

    [Test]
    public void StatesWithoutBatchCounts_LoadAsInPyTorch()
    {
        BatchNorm2d norm = new(2);
        norm.Train().Forward(Tensor.Randn([2, 2, 3, 3]));
        Dictionary<string, Tensor> old = norm.StateDict().Where(static t => t.Key != "num_batches_tracked").ToDictionary();
        BatchNorm2d loaded = new(2);
        loaded.NumBatchesTracked!.FillInPlace(5);
        Assert.That(loaded.LoadStateDict(old).IsComplete);
        Assert.That(loaded.NumBatchesTracked!.Item(), Is.Zero);
        old.Remove("running_mean");
        Assert.That(() => loaded.LoadStateDict(old), Throws.TypeOf<ModelFileException>().With.Message.Contains("missing: running_mean, num_batches_tracked"));
    }

    [Test]
    public void OldNames_BecomeThoseOfToday()
    {
        Dictionary<string, Tensor> state = ((string[])
        [
            "features.denseblock1.denselayer12.norm.1.weight", "features.denseblock1.denselayer2.conv.2.weight", "features.norm0.weight",
            "encoder.layers.encoder_layer_0.mlp.linear_1.weight", "encoder.layers.encoder_layer_11.mlp.linear_2.bias", "encoder.layers.encoder_layer_0.mlp.0.bias",
        ]).ToDictionary(static name => name, static _ => Tensor.Zeros([1]));
        Assert.That(TorchvisionWeights.CurrentNames(state).Keys, Is.EqualTo((string[])
        [
            "features.denseblock1.denselayer12.norm1.weight", "features.denseblock1.denselayer2.conv2.weight", "features.norm0.weight",
            "encoder.layers.encoder_layer_0.mlp.0.weight", "encoder.layers.encoder_layer_11.mlp.3.bias", "encoder.layers.encoder_layer_0.mlp.0.bias",
        ]));
        Assert.That(state.WithPrefix("a.").WithoutPrefix("a.").Keys, Is.EqualTo(state.Keys));
        Assert.That(state.Renamed(static name => name.StartsWith("features", StringComparison.Ordinal) ? null : name), Has.Count.EqualTo(3));
        Assert.That(() => state.Renamed(static _ => "x"), Throws.ArgumentException.With.Message.Contains("Two tensors would be named 'x'"));
    }

    [Test]
    public void Checksums_InNames_AreCompared()
    {
        using TemporaryFolder folder = new();
        ResNet model = new(ResNetBlock.Basic, [1], 3, 2, width: 4), loaded = new(ResNetBlock.Basic, [1], 3, 2, width: 4);
        PyTorchFile.Save(folder.File("x.pth"), model.StateDict());
        Assert.That(TorchvisionWeights.CheckHash(folder.File("x.pth")), Is.False);
        byte[] bytes = File.ReadAllBytes(folder.File("x.pth"));
        string hash = Convert.ToHexStringLower(SHA256.HashData(bytes))[..8];
        Assert.That(loaded.LoadStateDict(TorchvisionWeights.Load(folder.Write($"small-{hash}.pth", bytes))).IsComplete);
        Assert.That(() => TorchvisionWeights.Load(folder.Write("small-00000000.pth", bytes)), Throws.TypeOf<ModelFileException>().With.Message.Contains($"its SHA-256 begins with {hash} instead of 00000000"));
        Assert.That(ImageNet.Mean, Is.EqualTo((double[])[0.485, 0.456, 0.406]));
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
