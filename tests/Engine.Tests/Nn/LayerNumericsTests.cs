using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Layers against numbers from PyTorch.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class LayerNumericsTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly NumericCase[] s_cases =
    [
        new("Lstm", [3, 6, 4], () => new Lstm(4, 5, numLayers: 2, batchFirst: true, bidirectional: true), [-0.0897914271777, -0.0335456541396, 2.85677398601, 2.94703154396, 13.8240060362]),
        new("Gru", [6, 3, 4], () => new Gru(4, 5, numLayers: 2, bidirectional: true), [-0.0715943770796, -0.0103145552924, 3.13251421469, 18.4897180474, 7.70573483746]),
        new("MultiheadAttention", [5, 3, 8], () => new MultiheadAttention(8, 2), [-0.197707110923, 0.479383857701, 24.0416495389, 664.926893273, 35.1124925918]),
        new("MultiheadAttention cross", [3, 5, 8], () => new MultiheadAttention(8, 2, batchFirst: true), [-0.210224360922, 0.0453278880025, 7.49212850829, 179.770977702, 29.9314903919])
        {
            Call = static (layer, x) =>
            {
                Tensor memory = NumericCase.Fill(Tensor.Empty([3, 7, 8], x.DType, x.Device), 1, 0.37, 0);
                return ((MultiheadAttention)layer).Forward(x, memory * 0.5, memory);
            },
        },
        new("MultiheadAttention causal", [3, 5, 8], () => new MultiheadAttention(8, 2, batchFirst: true), [-0.860430539468, 0.530576432484, 56.5979556249, 1049.94058973, 29.2481388373])
        {
            Call = static (layer, x) => ((MultiheadAttention)layer).Forward(x, x, x, isCausal: true),
        },
        new("MultiheadAttention masked", [3, 5, 8], () => new MultiheadAttention(8, 2, batchFirst: true), [-0.860430539468, 0.530576432484, 56.5979556249, 1049.94058973, 29.2481388373])
        {
            Call = static (layer, x) => ((MultiheadAttention)layer).Forward(x, x, x, attnMask: Tensor.Ones([5, 5], DType.Bool, x.Device).Triu(1)),
        },
        new("ConvTranspose2d", [2, 4, 3, 3], () => new ConvTranspose2d(4, 6, 3, stride: 2, padding: 1, outputPadding: 1, groups: 2), [0.236312266518, -0.296189251694, 23.3790891753, 285.195779537, 180.851185094]),
        new("Conv1d", [2, 4, 9], () => new Conv1d(4, 6, 3, stride: 2, padding: 1, dilation: 2, groups: 2), [0.635237225339, -0.509792913325, 15.054830887, 150.818346245, 37.3041109063]),
        new("Conv2d depthwise", [2, 4, 5, 5], () => new Conv2d(4, 8, 3, padding: 1, groups: 4), [-0.219789055715, -0.252541944285, 239.639628488, 1993.23461445, 162.968561426]),
        new("GroupNorm", [2, 4, 3], () => new GroupNorm(2, 4), [0.252441295442, 0.0246726883597, 3.0075346606, 14.9072307345, 11.7181101782]),
        new("LayerNorm", [4, 2, 3], () => new LayerNorm([2, 3]), [0.252441295442, -0.298216147364, 1.54113769221, 5.37644596527, 10.1954049622]),
    ];

    public static IReadOnlyList<NumericCase> Cases => s_cases;

    [TestCaseSource(nameof(s_cases))]
    public void Layer_MatchesPyTorch(NumericCase numbers) => numbers.AssertOn(Device);

    [Test]
    public void Lstm_LastStates_MatchPyTorch()
    {
        Lstm lstm = NumericCase.Filled(Device, new Lstm(4, 5, numLayers: 2, batchFirst: true, bidirectional: true));
        Tensor x = NumericCase.Fill(Tensor.Empty([3, 6, 4], NumericCase.TypeOn(Device), Device), 1, 0.37, 0);
        (_, Tensor hidden, Tensor cell) = lstm.Forward(x, null, null);
        Assert.That((hidden.Shape, cell.Shape), Is.EqualTo((new Shape(4, 3, 5), new Shape(4, 3, 5))));
        Assert.That(hidden.Square().Sum().Item(), Is.EqualTo(1.54597804472).Within(Device.HasFloat64 ? 1e-9 : 1e-4));
        Assert.That(cell.Square().Sum().Item(), Is.EqualTo(6.77606334641).Within(Device.HasFloat64 ? 1e-9 : 1e-4));
    }

    [Test]
    public void Lstm_InTwoParts_EqualsWhole()
    {
        Lstm lstm = NumericCase.Filled(Device, new Lstm(4, 5, numLayers: 2));
        Tensor x = NumericCase.Fill(Tensor.Empty([6, 3, 4], NumericCase.TypeOn(Device), Device), 1, 0.37, 0);
        (Tensor whole, Tensor hidden, _) = lstm.Forward(x, null, null);
        (Tensor first, Tensor h, Tensor c) = lstm.Forward(x[..2], null, null);
        (Tensor second, Tensor last, _) = lstm.Forward(x[2..], h, c);
        Assert.That(Tensor.Concat([first, second]).ToArray<double>(), Is.EqualTo(whole.ToArray<double>()).Within(1e-14));
        Assert.That(last.ToArray<double>(), Is.EqualTo(hidden.ToArray<double>()).Within(1e-14));
    }

    [Test]
    public void Gru_LastState_MatchesPyTorch()
    {
        Gru gru = NumericCase.Filled(Device, new Gru(4, 5, numLayers: 2, bidirectional: true));
        (_, Tensor hidden) = gru.Forward(NumericCase.Fill(Tensor.Empty([6, 3, 4], NumericCase.TypeOn(Device), Device), 1, 0.37, 0), null);
        Assert.That(hidden.Square().Sum().Item(), Is.EqualTo(3.14072160843).Within(Device.HasFloat64 ? 1e-9 : 1e-4));
    }

    [Test]
    public void BatchNorm_MomentumNull_KeepsThePlainAverage()
    {
        BatchNorm1d norm = new BatchNorm1d(3, momentum: null).To(Device).To(NumericCase.TypeOn(Device));
        Tensor x = NumericCase.Fill(Tensor.Empty([4, 3], NumericCase.TypeOn(Device), Device), 1, 0.37, 0);
        for (int i = 0; i < 3; i++)
        {
            norm.Forward((x * (i + 1)) + i);
        }
        Assert.That(norm.RunningMean!.ToArray<double>(), Is.EqualTo(new[] { 1.7524847471866156, 1.6758522386406927, 1.5077463001609304 }).Within(Device.HasFloat64 ? 1e-12 : 1e-5));
        Assert.That(norm.RunningVar!.ToArray<double>(), Is.EqualTo(new[] { 1.4087712851812586, 1.899515235245957, 2.7915847654380617 }).Within(Device.HasFloat64 ? 1e-12 : 1e-5));
        Assert.That(norm.NumBatchesTracked!.Item(), Is.EqualTo(3));
    }

    [Test]
    public void Embedding_PaddingIndex_ValuePassesGradientDoesNot()
    {
        Embedding table = NumericCase.Filled(Device, new Embedding(5, 3, paddingIdx: -4));
        Tensor y = table.Forward(Tensor.From(new long[,] { { 0, 1 }, { 4, 1 } }, Device));
        y.Square().Sum().Backward();
        double[] gradient = table.Weight.Grad!.ToArray<double>();
        Assert.That(y.Shape, Is.EqualTo(new Shape(2, 2, 3)));
        Assert.That(y[0, 1].ToArray<double>(), Is.EqualTo(table.Weight[1].ToArray<double>()));
        Assert.That(gradient, Is.EqualTo(new[] { 0, 0.3865306123426146, 0.5912698379930761, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5127593448529688, 0.19145901740961127, -0.21988747755115606 }).Within(Device.HasFloat64 ? 1e-12 : 1e-5));
    }
}
