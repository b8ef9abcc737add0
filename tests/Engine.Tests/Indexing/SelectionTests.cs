using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Indexing;

/// <summary>What the tables of PyTorch do not show: bad arguments, views, whole numbers, and captured steps.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class SelectionTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Diagonal_IsAView_ThatCanBeWritten()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Zeros([2, 3], device: Device);
        x.T.Diagonal(-1).FillInPlace(5);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 0, 5, 0, 0, 0, 5 }));
        Assert.That(() => x.Diagonal(0, 1, -1), Throws.ArgumentException.With.Message.Contains("axis 1"));
        Assert.That(() => Tensor.Scalar(1, device: Device).DiagEmbed(), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Tensor.Ones([1, 1, 1], device: Device).Diag(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("DiagEmbed"));
    }

    [Test]
    public void WholeNumbers_AreExactBeyondDoubles()
    {
        using TensorScope scope = TensorScope.Begin();
        const long Large = (1L << 53) + 1;
        Tensor x = Tensor.From<long>([Large, Large - 1, Large], Device);
        Assert.That(x.Unique().Counts.ToArray<long>(), Is.EqualTo(new long[] { 1, 2 }));
        Assert.That(x.IsIn(Tensor.From<long>([Large], Device)).ToArray<bool>(), Is.EqualTo(new[] { true, false, true }));
        Assert.That(Tensor.From<long>([Large - 1, Large], Device).SearchSorted(x).ToArray<long>(), Is.EqualTo(new long[] { 1, 0, 1 }));
        Assert.That(Tensor.From<int>([0, 1, 0], Device).BinCount(x).ToArray<long>(), Is.EqualTo(new[] { 2 * Large, Large - 1 }));
        Tensor sums = Tensor.From<long>([7, -7], Device).ScatterReduce(0, Tensor.From<long>([0, 0, 1], Device), Tensor.From<long>([1, 2, 4], Device), ScatterReduction.Mean);
        Assert.That(sums.ToArray<long>(), Is.EqualTo(new long[] { 3, -2 }));
    }

    [Test]
    public void ScatterReduce_NaN_Wins()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Of(1, 2), index = Tensor.From<long>([0, 1, 0], Device), source = Of(float.NaN, float.PositiveInfinity, 3);
        Assert.That(x.ScatterReduce(0, index, source, ScatterReduction.Max).ToArray<float>(), Is.EqualTo(new[] { float.NaN, float.PositiveInfinity }));
        Assert.That(x.ScatterReduce(0, index, source, ScatterReduction.Min).ToArray<float>(), Is.EqualTo(new[] { float.NaN, 2 }));
    }

    [Test]
    public void BadArguments_AreNamed()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Ones([2, 3], device: Device), index = Tensor.Zeros([2], DType.Int64, Device);
        Assert.That(() => Tensor.From<long>([0, -2], Device).BinCount(), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("BinCount: -2"));
        Assert.That(() => x.BinCount(), Throws.TypeOf<DTypeMismatchException>());
        Assert.That(() => index.BinCount(x), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => x.Histogram(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => x.Histogram(3, (2, 1)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("from 2 to 1"));
        Assert.That(() => Of(1, float.PositiveInfinity).Histogram(3), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("finite"));
        Assert.That(() => x.Histogram(Of(1)), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => x.SearchSorted(Of(1)), Throws.TypeOf<ShapeMismatchException>().With.Message.StartWith("SearchSorted"));
        Assert.That(() => x.Bucketize(x), Throws.TypeOf<ShapeMismatchException>().With.Message.StartWith("Bucketize"));
        Assert.That(() => x.RepeatInterleave(Tensor.From<long>([1, -1], Device), 0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("-1 times"));
        Assert.That(() => x.RepeatInterleave(index, 1), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => x.RepeatInterleave(-1, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => x.Roll([1], [0, 1]), Throws.ArgumentException);
        Assert.That(() => x.Tile(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => x.Put(index, x), Throws.TypeOf<ShapeMismatchException>().With.Message.StartWith("Put"));
        Assert.That(() => x.IndexCopy(0, index, x[..1]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("must be [2, 3]"));
        Assert.That(() => x.TakeAlongAxis(index, 0), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("Unsqueeze"));
        Assert.That(() => x.Scatter(0, index, x), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => x.ScatterReduce(0, x.Argsorted(), x, (ScatterReduction)9), Throws.TypeOf<ArgumentOutOfRangeException>());
        if (Device is HostDevice)
        {
            Assert.That(() => x.MaskedScatter(x > 0, Of(1)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("6 true elements"));
        }
    }

    [Test]
    public void Capture_CountsOfADevice_AreRefused_FillsAreNot()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Of(-1, 2, -3, 4).Keep(), index = Tensor.From<long>([3, 0, 3], Device).Keep();
        foreach ((string op, Func<Tensor> step) in ((string, Func<Tensor>)[])[("Index", () => x[x > 0]), ("NonZero", () => x.NonZero()), ("Unique", () => x.Unique().Values), ("BinCount", () => index.BinCount())])
        {
            Assert.That(() => Device.Capture(step), Throws.TypeOf<CaptureException>().With.Message.StartWith($"{op}: the step is being captured."), op);
        }

        using CapturedStep captured = Device.Capture(() =>
        {
            Tensor y = x.Clone();
            y[y < 0] = Tensor.Scalar(0, device: Device);
            return y[index].IndexAdd(0, index % 3L, y[index]) + y.ScatterReduce(0, index, y[index], ScatterReduction.Max)[..3];
        });
        captured.Replay();
        float[] before = captured.Outputs[0].ToArray<float>();
        x.MulInPlace(2);
        captured.Replay();
        Assert.That(captured.Outputs[0].ToArray<float>(), Is.EqualTo(before.Select(static v => 2 * v)));
        Assert.That(before, Is.EqualTo(new float[] { 12, 2, 4 }));
    }

    private Tensor Of(params float[] values) => Tensor.From<float>(values, Device);
}

internal static class Sorted
{
    public static Tensor Argsorted(this Tensor x) => x.ArgSort(0);
}
