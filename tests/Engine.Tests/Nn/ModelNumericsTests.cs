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
    ];

    public static IReadOnlyList<NumericCase> Cases => s_cases;

    [TestCaseSource(nameof(s_cases))]
    public void Model_MatchesPyTorch(NumericCase numbers) => numbers.AssertOn(Device);
}
