using NUnit.Framework;

namespace Engine.Tests.Expressions;

/// <summary>What a library beside the engine may do with programs, and what is refused before a backend sees it.</summary>
internal sealed class PointwiseTests
{
    private static readonly MapProgram s_scaled = MapProgram.Compile(1, Expr.Input(0) * Expr.Parameter(0));
    private static readonly MapProgram s_both = MapProgram.Compile(2, Expr.Input(0) + Expr.Input(1), Expr.Input(0) - Expr.Input(1));
    private static readonly ReduceProgram s_sum = ReduceProgram.Sum;

    [Test]
    public void Apply_AsManyInputsAsAProgramMayHave_ReadsAll([Values(8, 9, MapProgram.MaxInputs)] int count)
    {
        MapProgram sum = MapProgram.Compile(count, Enumerable.Range(0, count).Select(Expr.Input).Aggregate((a, b) => a + b));
        Tensor[] inputs = [.. Enumerable.Range(0, count).Select(i => i < 8 ? Tensor.Full([3], i).WithGrad() : Tensor.Full([3], i))];
        Tensor y = Pointwise.Apply("Sum", sum, inputs);
        y.Sum().Backward();
        Assert.That(y.ToArray<float>(), Is.All.EqualTo(count * (count - 1) / 2f));
        Assert.That(inputs[..8].Select(x => x.Grad!.ToArray<float>()), Is.All.EqualTo(new float[] { 1, 1, 1 }));
        Tensor[] all = [.. inputs.Select(static x => x.Detach().WithGrad())];
        Assert.That(() => Pointwise.Apply("Sum", sum, all), count == 8 ? Throws.Nothing : Throws.ArgumentException.With.Message.Contains("at most 8"));
    }

    [Test]
    public void Apply_OfALayersOwnProgram_GradientIsThatOfTheFormula()
    {
        Tensor x = Tensor.From<double>([1, 2, 3]).WithGrad();
        Pointwise.Apply("Scaled", s_scaled, [x], [4]).Sum().Backward();
        Assert.That(x.Grad!.ToArray<double>(), Is.All.EqualTo(4));
    }

    [Test]
    public void Into_ChangesWhatTheGraphHasSaved_IsAnErrorAtTheBackwardPass()
    {
        Tensor x = Tensor.From<double>([1, 2, 3]).WithGrad();
        Tensor y = x * x;
        Pointwise.Into(x, s_scaled, [x], [2]);
        Assert.That(() => y.Sum().Backward(), Throws.TypeOf<GradientException>());
    }

    [Test]
    public void Into_SeveralOutputs_WritesEach()
    {
        Tensor a = Tensor.From<float>([5, 7]), b = Tensor.From<float>([2, 3]);
        Pointwise.Into([a, b], s_both, [a, b]);
        Assert.That(a.ToArray<float>(), Is.EqualTo(new float[] { 7, 10 }));
        Assert.That(b.ToArray<float>(), Is.EqualTo(new float[] { 3, 4 }));
    }

