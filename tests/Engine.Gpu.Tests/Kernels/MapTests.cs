using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Pointwise programs over every layout, type and size against plain loops.</summary>
[TestFixtureSource(typeof(KernelDevices), nameof(KernelDevices.All))]
internal sealed class MapTests(string name)
{
    private static readonly MapProgram s_blend = MapProgram.Compile(3, (Expr.Input(0) * Expr.Parameter(0)) + Expr.Max(Expr.Input(1), Expr.Input(2)));

    private static readonly Shape[] s_shapes =
        [[], [1], [3], [17], [127], [1025], [4096], [4099], [5, 17], [64, 64], [1, 129, 3], [2, 3, 4, 5], [2, 3, 2, 3, 2, 3], [2, 1, 2, 3, 2, 1, 2, 3]];

    private Device Device => KernelDevices.Get(name);

    [Test]
    public void EverySizeAndRank_MatchesReference()
    {
        foreach (Shape shape in s_shapes)
        {
            Check("dense", s_blend, DType.Float32, [Values(shape, 1), Values(shape, 2), Values(shape, 3)], DType.Float32);
        }
    }

    [Test]
    public void EveryLayout_MatchesReference()
    {
        foreach (Shape shape in s_shapes)
        {
            if (shape.Rank == 0)
            {
                continue;
            }

            int[] reversed = [.. Enumerable.Range(0, shape.Rank).Reverse()];
            Tensor transposed = Values(shape, 1).Permute(reversed).Contiguous().Permute(reversed);
            Tensor flipped = Values(shape, 2).Flip();
            Tensor row = Values([shape[-1]], 3).Expand(shape), column = Values(shape.With(-1, 1), 4).Expand(shape), one = Values([], 5).Expand(shape);
            Tensor inside = Values(shape.With(-1, shape[-1] + 3), 6).Narrow(-1, 2, shape[-1]);
            Check("transposed, flipped, inside", s_blend, DType.Float32, [transposed, flipped, inside], DType.Float32);
            Check("row, column, one", s_blend, DType.Float32, [row, column, one], DType.Float32);
            Check("all transposed", s_blend, DType.Float32, [transposed, transposed, transposed], DType.Float32, y => y.Permute(reversed).Contiguous().Permute(reversed));
            Check("into a part", s_blend, DType.Float32, [transposed, row, one], DType.Float32, y => Grown(y).Narrow(-1, 1, shape[-1]));
        }
    }

    [Test]
    public void EveryType_IsConverted([Values] DType type)
    {
        MapProgram copy = MapProgram.Compile(1, Expr.Input(0));
        foreach ((DType from, DType to) in ((DType, DType)[])[(type, DType.Float32), (DType.Float32, type), (DType.Int64, type), (type, type)])
        {
            DType compute = from.IsFloatingPoint() ? from.ComputeType() : DType.Int64;
            Tensor x = Compare.Random([4099], 7, from == DType.Bool ? 0 : 0.25, from == DType.Bool ? 2 : 100, from);
            Check($"{from} to {to}", copy, compute, [x], to);
        }
    }

    [Test]
    public void IndexAndRandom_AreTheSameEverywhere_AlsoInParts()
    {
        MapProgram program = MapProgram.Compile(1, Expr.Input(0) + Expr.Index, Expr.Random(0));
        var backend = (GpuBackend)Device.Backend;
        long usual = backend.MostElementsOfLaunch;
        try
        {
            foreach (long most in (long[])[usual, 1000])
            {
                backend.MostElementsOfLaunch = most;
                foreach (Shape shape in (ReadOnlySpan<Shape>)[[4099], [64, 65], [3, 5, 7, 11]])
                {
                    Tensor x = Values(shape, 1);
                    Check("dense", program, DType.Float32, [x], DType.Float32, null, 0xFFFFFFFE, 7, 0xFFFFFFFF, 3);
                    Check("flipped", program, DType.Float32, [x.Flip()], DType.Float32, null, 1, 2, 3, 4);
                }
            }
        }
        finally
        {
            backend.MostElementsOfLaunch = usual;
        }
    }

    [Test]
    public void ParametersInMemory_AndDrawOffset_AreRead()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Values([5000], 1).To(Device), y = Tensor.Empty([5000], DType.Float32, Device), z = y.EmptyLike();
        Tensor memory = Tensor.From<float>([9, 2.5f], [2], Device);
        MapProgram scale = MapProgram.Compile(1, Expr.Input(0) * Expr.Parameter(1));
        Run(scale, x, y, [], memory.Operand, null);
        Run(scale, x, z, [9, 2.5], null, null);
        Assert.That(y.ToArray<float>(), Is.EqualTo(z.ToArray<float>()));

