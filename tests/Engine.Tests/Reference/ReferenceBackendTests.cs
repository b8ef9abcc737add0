using NUnit.Framework;

namespace Engine.Tests.Reference;

/// <summary>The oracle against numbers worked out by hand.</summary>
internal sealed class ReferenceBackendTests
{
    private static readonly ReferenceDevice s_device = ReferenceDevice.Shared;

    [Test]
    public void Map_TransposedAndBroadcast_AddsByIndex()
    {
        Tensor x = Of([1, 2, 3, 4, 5, 6], [2, 3]).T;
        Tensor y = Of([10, 20], [2]);
        Assert.That((x + y).ToArray<float>(), Is.EqualTo(new float[] { 11, 24, 12, 25, 13, 26 }));
    }

    [Test]
    public void Reduce_MiddleAxis_SumsByHand()
    {
        Tensor x = Tensor.Arange(0, 12, 1, DType.Float32, s_device).Reshape(2, 3, 2);
        Assert.That(x.Sum(1).ToArray<float>(), Is.EqualTo(new float[] { 6, 9, 24, 27 }));
        Assert.That(x.Flip(1).ArgMax(1).ToArray<long>(), Is.EqualTo(new long[] { 0, 0, 0, 0 }));
    }

    [Test]
    public void Reduce_Integers_AreExactBeyondDouble()
    {
        Tensor x = Tensor.From<long>([1L << 53, 1, 1L << 53], s_device);
        Assert.That(x.Sum().ToArray<long>()[0], Is.EqualTo((1L << 54) + 1));
    }

    [Test]
    public void Gemm_Epilogue_AddsBiasThenActivates()
    {
        Tensor a = Of([1, 2, 3, 4], [2, 2]), b = Of([1, -1, 0, 1], [2, 2]), c = Of([1, 1, 1, 1], [2, 2]), bias = Of([0, -2], [2]);
        s_device.Backend.Gemm(new GemmArgs
        {
            A = a.Operand,
            B = b.Operand,
            C = c.Operand,
            Alpha = 2,
            Beta = 1,
            Bias = bias.Expand([2, 2]).Operand,
            Activation = Programs.Relu,
        });
        // a·b = [1, 1; 3, 1], doubled, plus 1, plus the bias.
        Assert.That(c.ToArray<float>(), Is.EqualTo(new float[] { 3, 1, 7, 1 }));
    }

    [Test]
    public void Gemm_NoDepth_IsZero()
    {
        Tensor c = Of([5, 5], [1, 2]);
        s_device.Backend.Gemm(new GemmArgs { A = Tensor.Empty([1, 0], device: s_device).Operand, B = Tensor.Empty([0, 2], device: s_device).Operand, C = c.Operand });
        Assert.That(c.ToArray<float>(), Is.EqualTo(new float[] { 0, 0 }));
    }

    [Test]
    public void Conv_PaddedRow_ThreeDirectionsByHand()
    {
        // One row of three, a filter of three taps, one column of padding: y = [2·1 + 3·2, 1·1 + 2·2 + 3·3, 1·2 + 2·3] for x = [1, 2, 3], w = [1, 2, 3].
        var geometry = new ConvGeometry
        {
            Batch = 1,
            InChannels = 1,
            InHeight = 1,
            InWidth = 3,
            OutChannels = 1,
            OutHeight = 1,
            OutWidth = 3,
            KernelHeight = 1,
            KernelWidth = 3,
            PadW = 1,
        };
        Tensor x = Of([1, 2, 3], [1, 1, 1, 3]), w = Of([1, 2, 3], [1, 1, 1, 3]), y = Of([0, 0, 0], [1, 1, 1, 3]);
        s_device.Backend.ConvForward(new ConvForwardArgs { Geometry = geometry, X = x.Operand, W = w.Operand, Y = y.Operand });
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 8, 14, 8 }));

        Tensor dy = Of([1, 10, 100], [1, 1, 1, 3]), dx = Of([0, 0, 0], [1, 1, 1, 3]), dw = Of([0, 0, 0], [1, 1, 1, 3]);
        s_device.Backend.ConvBackwardData(new ConvBackwardDataArgs { Geometry = geometry, GradY = dy.Operand, W = w.Operand, GradX = dx.Operand });
        Assert.That(dx.ToArray<float>(), Is.EqualTo(new float[] { 12, 123, 230 }));
        s_device.Backend.ConvBackwardWeight(new ConvBackwardWeightArgs { Geometry = geometry, X = x.Operand, GradY = dy.Operand, GradW = dw.Operand });
        Assert.That(dw.ToArray<float>(), Is.EqualTo(new float[] { 210, 321, 32 }));
    }

    [Test]
    public void Pool_PaddedMaximum_TakesTheFirstOfEquals()
    {
        Tensor x = Of([1, 3, 3, -2], [1, 1, 2, 2]), y = Of([0], [1, 1, 1, 1]), dx = Of([9, 9, 9, 9], [1, 1, 2, 2]);
        Tensor indices = Tensor.Zeros([1, 1, 1, 1], DType.Int32, s_device);
        var geometry = new PoolGeometry { KernelH = 3, KernelW = 3, StrideH = 2, StrideW = 2, PadH = 1, PadW = 1 };
        s_device.Backend.PoolForward(new PoolForwardArgs { Kind = PoolKind.Max, Geometry = geometry, X = x.Operand, Y = y.Operand, Indices = indices.Operand });
        Assert.That((y.Item(), indices.Item()), Is.EqualTo((3.0, 1.0)));
        s_device.Backend.PoolBackward(new PoolBackwardArgs { Geometry = geometry, GradY = y.Operand, Indices = indices.Operand, GradX = dx.Operand });
        Assert.That(dx.ToArray<float>(), Is.EqualTo(new float[] { 0, 3, 0, 0 }));
        s_device.Backend.PoolForward(new PoolForwardArgs { Kind = PoolKind.Average, Geometry = geometry, X = x.Operand, Y = y.Operand });
        Assert.That(y.Item(), Is.EqualTo(5 / 9.0).Within(1e-7));
    }

    [Test]
    public void Gather_ReadsAndScatterAddsTwice_RefusesOutside()
    {
        Tensor x = Of([1, 2, 3, 4, 5, 6], [2, 3]), y = Of([0, 0, 0, 0], [2, 2]);
        Tensor index = Tensor.From<long>([2, 0, 2, 2], [2, 2], s_device);
        s_device.Backend.Gather(x.Operand, index.Operand, y.Operand, 1);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 3, 1, 6, 6 }));
        s_device.Backend.ScatterAdd(x.Operand, index.Operand, y.Operand, 1);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 2, 2, 6, 4, 5, 18 }));
        foreach (long place in (long[])[3, -1])
        {
            Tensor outside = Tensor.From<long>([place, 0, 0, 0], [2, 2], s_device);
            Assert.Throws<ArgumentOutOfRangeException>(() => s_device.Backend.Gather(x.Operand, outside.Operand, y.Operand, 1));
        }
    }

    [Test]
    public void Load_OutsideTheBlock_Throws() =>
        Assert.Throws<InvalidOperationException>(() => OwnBackendSample.Elements.Load<double>(Of([1, 2], [2]).Operand.With(Layout.Contiguous([2], 1)), DType.Float32));

    private static Tensor Of(float[] values, Shape shape) => Tensor.From<float>(values, shape, s_device);
}
