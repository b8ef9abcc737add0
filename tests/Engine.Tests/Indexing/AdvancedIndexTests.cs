using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Indexing;

/// <summary>Masks and indices in index expressions: forms, types, order, memory and errors.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class AdvancedIndexTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Arrays_AreMasksAndIndices()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Arange(0, 6, device: Device).Reshape(3, 2);
        Assert.That(x[new[] { 2, 0 }].ToArray<float>(), Is.EqualTo(new float[] { 4, 5, 0, 1 }));
        Assert.That(x[new[] { -1L }, 1].ToArray<float>(), Is.EqualTo(new float[] { 5 }));
        Assert.That(x[new[] { true, false, true }, ..1].ToArray<float>(), Is.EqualTo(new float[] { 0, 4 }));
        x[new[] { false, true, false }] = Of(8, 9);
        x[new[] { 0 }, new[] { 1 }] = Of(7);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 0, 7, 8, 9, 4, 5 }));
    }

    [Test]
    public void EveryType_ReadsAndWrites([Values] DType type)
    {
        if (type == DType.Float64)
        {
            RequireFloat64();
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor x = Rounded([1, 0, 1, 0, 1, 1], [3, 2], type), index = Tensor.From<long>([2, 0, 2], [3], Device).To(DType.Int32);
        Tensor y = x[index];
        Assert.That((y.DType, y.Shape), Is.EqualTo((type, new Shape(3, 2))));
        Assert.That(y.ToArray<double>(), Is.EqualTo(new double[] { 1, 1, 1, 0, 1, 1 }));
        Tensor written = x.Clone();
        written[index, 1] = Rounded([0, 1, 0], [3], type);
        Assert.That(written.ToArray<double>(), Is.EqualTo(new double[] { 1, 1, 1, 0, 1, 0 }));

        // Converted as an assignment of a slice is.
        written[index] = Tensor.Ones([1], DType.Int64, Device);
        Assert.That(written.ToArray<double>(), Is.EqualTo(new double[] { 1, 1, 1, 0, 1, 1 }));
    }

    [Test]
    public void Write_EqualIndices_TheLastStays()
    {
        using TensorScope scope = TensorScope.Begin();
        int[] places = [.. Enumerable.Range(0, 700).Select(static i => i * i % 37)];
        float[] expected = new float[40];
        Array.Fill(expected, -1);
        for (int i = 0; i < places.Length; i++)
        {
            expected[places[i]] = i;
        }

        Tensor index = Tensor.From<int>(places, Device), values = Tensor.Arange(0, 700, device: Device), x = Tensor.Full([40], -1, device: Device);
        x[index] = values;
        Assert.That(x.ToArray<float>(), Is.EqualTo(expected));
        Tensor rows = Tensor.Full([40, 3], -1, device: Device);
        rows[index] = values.Unsqueeze(1);
        Assert.That(rows[.., 2].ToArray<float>(), Is.EqualTo(expected));
    }

    [Test]
    public void Write_OverlappingSource_ReadsBeforeItWrites()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Of(1, 2, 3, 4), index = Tensor.From<long>([3, 2, 1, 0], Device);
        x[index] = x;
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 4, 3, 2, 1 }));
        x[x > 2] = x[0];
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 4, 4, 2, 1 }));
        Tensor mask = x > 3;
        mask[mask] = Tensor.Zeros([], DType.Bool, Device);
        Assert.That(mask.Any().Item(), Is.Zero);
    }

    [Test]
    public void Write_ThroughAView_ShowsInTheBase()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Zeros([3, 4], device: Device);
        x.T[Tensor.From<bool>([true, false, false, true], Device), 1..] = Of(5, 6);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 0, 0, 0, 0, 5, 0, 0, 5, 6, 0, 0, 6 }));
        x.T[(x > 5).T] = Of(7, 8);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 0, 0, 0, 0, 5, 0, 0, 5, 7, 0, 0, 8 }));
    }

    [Test]
    public void Write_WithGradients_Refuses_AndIndexPutDoesNot()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Of(1, 2, 3).WithGrad(), values = Of(4, 5, 6).WithGrad(), index = Tensor.From<long>([0, 2, 0], Device);
        Assert.That(() => x[index] = values, Throws.TypeOf<GradientException>().With.Message.Contains("Index"));
        Tensor y = x.IndexPut([index], values);
        y.Backward(Of(10, 20, 30));
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 6, 2, 5 }));
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 0, 20, 0 }));
        Assert.That(values.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 0, 30, 10 }));
    }

    [Test]
    public void Write_AfterSave_TheBackwardPassThrows()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Of(1, 2).WithGrad(), w = Of(3, 4);
        Tensor y = (x * w).Sum();
        w[w > 3] = Tensor.Scalar(0, device: Device);
        Assert.Throws<GradientException>(() => y.Backward());
    }

    [Test]
    public void Masks_OfAHundredThousand_CountRight()
    {
        using TensorScope scope = TensorScope.Begin();
        int size = Device is HostDevice ? 100_000 : 3_000;
        Tensor x = Tensor.Arange(0, size, device: Device);
        Tensor chosen = x[(x % 3).EqualTo(0)];
        Assert.That(chosen.Shape, Is.EqualTo(new Shape((size + 2) / 3)));
        Assert.That(chosen.ToArray<float>(), Is.EqualTo(Enumerable.Range(0, (size + 2) / 3).Select(static i => i * 3f)));
    }

    [Test]
    public void Index_OutsideTheAxis_NamesTheCall_OrGivesNaNOnACard()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Ones([3, 2], device: Device), index = Tensor.From<long>([1, 3], Device), below = Tensor.From<long>([-4], Device), zeros = Tensor.Zeros([2], DType.Int64, Device);
        if (Device is not HostDevice)
        {
            Assert.That(x[index].ToArray<float>(), Is.EqualTo(new[] { 1, 1, float.NaN, float.NaN }));
            Assert.That(x[index, zeros].ToArray<float>(), Is.EqualTo(new[] { 1, float.NaN }));
            Tensor y = x.Clone();
            y[index] = Tensor.Scalar(5, device: Device);
            y[below, zeros[..1]] = Tensor.Scalar(6, device: Device);
            Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 1, 1, 5, 5, 1, 1 }));
            return;
        }

        Assert.That(() => x[index], Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("Index: index 3 lies outside of [-3, 3)."));
        Assert.That(() => x[zeros, below], Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("Index: index -4 lies outside of [-2, 2)."));
        Assert.That(() => x[index] = x[0], Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("Index: "));
        Assert.That(() => x.IndexPut([index], x[..2]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("IndexPut: "));
        Assert.That(() => x.Take(Tensor.From<long>([6], Device)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("Take: "));
        Assert.That(() => x.Put(Tensor.From<long>([-7], Device), x[0, ..1]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("Put: "));
        Assert.That(() => x.TakeAlongAxis(Tensor.Full([3, 1], 2L, DType.Int64, Device), 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("TakeAlongAxis: "));
        Assert.That(() => x.IndexAdd(0, index, x[..2]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("IndexAdd: "));
        Assert.That(() => x.IndexCopy(0, index, x[..2]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("IndexCopy: "));
        Assert.That(() => x.IndexFill(0, index, 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("IndexFill: "));
        Assert.That(() => x.Scatter(0, index.Unsqueeze(1), x[..2, ..1]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("Scatter: "));
        Assert.That(() => x.ScatterReduce(0, index.Unsqueeze(1), x[..2, ..1], ScatterReduction.Max), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("ScatterReduce: "));
        Assert.That(x.ToArray<float>(), Is.All.EqualTo(1));
    }

    [Test]
    public void Index_WrongShapesAndTypes_SaysWhatFits()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Ones([3, 4], device: Device), index = Tensor.Zeros([2], DType.Int64, Device);
        Assert.That(() => x[Tensor.Ones([4], DType.Bool, Device)], Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[4]").And.Message.Contains("[3]"));
        Assert.That(() => x[Tensor.Ones([3, 4, 1], DType.Bool, Device)], Throws.TypeOf<ArgumentException>().With.Message.Contains("3 entries"));
        Assert.That(() => x[index, index, index], Throws.TypeOf<ArgumentException>());
        Assert.That(() => x[index, Tensor.Zeros([3], DType.Int64, Device)], Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("broadcast"));
        Assert.That(() => x[Tensor.Ones([3], DType.UInt8, Device)], Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("u8").And.Message.Contains("To(DType.Bool)"));
        Assert.That(() => x[Tensor.Ones([3], device: Device)], Throws.TypeOf<DTypeMismatchException>());
        Assert.That(() => x[index] = Tensor.Ones([3, 4], device: Device), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2, 4]"));
        Assert.That(() => x.IndexPut([index], Tensor.Ones([4], DType.Int64, Device)), Throws.TypeOf<DTypeMismatchException>());
        Assert.That(() => x[Tensor.Zeros([1], DType.Int64, new Reference.ReferenceDevice())], Throws.TypeOf<DeviceMismatchException>());
        Assert.That(() => x.Expand([2, 3, 4])[index] = x, Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("Clone()"));
        Assert.That(() => x.MaskedSelect(index), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("MaskedSelect"));
    }

    [Test]
    public void Empty_GivesEmpty()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Ones([0, 3], device: Device), none = Tensor.Zeros([0], DType.Int64, Device);
        Assert.That(x[none].Shape, Is.EqualTo(new Shape(0, 3)));
        Assert.That(x[x > 0].Shape, Is.EqualTo(new Shape(0)));
        x[x > 0] = Tensor.Scalar(1, device: Device);
        x[none] = Tensor.Scalar(1, device: Device);
        Assert.That(x.NonZero().Shape, Is.EqualTo(new Shape(0, 2)));
        Assert.That(x.Take(none).Shape, Is.EqualTo(new Shape(0)));
        Assert.That(x.Unique().Values.Shape, Is.EqualTo(new Shape(0)));
        Assert.That(x.UniqueConsecutive(0).Inverse.Shape, Is.EqualTo(new Shape(0)));
        Assert.That(none.BinCount(minLength: 2).ToArray<long>(), Is.EqualTo(new long[2]));
        Assert.That(none.BinCount().Shape, Is.EqualTo(new Shape(0)));
        Assert.That(Tensor.Zeros([0], device: Device).SearchSorted(Of(1, 2)).ToArray<long>(), Is.EqualTo(new long[2]));
        Assert.That(x.Roll(1, 0).Shape, Is.EqualTo(x.Shape));
        Assert.That(x.RepeatInterleave(none, 0).Shape, Is.EqualTo(x.Shape));
        Assert.That(x.RepeatInterleave(0, 1).Shape, Is.EqualTo(new Shape(0, 0)));
        Assert.That(x.Diagonal().Shape, Is.EqualTo(new Shape(0)));
        Assert.That(Of(1, 2).IsIn(x).ToArray<bool>(), Is.EqualTo(new bool[2]));
        Assert.That(Of(1, 2).MaskedScatter(Tensor.Zeros([2], DType.Bool, Device), Tensor.Zeros([0], device: Device)).ToArray<float>(), Is.EqualTo(new float[] { 1, 2 }));
    }

    private Tensor Of(params float[] values) => Tensor.From<float>(values, Device);
}