        // 2³² + 2 draws on from draw 2³² − 1 is draw 2³³ + 1.
        MapProgram draw = MapProgram.Compile(1, Expr.Random(0));
        Run(draw, x, y, [5, 6, uint.MaxValue, 0], null, Tensor.From<long>([(1L << 32) + 2], [1], Device).Operand);
        Run(draw, x, z, [5, 6, 1, 2], null, null);
        Assert.That(y.ToArray<float>(), Is.EqualTo(z.ToArray<float>()));
    }

    [Test]
    public void Output_MayBeAnInput()
    {
        using TensorScope scope = TensorScope.Begin();
        foreach (Shape shape in (ReadOnlySpan<Shape>)[[5003], [70, 80]])
        {
            Tensor x = Values(shape, 1), y = x.To(Device);
            Tensor view = shape.Rank == 2 ? y.Permute(1, 0) : y;
            Run(MapProgram.Compile(1, Expr.Input(0) + 1), view, view, [], null, null);
            Compare.AssertClose(y, x + 1, 0, $"{shape}");
        }
    }

    [Test]
    public void OperandsThatLieAcross_GoThroughTiles_MatchReference([Values] DType type)
    {
        MapProgram copy = MapProgram.Compile(1, Expr.Input(0));
        DType compute = type.IsFloatingPoint() ? type.ComputeType() : DType.Int64;
        ThroughTiles(() =>
        {
            foreach (Shape shape in (ReadOnlySpan<Shape>)[[16, 16], [33, 65], [2, 40, 17], [3, 16, 2, 31], [2, 2, 2, 17, 33]])
            {
                // NCHW to NHWC, [B, T, H, D] to [B, H, T, D] and all the others: each axis once in front of the last.
                for (int axis = 0; axis < shape.Rank; axis++)
                {
                    Tensor x = Compare.Random(shape, axis, type == DType.Bool ? 0 : 0.25, type == DType.Bool ? 2 : 100, type);
                    Check("moved to the end", copy, compute, [Moved(x, axis, shape.Rank - 1)], type);
                    Check("moved to the front, inside", copy, compute, [Moved(x, shape.Rank - 1, axis).Narrow(0, 1, shape[axis == 0 ? -1 : 0] - 1)], type);
                }
            }
        });
    }

    [Test]
    public void ProgramsOverOperandsThatLieAcross_MatchReference()
    {
        MapProgram four = MapProgram.Compile(
            5, (Expr.Input(0) * Expr.Parameter(0)) + Expr.Max(Expr.Input(1), Expr.Input(2)), Expr.Input(0) + Expr.Input(3) + Expr.Input(4));
        ThroughTiles(() =>
        {
            foreach (Shape shape in (ReadOnlySpan<Shape>)[[33, 65], [3, 40, 17]])
            {
                Shape across = shape.With(-1, shape[-2]).With(-2, shape[-1]);
                Tensor Across(int seed) => Values(across, seed).Transpose(-1, -2);
                Tensor row = Values([shape[-1]], 3).Expand(shape), column = Values(shape.With(-1, 1), 4).Expand(shape), one = Values([], 5).Expand(shape);
                Check("two across", four, DType.Float32, [Across(1), Across(2), Values(shape, 3), row, one], DType.Float32);
                Check("four across", four, DType.Float32, [Across(1), Across(2), Across(3), Across(4), column], DType.Float32);
                Check("flipped", four, DType.Float32, [Across(1).Flip(-1), Values(shape, 2).Flip(), Across(3), row, one], DType.Float32);
                Check("into across", four, DType.Float32, [Values(shape, 1), Across(2), Values(shape, 3), row, one], DType.Float32, static y => y.Transpose(-1, -2).Contiguous().Transpose(-1, -2));
                Check("into a part", four, DType.Float32, [Across(1), Values(shape, 2), one, row, column], DType.Float32, y => Grown(y).Narrow(-1, 1, shape[-1]));
            }
        });
    }

    [Test]
    public void ManyOperands_OfAnyLayout_MatchReference()
    {
        Expr sum = Expr.Input(0);
        for (int i = 1; i < MapProgram.MaxInputs; i++)
        {
            sum += Expr.Input(i) * (i + 1);
        }

        MapProgram program = MapProgram.Compile(MapProgram.MaxInputs, [.. Enumerable.Range(0, MapProgram.MaxOutputs).Select(i => sum + i)]);
        Shape shape = [3, 4, 2, 5, 3, 2];
        Check("dense", program, DType.Float32, [.. Enumerable.Range(0, MapProgram.MaxInputs).Select(i => Values(shape, i))], DType.Float32);
        Check("flipped", program, DType.Float32, [.. Enumerable.Range(0, MapProgram.MaxInputs).Select(i => Values(shape, i).Flip(i % 6))], DType.Float32);
    }

    [Test]
    public void Groups_MatchItemsOneByOne([Values] bool inPlace, [Values(18, 110)] int count)
    {
        using TensorScope scope = TensorScope.Begin();
        MapProgram program = MapProgram.Compile(3, (Expr.Input(0) * Expr.Input(2)) + Expr.Input(1), (Expr.Input(1) * Expr.Parameter(0)) + Expr.Index);
        int[] some = [1, 5, 1024, 4097, 300, 1, 9000, 64, 65, 3, 2, 1, 77, 1000, 5000, 12, 13, 14];
        int[] sizes = [.. Enumerable.Range(0, count).Select(i => i < some.Length ? some[i] : some[i % some.Length] % 100 + 1)];
        Tensor factor = Tensor.From<float>([1.5f], [1], Compare.Reference);
        List<Operand> inputs = [], outputs = [];
        List<Tensor> expected = [], actual = [];
        foreach (int size in sizes)
        {
            Tensor a = Values([size], size), b = Values([size], size + 1);
            Tensor aOnDevice = a.To(Device), bOnDevice = b.To(Device);
            inputs.AddRange([aOnDevice.Operand, bOnDevice.Operand, factor.To(Device).Expand([size]).Operand]);
            Tensor[] results = inPlace ? [aOnDevice, bOnDevice] : [aOnDevice.EmptyLike(), bOnDevice.EmptyLike()];
            outputs.AddRange([results[0].Operand, results[1].Operand]);
            actual.AddRange(results);
            expected.AddRange([(a * 1.5) + b, (b * 0.25) + Tensor.Arange(size, Compare.Reference).To(DType.Float32)]);
        }

        using LaunchCount launches = ((GpuDevice)Device).CountLaunches();
        Device.Backend.MapGroup(new MapGroupArgs
        {
            Program = program,
            ComputeType = DType.Float32,
            Count = sizes.Length,
            Inputs = inputs.ToArray(),
            Outputs = outputs.ToArray(),
            Parameters = [0.25],
        });
        int groups = launches.Kernels.Single(kernel => kernel.Name == "map_group").Launches;
        Assert.That(groups, Device.Kind == DeviceKind.Cuda ? Is.EqualTo(count > 100 ? 2 : 1) : Is.LessThanOrEqualTo((count + 7) / 8));
        for (int i = 0; i < actual.Count; i++)
        {
            Compare.AssertClose(actual[i], expected[i], 1e-6, $"item {i / 2}, output {i % 2}");
        }
    }

    private static Tensor Moved(Tensor x, int from, int to)
    {
        List<int> axes = [.. Enumerable.Range(0, x.Shape.Rank)];
        axes.RemoveAt(from);
        axes.Insert(to, from);
        return x.Permute([.. axes]);
    }

    private void ThroughTiles(Action test)
    {
        var backend = (GpuBackend)Device.Backend;
        long usual = backend.LeastElementsOfTransposition;
        if (backend.Target.IsProcessor)
        {
            Assert.Ignore("processors have caches instead of tiles");
        }

        backend.LeastElementsOfTransposition = 1;
        using LaunchCount count = ((GpuDevice)Device).CountLaunches();
        try
        {
            test();
        }
        finally
        {
            backend.LeastElementsOfTransposition = usual;
        }

        Assert.That(count.Kernels.Any(static kernel => kernel.Name == "map_transposed"));
    }

    private static Tensor Values(Shape shape, int seed) => Compare.Random(shape, seed, -4, 4, DType.Float32);

    private static Tensor Grown(Tensor y) => Tensor.Zeros(y.Shape.With(-1, y.Shape[-1] + 2), y.DType, y.Device);

    private static void Run(MapProgram program, Tensor x, Tensor y, double[] parameters, Operand? memory, Operand? drawOffset) =>
        y.Device.Backend.Map(new MapArgs
        {
            Program = program,
            ComputeType = DType.Float32,
            Shape = y.Shape,
            Inputs = [x.Operand],
            Outputs = [y.Operand],
            Parameters = parameters,
            ParameterMemory = memory,
            DrawOffset = drawOffset,
        });

    private void Check(string what, MapProgram program, DType compute, Tensor[] inputs, DType result, Func<Tensor, Tensor>? layout = null, params double[] parameters)
    {
        using TensorScope scope = TensorScope.Begin();
        Shape shape = inputs[0].Shape;
        parameters = parameters.Length == 0 ? [0.5] : parameters;
        Tensor[] expected = [.. Enumerable.Range(0, program.OutputCount).Select(_ => (layout ?? (static y => y))(Tensor.Zeros(shape, result, Compare.Reference)))];
        Tensor[] actual = [.. expected.Select(y => Compare.SameLayout(y, Device))];
        Map(Compare.Reference, program, compute, shape, inputs, expected, parameters);
        Map(Device, program, compute, shape, [.. inputs.Select(x => Compare.SameLayout(x, Device))], actual, parameters);
        for (int o = 0; o < actual.Length; o++)
        {
            Compare.AssertClose(actual[o], expected[o], Compare.Bound(result) * (program.InputCount > 4 ? 100 : 1), $"{what}, {shape}, output {o}");
        }
    }

    private static void Map(Device device, MapProgram program, DType compute, Shape shape, Tensor[] inputs, Tensor[] outputs, double[] parameters) =>
        device.Backend.Map(new MapArgs
        {
            Program = program,
            ComputeType = compute,
            Shape = shape,
            Inputs = Array.ConvertAll(inputs, x => x.Operand),
            Outputs = Array.ConvertAll(outputs, y => y.Operand),
            Parameters = parameters,
        });
}
