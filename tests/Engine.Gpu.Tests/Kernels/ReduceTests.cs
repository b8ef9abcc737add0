using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Reductions by rows, by columns, in chunks and of any layout against plain loops in double precision.</summary>
[TestFixtureSource(typeof(KernelDevices), nameof(KernelDevices.All))]
internal sealed class ReduceTests(string name)
{
    private static readonly (string Name, ReduceProgram Program)[] s_programs =
    [
        ("sum", ReduceProgram.Sum), ("product", ReduceProgram.Product), ("max", ReduceProgram.Max), ("argmax", ReduceProgram.ArgMax),
        ("argmin", ReduceProgram.ArgMin), ("any", ReduceProgram.Any),
    ];

    private static readonly (Shape Shape, int[] Axes)[] s_cases =
    [
        ([], []), ([1], [0]), ([7], [0]), ([129], [0]), ([5000], [0]), ([3, 5], [0]), ([3, 5], [1]), ([3, 5], [0, 1]), ([40, 300], [0]), ([40, 300], [1]),
        ([300, 40], [0]), ([2000, 3], [0]), ([3, 2000], [1]), ([17, 127], [1]), ([2, 3, 4], [1]), ([6, 5, 49], [0, 2]), ([6, 5, 300], [1]), ([8, 3, 2, 33], [1, 3]),
        ([5, 1, 7], [1]), ([2, 3, 2, 3, 2, 3, 2, 3], [1, 3, 5, 7]), ([1025, 2], [1]),
    ];

    private Device Device => KernelDevices.Get(name);

    [Test]
    public void EveryProgram_EveryShape_MatchesReference()
    {
        // Each pair is a handful of kernels to compile: combiners differ in one place only, so that two of them stand for all.
        foreach ((string program, ReduceProgram code) in name == "small" ? s_programs : [s_programs[0], s_programs[3]])
        {
            foreach ((Shape shape, int[] axes) in s_cases)
            {
                Check(program, code, shape, axes, DType.Float32, "dense", static x => x);
            }
        }
    }

    [Test]
    public void EveryType_MatchesReference([Values] DType dtype)
    {
        foreach ((Shape shape, int[] axes) in ((Shape, int[])[])[([129], [0]), ([40, 300], [0])])
        {
            foreach ((string program, ReduceProgram code) in (ReadOnlySpan<(string, ReduceProgram)>)[s_programs[0], s_programs[3]])
            {
                Check(program, code, shape, axes, dtype, "dense", static x => x);
            }
        }
    }

    [Test]
    public void EveryLayout_MatchesReference()
    {
        foreach ((string program, ReduceProgram code) in (ReadOnlySpan<(string, ReduceProgram)>)[s_programs[0], s_programs[3]])
        {
            foreach ((Shape shape, int[] axes) in s_cases)
            {
                if (shape.Rank == 0)
                {
                    continue;
                }

                int[] reversed = [.. Enumerable.Range(0, shape.Rank).Reverse()];
                Check(program, code, shape, axes, DType.Float32, "transposed", x => x.Permute(reversed).Contiguous().Permute(reversed));
                Check(program, code, shape, axes, DType.Float32, "flipped", static x => x.Flip());
                Check(program, code, shape, axes, DType.Float32, "stretched", x => x.Narrow(-1, 0, 1).Expand(shape));
            }
        }
    }

    [Test]
    public void SeveralAccumulators_WithPrologueEpilogueAndNumbers_MatchReference()
    {
        Expr x = Expr.Input(0), y = Expr.Input(1);
        ReduceProgram program = ReduceProgram.Create(
            MapProgram.Compile(2, x * y, Expr.Exp(x) + Expr.Index, Expr.Parameter(0)),
            [Combiner.Sum, Combiner.Max, Combiner.Sum],
            MapProgram.Compile(3, Expr.Input(0) / Expr.Input(2), Expr.Input(1) + Expr.Index, Expr.Input(0)));
        foreach ((Shape shape, int[] axes) in s_cases)
        {
            Tensor a = Compare.Random(shape, 5, 0, 1, DType.Float32), b = Compare.Random(shape, 6, 0, 1, DType.Float32);
            Check($"{shape} over {string.Join(", ", axes)}", program, [a, b], axes, DType.Float32, [0.5]);
        }
    }

    [Test]
    public void TwoPlaces_AreFoundInOnePass()
    {
        ReduceProgram program = ReduceProgram.Create(
            MapProgram.Compile(1, Expr.Input(0), Expr.Input(0), Expr.Input(0)),
            [Combiner.ArgMax, Combiner.ArgMin, Combiner.Max],
            MapProgram.Compile(3, Expr.Input(0), Expr.Input(1), Expr.Input(2)));
        foreach ((Shape shape, int[] axes) in s_cases)
        {
            // Whole numbers: many ties, of which the first counts.
            Tensor a = Compare.Random(shape, 5, 0, 9, DType.Int32).To(DType.Float32);
            Check($"{shape} over {string.Join(", ", axes)}", program, [a], axes, DType.Int64, []);
        }
    }

