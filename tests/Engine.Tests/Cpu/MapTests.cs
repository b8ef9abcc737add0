using Engine.Cpu;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>The tile interpreter against the reference evaluation, for every operation, vector width, type and layout.</summary>
internal sealed class MapTests
{
    private static readonly int[] s_sizes = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 255, 256, 257, 2047, 2049, 16385];

    private static readonly Expr s_x = Expr.Input(0);
    private static readonly Expr s_y = Expr.Input(1);
    private static readonly Expr s_z = Expr.Input(2);

    public static IEnumerable<TestCaseData> Levels => SimdWidths.All.Select(level => new TestCaseData(level));

    [TestCaseSource(nameof(Levels))]
    public void EveryOperation_EverySize_MatchesReference(SimdLevel level)
    {
        foreach (ScalarOp op in ScalarOp.All)
        {
            if (op.IsLeaf)
            {
                continue;
            }
            MapProgram program = MapProgram.Compile(op.Arity, Make(op));
            foreach (DType dtype in (DType[])[DType.Float32, DType.Float64, DType.Int32, DType.Int64])
            {
                if (dtype.IsFloatingPoint() ? !program.SupportsFloatingPoint : !program.SupportsInteger)
                {
                    continue;
                }
                foreach (int size in s_sizes)
                {
                    (double low, double high) = dtype.IsFloatingPoint() ? op.Domain : (-5, 6);
                    Tensor[] inputs = [.. Enumerable.Range(0, op.Arity).Select(i => CpuLevels.Random([size], size + i, low, high, dtype))];
                    Check($"{op}, {dtype.ShortName()}, n = {size}, {level}", level, program, inputs, dtype);
                }
            }
        }
    }

    [TestCaseSource(nameof(Levels))]
    public void Layouts_MatchReference(SimdLevel level)
    {
        MapProgram program = MapProgram.Compile(3, (s_x * s_y) + Expr.Where(s_z > 0, s_x - s_y, Expr.Parameter(0)), s_x + s_z);
        foreach (Shape shape in (Shape[])[[300], [5, 300], [300, 5], [3, 4, 5], [2, 3, 257], [17, 1, 19], [2, 3, 4, 5, 6]])
        {
            Tensor[] inputs = [.. Enumerable.Range(0, 3).Select(i => CpuLevels.Random(shape, i, -2, 2, DType.Float32))];
            foreach ((string name, Func<Tensor, Tensor> layout) in Variants)
            {
                for (int k = 0; k < 3; k++)
                {
                    Tensor[] varied = [.. inputs];
                    varied[k] = layout(inputs[k]);
                    Check($"{shape}, input {k} {name}, {level}", level, program, varied, DType.Float32, layout, 0.75);
                }
            }
        }
    }

    [TestCaseSource(nameof(Levels))]
    public void KnownFormulas_GiveTheBitsOfTheirSteps(SimdLevel level)
    {
        Expr sum = s_x + s_y, bounded = Expr.Max(sum, -KnownFormulas.FarOut);
        foreach ((string name, Expr formula) in ((string, Expr)[])[("gelu", Expr.Gelu(sum)), ("silu", Expr.Silu(sum))])
        {
            // A value between the steps that is asked for as well keeps them apart.
            MapProgram found = MapProgram.Compile(2, formula * s_y), apart = MapProgram.Compile(2, formula * s_y, bounded), sumIsAsked = MapProgram.Compile(2, formula, sum);
            foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
            {
                Assert.That(TileCompiler.Compile(found, dtype, level, keepsTiles: false).Steps, Has.Length.EqualTo(2), name);
                Assert.That(TileCompiler.Compile(sumIsAsked, dtype, level, keepsTiles: false).Steps, Has.Length.EqualTo(2), name);
                Assert.That(TileCompiler.Compile(apart, dtype, level, keepsTiles: false).Steps, Has.Length.GreaterThan(5), name);
                double[] special = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 0, 1e30, -1e30, -2e4, 1e-40, -1e-30];
                foreach (int size in s_sizes)
                {
                    Tensor x = CpuLevels.Random([size], size, -9, 9, dtype);
                    double[] values = x.To(DType.Float64).ToArray<double>();
                    for (int i = 0; i < size; i += 3)
                    {
                        values[i] = special[i / 3 % special.Length];
                    }

                    CpuDevice device = CpuLevels.Device(level);
                    x = Tensor.From<double>(values, [size], device).To(dtype);
                    Tensor y = CpuLevels.Random([size], 3, -0.25, 0.25, dtype).To(device);
                    Tensor one = x.EmptyLike(), first = x.EmptyLike(), second = x.EmptyLike();
                    Pointwise.Into(one, found, [x, y]);
                    Pointwise.Into([first, second], apart, [x, y]);
                    Assert.That(one.To(DType.Float64).ToArray<double>(), Is.EqualTo(first.To(DType.Float64).ToArray<double>()), $"{name}, {dtype.ShortName()}, n = {size}, {level}");
                }
            }
        }
    }

    [TestCaseSource(nameof(Levels))]
    public void KnownFormulas_OfEachOther_AreFoundBoth(SimdLevel level)
    {
        MapProgram program = MapProgram.Compile(2, Expr.Silu(Expr.Gelu(s_x) + s_y), Expr.Gelu(Expr.Gelu(s_y)), Expr.Gelu((s_x * s_y) + s_x));
        Assert.That(TileCompiler.Compile(program, DType.Float32, level, keepsTiles: false).Steps, Has.Length.EqualTo(6));
        Check($"formulas of formulas, {level}", level, program, [CpuLevels.Random([300], 1, -3, 3, DType.Float32), CpuLevels.Random([300], 2, -3, 3, DType.Float32)], DType.Float32);
    }

    [TestCaseSource(nameof(Levels))]
    public void GradientsOfActivations_GiveTheBitsOfTheirSteps(SimdLevel level)
    {
        foreach ((string name, Func<Expr, Expr> function) in ((string, Func<Expr, Expr>)[])[("gelu", Expr.Gelu), ("silu", Expr.Silu)])
        {
            // The gradient of the function's negative is another program; it takes that of dy first.
            MapProgram found = MapGradient.For(MapProgram.Compile(1, function(s_x)), 1).Program, apart = MapGradient.For(MapProgram.Compile(1, -function(s_x)), 1).Program;
            double[] special = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 0, 1e30, -1e30, -2e4, KnownFormulas.FarOut, -KnownFormulas.FarOut, 1e-40, 14];
            foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
            {
                Assert.That(TileCompiler.Compile(found, dtype, level, keepsTiles: false).Steps, Has.Length.EqualTo(1), name);
                Assert.That(TileCompiler.Compile(apart, dtype, level, keepsTiles: false).Steps, Has.Length.GreaterThan(10), name);
                foreach (int size in s_sizes)
                {
                    CpuDevice device = CpuLevels.Device(level);
                    double[] values = CpuLevels.Random([size], size, -9, 9, dtype).To(DType.Float64).ToArray<double>();
                    for (int i = 5; i < size; i += 7)
                    {
                        values[i] = special[i / 7 % special.Length];
                    }

                    Tensor x = Tensor.From<double>(values, [size], device).To(dtype), dy = CpuLevels.Random([size], 3, -2, 2, dtype).To(device);
                    Tensor one = x.EmptyLike(), steps = x.EmptyLike();
                    Pointwise.Into(one, found, [dy, x]);
                    Pointwise.Into(steps, apart, [-dy, x]);
                    Assert.That(one.To(DType.Float64).ToArray<double>(), Is.EqualTo(steps.To(DType.Float64).ToArray<double>()), $"{name}, {dtype.ShortName()}, n = {size}, {level}");
                }
            }
        }
    }

    [TestCaseSource(nameof(Levels))]
    public void Outputs_MayBeInputs(SimdLevel level)
    {
        // Each output overwrites an input that the other still needs.
        MapProgram program = MapProgram.Compile(2, s_x + (2 * s_y), s_y - Expr.Exp(s_x), s_x);
        foreach (int size in s_sizes)
        {
            Tensor x = CpuLevels.Random([size], 1, -1, 1, DType.Float32), y = CpuLevels.Random([size], 2, -1, 1, DType.Float32);
            Tensor first = x + (y * 2), second = y - x.Exp();
            Tensor a = x.To(CpuLevels.Device(level)), b = y.To(CpuLevels.Device(level)), c = a.EmptyLike();
            Pointwise.Into([b, a, c], program, [a, b]);
            CpuLevels.AssertClose(b, first, 1e-6, $"first, n = {size}");
            CpuLevels.AssertClose(a, second, 1e-6, $"second, n = {size}");
            CpuLevels.AssertClose(c, x, 0, $"third, n = {size}");
        }
    }

    [TestCaseSource(nameof(Levels))]
    public void Conversions_MatchReference(SimdLevel level)
    {
        DType[] types = Enum.GetValues<DType>();
        foreach (DType from in types)
        {
            Tensor x = CpuLevels.Random([37], 5, from is DType.Bool or DType.UInt8 ? 0 : -300, 300, from);
            foreach (DType to in types)
            {
                Tensor expected = x.To(to), actual = x.To(CpuLevels.Device(level)).To(to);
                CpuLevels.AssertClose(actual, expected, 0, $"{from.ShortName()} to {to.ShortName()}, {level}");
            }
        }
    }

    [TestCaseSource(nameof(Levels))]
    public void RandomAndIndex_CountByElement(SimdLevel level)
    {
        MapProgram program = MapProgram.Compile(1, s_x + Expr.Index, Expr.Random(0), Expr.Random(4) * s_x);
        double[] parameters = [1, 2, 3, 4, uint.MaxValue, 6, 7, 8];
        foreach (Shape shape in (Shape[])[[1], [5], [1000], [3, 7], [4, 300], [300, 4]])
        {
            foreach (bool transposed in (bool[])[false, true])
            {
                Tensor x = CpuLevels.Random(shape, 3, -1, 1, DType.Float32);
                if (transposed)
                {
                    x = Transposed(x);
                }
                Tensor[] actual = Outputs(CpuLevels.Device(level), 3, x, transposed), expected = Outputs(ReferenceDevice.Shared, 3, x, transposed);
                Pointwise.Into(actual, program, [x.To(CpuLevels.Device(level))], parameters);
                Pointwise.Into(expected, program, [x], parameters);
                for (int o = 0; o < 3; o++)
                {
                    CpuLevels.AssertClose(actual[o], expected[o], 1e-6, $"{shape}, output {o}, transposed {transposed}");
                }
            }
        }
    }

    [TestCaseSource(nameof(Levels))]
    public void OptimizerPrograms_MatchReference(SimdLevel level)
    {
        double[] parameters = [0.99, 5e-4, 0.01, 0.9, 0.1, 0.999, 0.001, 1.25, 1e-8];
        foreach (MapProgram program in (MapProgram[])[OptimizerPrograms.Adam, OptimizerPrograms.SgdMomentum, OptimizerPrograms.Sgd, OptimizerPrograms.AmsGrad])
        {
            foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
            {
                foreach (int size in s_sizes)
                {
                    Tensor[] inputs = [.. Enumerable.Range(0, program.InputCount).Select(i => CpuLevels.Random([size], i, i < 3 ? -1 : 0.1, 1, dtype))];
                    Check($"{program}, {dtype.ShortName()}, n = {size}, {level}", level, program, inputs, dtype, null, parameters);
                    // In place, the way optimizers call it: the states follow the gradient.
                    Tensor[] moved = [.. inputs.Select(x => x.To(CpuLevels.Device(level)))];
                    Tensor[] expected = [.. inputs.Where((_, i) => i != 1).Take(program.OutputCount).Select(x => x.EmptyLike())];
                    Tensor[] overwritten = [.. moved.Where((_, i) => i != 1).Take(program.OutputCount)];
                    Pointwise.Into(expected, program, inputs, parameters);
                    Pointwise.Into(overwritten, program, moved, parameters);
                    for (int o = 0; o < expected.Length; o++)
                    {
                        CpuLevels.AssertClose(overwritten[o], expected[o], 2e-6, $"{program} in place, output {o}, n = {size}");
                    }
                }
            }
        }
    }

    [TestCaseSource(nameof(Levels))]
    public void Copies_OfEveryTypeAndLayout_MatchReference(SimdLevel level)
    {
        foreach (DType dtype in Enum.GetValues<DType>())
        {
            foreach (Shape shape in (Shape[])[[5], [300], [3, 5], [17, 33], [64, 64], [70, 131], [3, 40, 50], [2, 3, 4, 5]])
            {
                Tensor x = CpuLevels.Random(shape, 7, 0, 100, dtype), there = x.To(CpuLevels.Device(level));
                foreach (int[] axes in Permutations(shape.Rank))
                {
                    CpuLevels.AssertClose(there.Permute(axes).Contiguous(), x.Permute(axes).Contiguous(), 0, $"{dtype.ShortName()} {shape}, {string.Join(", ", axes)}, {level}");
                    Tensor target = Tensor.Zeros(x.Permute(axes).Shape, dtype, there.Device);
                    int[] back = [.. Enumerable.Range(0, axes.Length).Select(a => Array.IndexOf(axes, a))];
                    Pointwise.Into(target.Permute(back), Programs.Copy, [there]);
                    CpuLevels.AssertClose(target, x.Permute(axes), 0, $"into {dtype.ShortName()} {shape}, {string.Join(", ", axes)}, {level}");
                }
            }
        }
    }

    [Test]
    public void Random_EveryOffset_MatchesTheScalarGenerator()
    {
        CpuDevice device = CpuLevels.Device(CpuIsa.Level);
        for (int size = 1; size < 70; size++)
        {
            Tensor y = Tensor.Zeros([3, size], DType.Float32, device);
            Pointwise.Into(y, MapProgram.Compile(0, Expr.Random(0)), [], [7, uint.MaxValue, 11, 13]);
            float[] values = y.ToArray<float>();
            for (int i = 0; i < values.Length; i++)
            {
                Assert.That(values[i], Is.EqualTo(Philox.Uniform(7, uint.MaxValue, 11, 13, i)), $"element {i} of {size}");
            }
        }
    }

    [Test]
    public void Threads_DoNotChangeBits()
    {
        MapProgram program = MapProgram.Compile(2, Expr.Erf(s_x * s_y) + Expr.Tanh(s_x), Expr.Random(0));
        Tensor x = CpuLevels.Random([3, 70_001], 1, -2, 2, DType.Float32), y = CpuLevels.Random([70_001], 2, -2, 2, DType.Float32);
        float[][][] results = [.. ((int[])[1, 2, 3, 5]).Select(threads =>
        {
            CpuDevice device = CpuLevels.Device(CpuIsa.Level, threads);
            Tensor[] outputs = [Tensor.Empty(x.Shape, DType.Float32, device), Tensor.Empty(x.Shape, DType.Float32, device)];
            Pointwise.Into(outputs, program, [x.To(device), y.To(device)], [1, 2, 3, 4]);
            return outputs.Select(o => o.ToArray<float>()).ToArray();
        })];
        foreach (float[][] result in results[1..])
        {
            Assert.That(result[0].AsSpan().SequenceEqual(results[0][0]));
            Assert.That(result[1].AsSpan().SequenceEqual(results[0][1]));
        }
    }

    [Test]
    public void NaN_Passes()
    {
        CpuDevice device = CpuLevels.Device(CpuIsa.Level);
        Tensor x = Tensor.From<float>([float.NaN, -1, 2, float.NaN], device);
        Assert.Multiple(() =>
        {
            Assert.That(x.Relu().ToArray<float>(), Is.EqualTo(new[] { float.NaN, 0, 2, float.NaN }));
            Assert.That((x + 1).ToArray<float>(), Is.EqualTo(new[] { float.NaN, 0, 3, float.NaN }));
        });
    }

    private static (string, Func<Tensor, Tensor>)[] Variants { get; } =
    [
        ("plain", static x => x),
        ("transposed", static x => Transposed(x)),
        ("flipped", static x => x.Flip().Contiguous().Flip()),
        ("stretched at the end", static x => x.Narrow(-1, 0, 1).Expand(x.Shape)),
        ("stretched at the start", static x => x.Narrow(0, 0, 1).Expand(x.Shape)),
        ("one value", static x => x.Reshape(-1).Narrow(0, 0, 1).Reshape(shape: new Shape([.. Enumerable.Repeat(1, x.Rank)])).Expand(x.Shape)),
    ];

    private static Tensor Transposed(Tensor x)
    {
        int[] axes = [.. Enumerable.Range(0, x.Rank).Reverse()];
        return x.Permute(axes).Contiguous().Permute(axes);
    }

    private static IEnumerable<int[]> Permutations(int rank) => rank == 0 ? [[]]
        : Permutations(rank - 1).SelectMany(p => Enumerable.Range(0, rank).Select(at => (int[])[.. p[..at], rank - 1, .. p[at..]]));

    private static Expr Make(ScalarOp op) => op.Arity switch
    {
        1 => new Expr(op.Opcode, s_x),
        2 => new Expr(op.Opcode, s_x, s_y),
        _ => new Expr(op.Opcode, s_x, s_y, s_z),
    };

    private static Tensor[] Outputs(Device device, int count, Tensor like, bool transposed)
        => [.. Enumerable.Range(0, count).Select(_ =>
        {
            Tensor y = Tensor.Zeros(like.Shape, like.DType, device);
            return transposed ? Transposed(y) : y;
        })];

    // A copy to another device is row-major: the layout has to be made there.
    private static void Check(
        string what, SimdLevel level, MapProgram program, Tensor[] inputs, DType dtype, Func<Tensor, Tensor>? layout = null, params double[] parameters)
    {
        using TensorScope scope = TensorScope.Begin();
        CpuDevice device = CpuLevels.Device(level);
        Tensor[] moved = [.. inputs.Select(x => layout is null || x.IsContiguous ? x.To(device) : layout(x.Contiguous().To(device)))];
        Tensor[] expected = [.. program.Outputs.ToArray().Select(_ => Tensor.Zeros(inputs[0].Shape, dtype, ReferenceDevice.Shared))];
        Tensor[] actual = [.. program.Outputs.ToArray().Select(_ => Tensor.Zeros(inputs[0].Shape, dtype, device))];
        Pointwise.Run(program, dtype, inputs[0].Shape, inputs, expected, parameters);
        Pointwise.Run(program, dtype, inputs[0].Shape, moved, actual, parameters);
        for (int o = 0; o < actual.Length; o++)
        {
            CpuLevels.AssertClose(actual[o], expected[o], dtype == DType.Float32 ? 2e-6 : 1e-14, $"{what}, output {o}");
        }
    }
}
