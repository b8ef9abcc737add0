using Engine.Cpu;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>Reductions by rows and by columns against the reference.</summary>
internal sealed class ReduceTests
{
    private static readonly (string Name, ReduceProgram Program)[] s_programs =
    [
        ("sum", ReduceProgram.Sum), ("product", ReduceProgram.Product), ("max", ReduceProgram.Max), ("min", ReduceProgram.Min),
        ("argmax", ReduceProgram.ArgMax), ("argmin", ReduceProgram.ArgMin), ("squares", ReduceProgram.SumOfSquares), ("any", ReduceProgram.Any),
        ("all", ReduceProgram.All),
    ];

    private static readonly (Shape Shape, int[] Axes)[] s_cases =
    [
        ([1], [0]), ([7], [0]), ([16], [0]), ([257], [0]), ([5000], [0]), ([300_000], [0]),
        ([3, 5], [0]), ([3, 5], [1]), ([3, 5], [0, 1]), ([40, 300], [0]), ([40, 300], [1]), ([300, 40], [0]), ([300, 40], [1]), ([400, 3], [0]),
        ([70_000, 5], [0]), ([3000, 100], [0]), ([2, 3, 4], [1]), ([2, 3, 4], [0, 2]), ([6, 5, 49], [0, 2]), ([6, 5, 300], [0, 2]),
        ([6, 5, 300], [1]), ([8, 3, 2, 33], [1, 3]), ([5, 1, 7], [1]), ([300, 2], [1]),
    ];

    public static IEnumerable<TestCaseData> Levels => SimdWidths.All.Select(level => new TestCaseData(level));

    [TestCaseSource(nameof(Levels))]
    public void EveryProgram_EveryShape_MatchesReference(SimdLevel level)
    {
        foreach ((string name, ReduceProgram program) in s_programs)
        {
            foreach ((Shape shape, int[] axes) in s_cases)
            {
                foreach (DType dtype in (DType[])[DType.Float32, DType.Float64, DType.Int32])
                {
                    // The large shapes are there for chunks; the reference takes its time over them.
                    if (shape.ElementCount > 20_000 && (dtype != DType.Float32 || name is not ("sum" or "argmax")))
                    {
                        continue;
                    }
                    bool product = name == "product";
                    Tensor x = CpuLevels.Random(shape, 3, product ? 0.9 : -4, product ? 1.1 : 4, dtype);
                    Check($"{name} of {shape} over {string.Join(", ", axes)}, {dtype.ShortName()}, {level}", level, program, [x], axes, static t => t);
                }
            }
        }
    }

    [TestCaseSource(nameof(Levels))]
    public void Layouts_MatchReference(SimdLevel level)
    {
        foreach ((string name, ReduceProgram program) in s_programs)
        {
            foreach ((Shape shape, int[] axes) in s_cases)
            {
                if (shape.ElementCount > 20_000)
                {
                    continue;
                }
                bool product = name == "product";
                Tensor x = CpuLevels.Random(shape, 4, product ? 0.9 : -2, product ? 1.1 : 2, DType.Float32);
                int[] reversed = [.. Enumerable.Range(0, shape.Rank).Reverse()];
                string what = $"{name} of {shape} over {string.Join(", ", axes)}, {level}";
                Check($"{what}, transposed", level, program, [x], axes, t => t.Permute(reversed).Contiguous().Permute(reversed));
                Check($"{what}, flipped", level, program, [x], axes, static t => t.Flip());
                Check($"{what}, stretched", level, program, [x], axes, t => t.Narrow(-1, 0, 1).Expand(shape));
            }
        }
    }

    [TestCaseSource(nameof(Levels))]
    public void SeveralAccumulators_WithPrologueAndEpilogue_MatchReference(SimdLevel level)
    {
        Expr x = Expr.Input(0), y = Expr.Input(1);
        ReduceProgram program = ReduceProgram.Create(
            MapProgram.Compile(2, x * y, Expr.Exp(x) + Expr.Index, Expr.Parameter(0)),
            [Combiner.Sum, Combiner.Max, Combiner.Sum],
            MapProgram.Compile(3, Expr.Input(0) / Expr.Input(2), Expr.Input(1) + Expr.Index, Expr.Input(0)));
        foreach ((Shape shape, int[] axes) in s_cases)
        {
            Tensor a = CpuLevels.Random(shape, 5, 0, 1, DType.Float32), b = CpuLevels.Random(shape, 6, 0, 1, DType.Float32);
            string what = $"{shape} over {string.Join(", ", axes)}, {level}";
            Check(what, level, program, [a, b], axes, static t => t, 0.5);
            Check($"{what}, stretched", level, program, [a, b], axes, t => t.Narrow(0, 0, 1).Expand(shape), 0.5);
        }
    }