    [Test]
    public void NaNAndInfinity_Win()
    {
        using TensorScope scope = TensorScope.Begin();
        foreach (int spot in (int[])[0, 23, 2999])
        {
            float[] values = new float[3000];
            values[spot] = float.NaN;
            values[(spot + 1) % 3000] = 5;
            Tensor x = Tensor.From<float>(values, [3000], Device);
            Assert.That(x.Max().Item(), Is.NaN);
            Assert.That(x.Min().Item(), Is.NaN);
            Assert.That(x.Sum().Item(), Is.NaN);
            Assert.That(x.ArgMax().Item(), Is.EqualTo(spot));
            Assert.That(x.ArgMin().Item(), Is.EqualTo(spot));
            values[spot] = float.NegativeInfinity;
            Assert.That(Tensor.From<float>(values, [3000], Device).Sum().Item(), Is.EqualTo(double.NegativeInfinity));
        }

        Tensor lowest = Tensor.Full([70, 3], double.NegativeInfinity, DType.Float32, Device);
        Assert.That(lowest.ArgMax(0).ToArray<long>(), Is.EqualTo(new long[3]));
    }

    [Test]
    public void EmptyAxis_GivesTheIdentity()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Zeros([3, 0], DType.Float32, Device);
        Assert.That(x.Sum(1).ToArray<float>(), Is.EqualTo(new float[] { 0, 0, 0 }));
        Assert.That(x.Prod(1).ToArray<float>(), Is.EqualTo(new float[] { 1, 1, 1 }));
    }

    [Test]
    public void Sum_OfManyEqualValues_IsAccurate()
    {
        // A single float32 chain would stop growing at 2²⁴ times the addend.
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Full([1_000_001, 3], 0.1, DType.Float32, Device);
        double exact = 1_000_001 * (double)0.1f;
        Assert.That(x.Sum(0).ToArray<float>(), Is.All.EqualTo(exact).Within(exact * 1e-6));
        Assert.That(x.Sum().Item(), Is.EqualTo(3 * exact).Within(3 * exact * 1e-6));
    }

    [Test]
    public void Reduction_CutIntoLaunches_MatchesReference()
    {
        var backend = (GpuBackend)Device.Backend;
        long usual = backend.MostElementsOfLaunch;
        backend.MostElementsOfLaunch = 500;
        try
        {
            SeveralAccumulators_WithPrologueEpilogueAndNumbers_MatchReference();
        }
        finally
        {
            backend.MostElementsOfLaunch = usual;
        }
    }

    [Test]
    public void ManyGeneralInputs_MatchReference()
    {
        Expr sum = Expr.Input(0);
        for (int i = 1; i < MapProgram.MaxInputs; i++)
        {
            sum += Expr.Input(i) * (i + 1);
        }

        ReduceProgram program = ReduceProgram.Create(MapProgram.Compile(MapProgram.MaxInputs, sum), [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0)));
        Shape shape = [3, 4, 2, 5, 3, 2];
        Tensor[] inputs = [.. Enumerable.Range(0, MapProgram.MaxInputs).Select(i => Compare.Random(shape, i, -1, 1, DType.Float32).Flip(i % 6))];
        Check("sixteen inputs", program, inputs, [1, 3, 5], DType.Float32, []);
    }

    private void Check(string program, ReduceProgram code, Shape shape, int[] axes, DType dtype, string what, Func<Tensor, Tensor> layout)
    {
        using TensorScope scope = TensorScope.Begin();
        bool product = program == "product";
        Tensor x = layout(Compare.Random(shape, 3, product ? 0.9 : -4, product ? 1.1 : 4, dtype));
        DType result = code.Combiners[0].YieldsIndex() ? DType.Int64 : dtype;
        Check($"{program} of {what} {dtype.ShortName()} {shape} over {string.Join(", ", axes)}", code, [x], axes, result, []);
    }

    private void Check(string what, ReduceProgram program, Tensor[] inputs, int[] axes, DType result, double[] parameters)
    {
        using TensorScope scope = TensorScope.Begin();
        if (result == DType.Float64)
        {
            KernelDevices.RequireFloat64(Device);
        }

        AxisSet set = axes.Aggregate(default(AxisSet), (s, axis) => s.With(axis));
        Shape shape = axes.Aggregate(inputs[0].Shape, (s, axis) => s.With(axis, 1));
        Tensor[] expected = [.. Enumerable.Range(0, program.OutputCount).Select(_ => Tensor.Zeros(shape, result, Compare.Reference))];
        Tensor[] actual = [.. Enumerable.Range(0, program.OutputCount).Select(_ => Tensor.Zeros(shape, result, Device))];
        Reductions.Into(program, set, inputs, expected, parameters);
        Reductions.Into(program, set, [.. inputs.Select(x => OnDevice(x))], actual, parameters);
        for (int o = 0; o < actual.Length; o++)
        {
            Compare.AssertClose(actual[o], expected[o], Compare.Bound(result) * 4, $"{what}, output {o}");
        }
    }

    /// <summary>The same memory on the device under the same layout.</summary>
    private Tensor OnDevice(Tensor x) => Compare.SameLayout(x, Device);
}
