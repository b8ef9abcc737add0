using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Whole networks against numbers from PyTorch; not on the reference device, whose loops would take most of a minute.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.OthersWithKernelSets))]
internal sealed class ModelNumericsTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly NumericCase[] s_cases =
    [
        new("Mlp", [2, 1, 28, 28], () => ModelZoo.Create("mlp", [1, 28, 28]), [0.299331264448, -3.00495733149, 88.4260520989, 155682.847261, 67.6291086122]),
        new("LeNet5", [2, 1, 28, 28], () => new LeNet5(), [2.039711067, -1.68231343271, 75.5474620322, 457.2811903, 69.3918907129]),
        new("ConvBn", [2, 1, 28, 28], () => new ConvBn(), [1.7688418054, -2.88639764895, 93.5783179245, 200.392793005, 76.2870850278])
        {
            Evaluated = [1.77718500669, -2.87899746269, 92.7881433313, 89.9766920041, 76.1012174645],
        },
        new("ResNet20", [2, 3, 8, 8], () => ResNet.ResNet20(), [2.3622928693, -0.885056056533, 88.7703113404, 41.1499791078, 73.8583947431])
        {
            Evaluated = [-1.13250844203, 6.66182576281, 706.970742892, 7445.16416782, 203.349615509],
        },
        new("DenseNetBc", [2, 3, 8, 8], () => new DenseNetBc(), [1.26476158068, -3.15603679188, 83.6666131016, 430.677762307, 72.1376030576])
        {
            Evaluated = [1.41073755108, -3.11166396058, 81.279158662, 0.702791834363, 70.1879027274],
        },

        // torchvision's networks, narrow: tests/golden_tools/model_numbers.py.
        new("ResNet of basic blocks", [2, 3, 16, 16], () => new ResNet(ResNetBlock.Basic, [1, 2], 3, 5, width: 4), [0.123198062177, 0.0975250921833, 1.18300460453, 13.5498465498, 5.95279394498])
        {
            Evaluated = [0.0871919346306, 0.0988524054045, 1.14779311912, 2.42383672912, 5.8702838792],
        },
        new("ResNet of bottlenecks", [2, 3, 16, 16], () => new ResNet(ResNetBlock.Bottleneck, [2, 1], 3, 5, width: 4), [-0.1026221467, 0.297074760064, 0.653748680835, 729.602370846, 4.23337753647])
        {
            Evaluated = [-0.337305342305, 0.0594345464497, 0.91969716909, 0.924894949492, 4.84423000618],
        },
        new("DenseNet", [2, 3, 16, 16], () => new DenseNet(3, [2, 2], 6, 3, 5), [0.541327623094, -0.557927277684, 1.20488913487, 24.4236932933, 5.07281213367])
        {
            Evaluated = [0.511846112116, -0.555308717827, 1.17261490866, 0.0251674947411, 5.04904835677],
        },
        new("Vgg", [2, 3, 12, 20], () => new Vgg([1, 2], false, 3, 5, 4, 6, dropout: 0), [-1.54989862409, -0.343014678654, 17.2035045811, 355.189026815, 21.2186514095]),
        new("Vgg with batch norm", [2, 3, 12, 20], () => new Vgg([1, 2], true, 3, 5, 4, 6, dropout: 0), [-0.340306689608, 0.357158589468, 0.612607269746, 0.0294765090128, 4.2720746249])
        {
            Evaluated = [-0.340490901778, 0.359445067896, 0.614320439425, 0.0292551527085, 4.27563636532],
        },
    ];

    public static IReadOnlyList<NumericCase> Cases => s_cases;

    [TestCaseSource(nameof(s_cases))]
    public void Model_MatchesPyTorch(NumericCase numbers) => numbers.AssertOn(Device);
}
