using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>
/// Every network that stands under torchvision's names, with weights that follow from a formula, answers as torchvision's does
/// (tests/golden_tools/model_logits.py), learns in all its parameters, and has torchvision's names and numbers at full size.
/// </summary>
[TestFixture("cpu, 2 threads")]
internal sealed class TorchvisionLogitsTests(string deviceName) : DeviceFixture(deviceName)
{
    private const int Classes = 10;
    private const uint InputKey = 99999;

    private static readonly Dictionary<string, Func<Layer>> s_networks = new()
    {
        ["resnet18"] = static () => ResNet.ResNet18(ResNetStem.ImageNet, classes: Classes),
        ["resnet34"] = static () => new ResNet(ResNetBlock.Basic, [3, 4, 6, 3], 3, Classes, width: 8),
        ["resnet50"] = static () => ResNet.ResNet50(classes: Classes),
        ["resnet101"] = static () => new ResNet(ResNetBlock.Bottleneck, [3, 4, 23, 3], 3, Classes, width: 8),
        ["resnet152"] = static () => new ResNet(ResNetBlock.Bottleneck, [3, 8, 36, 3], 3, Classes, width: 8),
        ["densenet121"] = static () => DenseNet.DenseNet121(classes: Classes),
        ["densenet161"] = static () => new DenseNet(6, [6, 12, 36, 24], 12, 3, Classes),
        ["densenet169"] = static () => new DenseNet(4, [6, 12, 32, 32], 8, 3, Classes),
        ["densenet201"] = static () => new DenseNet(4, [6, 12, 48, 32], 8, 3, Classes),
        ["vgg11"] = static () => new Vgg([1, 1, 2, 2, 2], false, 3, Classes, 8, 16),
        ["vgg11_bn"] = static () => new Vgg([1, 1, 2, 2, 2], true, 3, Classes, 8, 16),
        ["vgg13"] = static () => new Vgg([2, 2, 2, 2, 2], false, 3, Classes, 8, 16),
        ["vgg13_bn"] = static () => new Vgg([2, 2, 2, 2, 2], true, 3, Classes, 8, 16),
        ["vgg16"] = static () => new Vgg([2, 2, 3, 3, 3], false, 3, Classes, 8, 16),
        ["vgg16_bn"] = static () => new Vgg([2, 2, 3, 3, 3], true, 3, Classes, 8, 16),
        ["vgg19"] = static () => new Vgg([2, 2, 4, 4, 4], false, 3, Classes, 8, 16),
        ["vgg19_bn"] = static () => new Vgg([2, 2, 4, 4, 4], true, 3, Classes, 8, 16),
        ["alexnet"] = static () => new AlexNet(3, Classes, hidden: 16),
        ["mobilenet_v2"] = static () => new MobileNetV2(3, Classes),
        ["mobilenet_v3_large"] = static () => MobileNetV3.Large(3, Classes),
        ["mobilenet_v3_small"] = static () => MobileNetV3.Small(3, Classes),
        ["squeezenet1_0"] = static () => SqueezeNet.SqueezeNet10(3, Classes),
        ["squeezenet1_1"] = static () => SqueezeNet.SqueezeNet11(3, Classes),
        ["resnext"] = static () => new ResNet(ResNetBlock.Bottleneck, [1, 2, 1, 1], 3, Classes, groups: 32, baseWidth: 4),
        ["wide_resnet"] = static () => new ResNet(ResNetBlock.Bottleneck, [1, 1, 2], 3, Classes, width: 8, baseWidth: 128),
        ["vit_b_16"] = static () => new VisionTransformer(64, 16, 12, 12, 24, 32, 3, Classes),
        ["vit_tiny"] = static () => new VisionTransformer(64, 8, 2, 3, 36, 20, 3, Classes),
    };

    /// <summary>How the networks are made.</summary>
    public static IEnumerable<Delegate> Networks => s_networks.Values;

    private static IEnumerable<string> Names => s_networks.Keys;

    /// <summary>Start values of millions of parameters are not for the reference.</summary>
    [SetUp]
    public void MakeThemHere() => Device.Default = Device;

    [TestCaseSource(nameof(Names))]
    public void Network_WithTorchvisionsWeights_AnswersAlikeAndLearns(string name)
    {
        using TensorScope scope = TensorScope.Begin();
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "data", "torchvision_logits.safetensors"));
        Layer model = s_networks[name]();
        Fill(model);
        Tensor x = Tensor.From<float>(Numbers(2 * 3 * 64 * 64, InputKey, static r => 4 * r), [2, 3, 64, 64]);
        double[] expected = file.Read(name).ToArray<double>(), logits = model.Predict(x).ToArray<double>();
        double scale = expected.Max(Math.Abs);
        Assert.That(logits.Select(y => y / scale), Is.EqualTo(expected.Select(y => y / scale)).Within(1e-4));

        // The sum of |gradient| of each parameter, of the mean square of the answers, in evaluation mode; in float64, where rounding moves no value over a kink.
        model.To(DType.Float64);
        x = x.To(DType.Float64);
        (model.Eval().Forward(x) / scale).Square().Mean().Backward();
        double[] sums = [.. model.Parameters.Select(static p => p.Grad!.Abs().Sum().Item())], gradients = file.Read(name + "-gradients").ToArray<double>();
        Assert.That(sums.Zip(gradients, static (actual, golden) => actual == golden ? 1 : actual / golden), Is.All.EqualTo(1).Within(1e-5));

        model.ZeroGrad();
        model.Train();
        model.Forward(x).Square().Mean().Backward();
        string[] without = [.. model.NamedParameters().Where(static p => p.Tensor.Grad is not { } g || g.Shape != p.Tensor.Shape || !double.IsFinite(g.Sum().Item())).Select(static p => p.Name)];
        Assert.That(without, Is.Empty, "parameters without a finite gradient");
    }

    /// <summary>Parameters and statistics by a hash of their positions, as the script does.</summary>
    private static void Fill(Layer model)
    {
        uint key = 0;
        foreach ((string name, Tensor tensor) in model.StateDict())
        {
            if (tensor.DType.IsFloatingPoint())
            {
                long fanIn = tensor.Rank > 0 ? tensor.ElementCount / tensor.Shape[0] : 1;
                double spread = Math.Sqrt(24.0 / fanIn);
                Func<double, double> value =
                    name.EndsWith("running_mean", StringComparison.Ordinal) || name.EndsWith("bias", StringComparison.Ordinal) ? static r => 0.2 * r
                    : name.EndsWith("running_var", StringComparison.Ordinal) ? static r => 1 + r
                    : tensor.Rank == 1 ? static r => 1 + (0.5 * r)
                    : name.EndsWith("weight", StringComparison.Ordinal) ? r => r * spread : static r => 0.5 * r;
                using GradMode.Scope mode = GradMode.Off();
                tensor.CopyFrom<float>(Numbers((int)tensor.ElementCount, key, value));
            }

            key++;
        }
    }

    private static float[] Numbers(int count, uint key, Func<double, double> value)
    {
        float[] numbers = new float[count];
        for (uint i = 0; i < count; i++)
        {
            uint h = unchecked((i * 2654435761) + (key * 2246822519) + 374761393);
            h = unchecked((h ^ (h >> 15)) * 2246822519);
            h = unchecked((h ^ (h >> 13)) * 3266489917);
            numbers[i] = (float)value(((h ^ (h >> 16)) / 4294967296.0) - 0.5);
        }

        return numbers;
    }
}