    [Test]
    public void Wrong_Arguments_AreRefusedBeforeTheBackend()
    {
        Tensor x = Tensor.Ones([2, 3]), row = Tensor.Ones([3]), whole = Tensor.Ones([3], DType.Int64), expanded = Tensor.Ones([1, 3]).Expand([2, 3]);
        MapProgram exp = MapProgram.Compile(1, Expr.Exp(Expr.Input(0))), fill = MapProgram.Compile(0, Expr.Parameter(0));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Pointwise.Apply("F", s_scaled, [x, x], [1]), Throws.ArgumentException.With.Message.Contains("1 inputs"));
            Assert.That(() => Pointwise.Apply("F", s_scaled, [x]), Throws.ArgumentException.With.Message.Contains("1 parameters"));
            Assert.That(() => Pointwise.Apply("F", s_both, [x, x]), Throws.ArgumentException.With.Message.Contains("2 outputs"));
            Assert.That(() => Pointwise.Apply("F", fill, [], [1]), Throws.ArgumentException.With.Message.Contains("Pointwise.Into"));
            Assert.That(() => Pointwise.Apply("F", exp, [whole]), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(() => Pointwise.Into(row, s_scaled, [x], [1]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2, 3]"));
            Assert.That(() => Pointwise.Into(expanded, s_scaled, [x], [1]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("share memory"));
            Assert.That(() => Pointwise.Into([x, row], s_both, [x, x]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("one shape"));
            Assert.That(() => Pointwise.Into([x, x], s_both, [x], [1]), Throws.ArgumentException);
            Assert.That(() => new PointwiseGroup(s_scaled).TryAdd([x], [x, x]), Throws.ArgumentException);
            Assert.That(() => new PointwiseGroup(s_scaled).Run([]), Throws.ArgumentException);
        }
    }

    [Test]
    public void Reductions_Into_TakesResultsWithAndWithoutTheAxes_AndNothingElse()
    {
        Tensor x = Tensor.Arange(6).To(DType.Float32).Reshape([2, 3]), kept = Tensor.Zeros([2, 1]), dropped = Tensor.Zeros([2]);
        AxisSet last = default(AxisSet).With(1);
        Reductions.Into(s_sum, last, [x], [kept], []);
        Reductions.Into(s_sum, last, [x], [dropped], []);
        Assert.That(kept.ToArray<float>(), Is.EqualTo(new float[] { 3, 12 }));
        Assert.That(dropped.ToArray<float>(), Is.EqualTo(new float[] { 3, 12 }));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Reductions.Into(s_sum, last, [x], [Tensor.Zeros([1, 2])], []), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Reductions.Into(s_sum, last, [x], [Tensor.Zeros([3])], []), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Reductions.Into(s_sum, last, [x, x], [kept], []), Throws.ArgumentException);
            Assert.That(() => Reductions.Into(ReduceProgram.Mean, last, [x], [kept], []), Throws.ArgumentException.With.Message.Contains("1 parameters"));
        }
    }

    [Test]
    public void SetData_OtherShapeOrATypeThatAGraphCountsOn_IsRefused()
    {
        Tensor x = Tensor.Ones([2]).WithGrad();
        Assert.That(() => x.SetData(Tensor.Ones([3])), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => x.SetData(Tensor.Ones([2], DType.Float64)), Throws.TypeOf<GradientException>());
        x.SetData(Tensor.Full([2], 5));
        Assert.That(x.ToArray<float>(), Is.All.EqualTo(5));
        Assert.That(x.RequiresGrad);
    }

    [Test]
    public void IterationSpace_WrongNumbers_AreRefused()
    {
        AxisSet all = AxisSet.All(2);
        Assert.That(() => IterationSpace.Over([2, 3], all).Size(2), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => IterationSpace.Over([2, 3], all).Offset(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => IterationSpace.Over([2, 3], all).Stride(0, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => AddTo([2, 3], [1]), Throws.ArgumentException);
        Assert.That(() => AddTo([2, 4], [4, 1]), Throws.ArgumentException);
        Assert.That(() => Fill(), Throws.InvalidOperationException);

        void AddTo(Shape shape, long[] strides)
        {
            IterationSpace space = IterationSpace.Over([2, 3], all);
            space.Add(shape, all, strides);
        }

        void Fill()
        {
            IterationSpace space = IterationSpace.Over([2, 3], all);
            for (int i = 0; i <= IterationSpace.MaxOperands; i++)
            {
                space.AddContiguous();
            }
        }
    }

    [Test]
    public void Wrap_LayoutBeyondTheMemory_IsRefused()
    {
        float[] values = [1, 2, 3, 4];
        unsafe
        {
            fixed (float* p = values)
            {
                nint address = (nint)p;
                Tensor x = Storage.Wrap(Device.Cpu, address, 16, DType.Float32, Layout.Contiguous([3], 1));
                Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 2, 3, 4 }));
                Assert.That(() => Storage.Wrap(Device.Cpu, address, 16, DType.Float32, Layout.Contiguous([4], 1)), Throws.ArgumentException.With.Message.Contains("16 bytes"));
            }
        }
    }
}