    [TestCaseSource(nameof(Levels))]
    public void NaN_Wins(SimdLevel level)
    {
        CpuDevice device = CpuLevels.Device(level);
        foreach (Shape shape in (Shape[])[[70], [40, 70]])
        {
            for (int spot = 0; spot < 70; spot += 23)
            {
                float[] values = new float[shape.ElementCount];
                values[spot] = float.NaN;
                values[(spot + 1) % 70] = 5;
                Tensor x = Tensor.From<float>(values, shape, device);
                Assert.That(x.Max().Item(), Is.NaN);
                Assert.That(x.Min().Item(), Is.NaN);
                Assert.That(x.Sum().Item(), Is.NaN);
                Assert.That(x.ArgMax().Item(), Is.EqualTo(spot));
                Assert.That(x.Max(0).Flatten().Narrow(0, shape.Rank == 1 ? 0 : spot, 1).Item(), Is.NaN);
                Assert.That(x.ArgMin(0).Flatten().Narrow(0, shape.Rank == 1 ? 0 : spot, 1).Item(), Is.EqualTo(shape.Rank == 1 ? spot : 0));
            }
        }
    }

    /// <summary>Long rows are read at several places in turn: no element is left out or taken twice, wherever tiles, blocks and places end.</summary>
    [TestCaseSource(nameof(Levels))]
    public void LongRow_EveryElementCountsOnce(SimdLevel level)
    {
        CpuDevice device = CpuLevels.Device(level, threads: 2);
        Random random = new(6);
        foreach (int length in (int[])[4_095, 4_096, 8_191, 8_192, 16_385, 65_535, 65_537, 140_003, 300_001])
        {
            // Integers, whose sums are exact.
            float[] values = [.. Enumerable.Range(0, length).Select(_ => (float)random.Next(1, 20))];
            Tensor x = Tensor.From<float>(values, [length], device);
            Assert.That(x.Sum().Item(), Is.EqualTo(values.Sum(v => (double)v)), $"{length}");
            Assert.That(x.To(DType.Float64).Sum().Item(), Is.EqualTo(values.Sum(v => (double)v)), $"{length} in double precision");
            foreach (int at in (int[])[0, length / 4 - 1, length / 4, length / 2, length * 3 / 4, length - 2, length - 1, random.Next(length)])
            {
                float old = values[at];
                values[at] = 100;
                Assert.That(Tensor.From<float>(values, [length], device).Max().Item(), Is.EqualTo(100), $"{length}, largest at {at}");
                values[at] = float.NaN;
                Assert.That(Tensor.From<float>(values, [length], device).Min().Item(), Is.NaN, $"{length}, NaN at {at}");
                values[at] = old;
            }
        }
    }

    [Test]
    public void EmptyAxis_GivesTheIdentity()
    {
        CpuDevice device = CpuLevels.Device(CpuIsa.Level);
        Tensor x = Tensor.Zeros([3, 0], DType.Float32, device);
        Assert.That(x.Sum(1).ToArray<float>(), Is.EqualTo(new float[] { 0, 0, 0 }));
        Assert.That(x.Prod(1).ToArray<float>(), Is.EqualTo(new float[] { 1, 1, 1 }));
    }

    [Test]
    public void Sum_OfManyEqualValues_IsAccurate()
    {
        // A single float32 chain would stop growing at 2²⁴ times the addend.
        CpuDevice device = CpuLevels.Device(CpuIsa.Level);
        Tensor x = Tensor.Full([3_000_001, 3], 0.1, DType.Float32, device);
        double exact = 3_000_001 * (double)0.1f;
        Assert.That(x.Sum(0).ToArray<float>(), Is.All.EqualTo(exact).Within(exact * 1e-6));
        Assert.That(x.Sum().Item(), Is.EqualTo(3 * exact).Within(exact * 1e-6));
    }

    [Test]
    public void Threads_DoNotChangeBits()
    {
        foreach ((Shape shape, int[] axes) in s_cases)
        {
            Tensor x = CpuLevels.Random(shape, 9, -1, 1, DType.Float32);
            float[] one = x.To(CpuLevels.Device(CpuIsa.Level, 1)).Sum(axes).ToArray<float>();
            foreach (int threads in (int[])[2, 3])
            {
                float[] several = x.To(CpuLevels.Device(CpuIsa.Level, threads)).Sum(axes).ToArray<float>();
                Assert.That(several.AsSpan().SequenceEqual(one), $"{shape}, {threads} threads");
            }
        }
    }

    private static void Check(string what, SimdLevel level, ReduceProgram program, Tensor[] inputs, int[] axes, Func<Tensor, Tensor> layout, params double[] parameters)
    {
        using TensorScope scope = TensorScope.Begin();
        CpuDevice device = CpuLevels.Device(level);
        AxisSet set = axes.Aggregate(default(AxisSet), (s, axis) => s.With(axis));
        Shape shape = axes.Aggregate(inputs[0].Shape, (s, axis) => s.With(axis, 1));
        bool isIndex = program.Combiners[0].YieldsIndex();
        DType type = isIndex ? DType.Int64 : inputs[0].DType;
        Tensor[] expected = [.. Enumerable.Range(0, program.OutputCount).Select(_ => Tensor.Zeros(shape, type, ReferenceDevice.Shared))];
        Tensor[] actual = [.. Enumerable.Range(0, program.OutputCount).Select(_ => Tensor.Zeros(shape, type, device))];
        Reductions.Into(program, set, [.. inputs.Select(layout)], expected, parameters);
        Reductions.Into(program, set, [.. inputs.Select(x => layout(x.To(device)))], actual, parameters);
        for (int o = 0; o < actual.Length; o++)
        {
            CpuLevels.AssertClose(actual[o], expected[o], isIndex ? 0 : inputs[0].DType == DType.Float32 ? 2e-5 : 1e-10, $"{what}, output {o}");
        }
    }
}
