using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>
/// Operands whose elements lie more than 2³¹ elements apart, so that every kernel needs 64-bit places: each result against that of the same values
/// packed together.
/// </summary>
/// <remarks>
/// On the interpreter: it checks every address, and its blocks of several GB are never written but for a few pages, and so take no memory. OpenCL need not
/// give blocks of that size.
/// </remarks>
internal sealed class FarOperandsTests
{
    /// <summary>The first axis of all far operands: both tiles and vectors of it are incomplete.</summary>
    private const int Length = 9;

    // An odd step: nothing is aligned by accident.
    private const int Step = (int)((1L << 31) / (Length - 1)) + 1;

    private GpuDevice? _device;

    private GpuDevice Device => _device!;

    [OneTimeSetUp]
    public void OpenDevice() => _device = InterpretedCuda.CreateDevice(memoryBytes: 32L << 30);

    [OneTimeTearDown]
    public void CloseDevice() => _device?.Dispose();

    [Test]
    public void MapAndCopy_MatchPacked()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor near = Values([Length, 5], 1), far = Far(near);
        AssertSame(far.Contiguous(), near, "copy out");
        AssertSame((far * 2) + near, (near * 2) + near, "map");
        far.CopyFrom(near * 3);
        AssertSame(far.Contiguous(), near * 3, "copy in");
        AssertSame(far.Flip().Contiguous(), (near * 3).Flip(), "backwards");
    }

    [Test]
    public void Reductions_MatchPacked([Values(0, 1)] int axis)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor near = Values([Length, 50], 2), far = Far(near);
        AssertSame(far.Sum(axis), near.Sum(axis), "sum");
        AssertSame(far.ArgMax(axis).To(DType.Float32), near.ArgMax(axis).To(DType.Float32), "argmax");
        AssertSame(far.Sum(), near.Sum(), "all");
    }

    [TestCase(20, 12)]
    [TestCase(70, 33)]
    [TestCase(3, 300)]
    public void Products_MatchPacked(int depth, int columns)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor near = Values([Length, depth], 3), far = Far(near), right = Values([depth, columns], 4), left = Values([columns, Length], 5);
        Tensor expected = near.MatMul(right), result = Far(expected);
        AssertSame(far.MatMul(right), expected, "left operand");
        AssertSame(left.MatMul(far), left.MatMul(near), "right operand");
        AssertSame(right.T.MatMul(far.T), right.T.MatMul(near.T), "transposed right operand");
        result.CopyFrom(near.MatMul(right) * 0);
        Device.Backend.Gemm(new GemmArgs { A = near.Operand, B = right.Operand, C = result.Operand });
        AssertSame(result.Contiguous(), expected, "result");
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Convolutions_InAllDirections_MatchPacked(int groups)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Values([Length, 4, 6, 5], 6), w = Values([8, 4 / groups, 3, 3], 7), dy = Values([Length, 8, 6, 5], 8);
        ConvGeometry geometry = new()
        {
            Batch = Length,
            InChannels = 4,
            InHeight = 6,
            InWidth = 5,
            OutChannels = 8,
            OutHeight = 6,
            OutWidth = 5,
            KernelHeight = 3,
            KernelWidth = 3,
            PadH = 1,
            PadW = 1,
            Groups = groups,
        };
        Tensor farX = Far(x), farY = Far(dy), y = Values(dy.Shape, 9), dx = Values(x.Shape, 9), dw = Values(w.Shape, 9), dwOfFar = Values(w.Shape, 10);
        Device.Backend.ConvForward(new ConvForwardArgs { Geometry = geometry, X = x.Operand, W = w.Operand, Y = y.Operand });
        Device.Backend.ConvBackwardData(new ConvBackwardDataArgs { Geometry = geometry, GradY = dy.Operand, W = w.Operand, GradX = dx.Operand });
        Device.Backend.ConvBackwardWeight(new ConvBackwardWeightArgs { Geometry = geometry, X = x.Operand, GradY = dy.Operand, GradW = dw.Operand });

        Device.Backend.ConvBackwardWeight(new ConvBackwardWeightArgs { Geometry = geometry, X = farX.Operand, GradY = farY.Operand, GradW = dwOfFar.Operand });
        AssertSame(dwOfFar, dw, "gradient of the filters");
        Device.Backend.ConvForward(new ConvForwardArgs { Geometry = geometry, X = farX.Operand, W = w.Operand, Y = farY.Operand });
        AssertSame(farY.Contiguous(), y, "forward");
        farY.CopyFrom(dy);
        Device.Backend.ConvBackwardData(new ConvBackwardDataArgs { Geometry = geometry, GradY = farY.Operand, W = w.Operand, GradX = farX.Operand });
        AssertSame(farX.Contiguous(), dx, "gradient of the images");
    }

    [Test]
    public void Pooling_MatchesPacked()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor near = Values([Length, 2, 6, 4], 11), far = Far(near);
        AssertSame(far.MaxPool2d(2), near.MaxPool2d(2), "maximum");
        AssertSame(far.AvgPool2d(3, stride: 1, padding: 1), near.AvgPool2d(3, stride: 1, padding: 1), "mean");
    }

    [Test]
    public void IndexedRows_MatchPacked()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor near = Values([Length, 5], 12), far = Far(near), rows = Tensor.From<long>([8, 0, 3, 8], [4], Device);
        AssertSame(far.IndexSelect(0, rows), near.IndexSelect(0, rows), "gather");
        Device.Backend.ScatterAdd(near.Operand, rows.Operand, Values([4, 5], 13).Operand, 0);
        Device.Backend.ScatterAdd(far.Operand, rows.Operand, Values([4, 5], 13).Operand, 0);
        AssertSame(far.Contiguous(), near, "scatter");
    }

    [Test]
    public void Normalizations_MatchPacked()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor near = Values([Length, 4, 10], 14), far = Far(near);
        AssertSame(far.Softmax(-1), near.Softmax(-1), "softmax over neighbours");
        AssertSame(far.Softmax(0), near.Softmax(0), "softmax over distant elements");
        AssertSame(far.LayerNorm(), near.LayerNorm(), "layer norm");
        AssertSame(far.BatchNorm(null, null), near.BatchNorm(null, null), "batch norm");
        AssertSame(far.CumSum(0), near.CumSum(0), "running sums");
        AssertSame(far.Sort(0).Values, near.Sort(0).Values, "sorted");
    }

    private Tensor Values(Shape shape, int seed) => Compare.Random(shape, seed, -1, 1, DType.Float16).To(Device);

    /// <summary>The same values with the first axis spread over more than 2³¹ elements.</summary>
    private Tensor Far(Tensor near)
    {
        Assert.That(near.Shape[0], Is.EqualTo(Length));
        int width = (int)near.ElementCount / Length;
        Tensor block = Tensor.Empty([Length, Step], DType.Float16, Device);
        Tensor far = block.Narrow(1, 0, width).Reshape(shape: near.Shape);
        far.CopyFrom(near);
        Assert.That(far.Storage, Is.SameAs(block.Storage), "not a view");
        return far;
    }

    private static void AssertSame(Tensor actual, Tensor expected, string what) => Compare.AssertClose(actual, expected, Compare.Bound(DType.Float16), what);
}
