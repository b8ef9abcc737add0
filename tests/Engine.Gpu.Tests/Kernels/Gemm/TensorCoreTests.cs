using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>
/// Which products tensor cores multiply, and that of factors which their formats hold they make the bits of the strict mode; with every tile,
/// on the interpreter.
/// </summary>
internal sealed class TensorCoreTests
{
    private const int Volta = 75;

    private static readonly (MathMode Mode, DType Type)[] s_formats =
    [
        (MathMode.Tf32, DType.Float32), (MathMode.BFloat16, DType.Float32), (MathMode.Float16, DType.Float32), (MathMode.Strict, DType.BFloat16), (MathMode.Strict, DType.Float16),
    ];

    // Each tile of the menus, edges on both sides, depths that are no multiple of a slice or of a vector, and sums that are split.
    private static readonly (int M, int N, int K)[] s_sizes =
        [(64, 64, 64), (65, 70, 40), (130, 66, 20), (33, 129, 50), (127, 36, 33), (40, 36, 700), (130, 259, 37), (256, 256, 16), (64, 48, 1), (64, 48, 0)];

    private CudaDevice _device = null!;

    [OneTimeSetUp]
    public void OpenDevice() => _device = InterpretedCuda.CreateDevice();

    [OneTimeTearDown]
    public void CloseDevice() => _device.Dispose();

    [Test]
    public void Gemm_OfSmallWholeNumbers_HasTheBitsOfTheStrictMode(
        [ValueSource(nameof(s_formats))] (MathMode Mode, DType Type) format, [ValueSource(nameof(s_sizes))] (int M, int N, int K) size)
    {
        (double[] expected, string strict) = Multiply(_device, MathMode.Strict, DType.Float32, size);
        (double[] result, string kernels) = Multiply(_device, format.Mode, format.Type, size);
        Assert.That(kernels, Does.Contain("f16").Or.Contain("tf32"), "tensor cores multiply");
        Assert.That(strict, Does.Not.Contain("f16").And.Not.Contain("tf32"));
        Assert.That(result, Is.EqualTo(expected), kernels);
    }

    [Test]
    public void Gemm_OfSmallWholeNumbersInAnyPlacement_HasTheBitsOfTheStrictMode(
        [ValueSource(nameof(s_formats))] (MathMode Mode, DType Type) format, [Values] Placement a, [Values(0, 1)] int shift)
    {
        var b = (Placement)(((int)a + shift) % Enum.GetValues<Placement>().Length);
        foreach ((int m, int n, int k) in new[] { (72, 80, 48), (68, 76, 44), (67, 75, 43) })
        {
            (double[] expected, _) = Multiply(_device, MathMode.Strict, DType.Float32, (m, n, k), a, b);
            (double[] result, string kernels) = Multiply(_device, format.Mode, format.Type, (m, n, k), a, b);
            Assert.That(result, Is.EqualTo(expected), $"{m}x{n}x{k}: {kernels}");
        }
    }

    [Test]
    public void Gemm_LargeEnoughToRoundFactorsFirst_HasTheBitsOfTheStrictMode([Values(MathMode.BFloat16, MathMode.Float16)] MathMode mode, [Values] Placement a, [Values(0, 1)] int shift)
    {
        var b = (Placement)(((int)a + shift) % Enum.GetValues<Placement>().Length);
        GpuBackend backend = (GpuBackend)_device.Backend;
        int least = backend.LeastRounded;
        try
        {
            foreach ((int m, int n, int k) in new[] { (72, 80, 48), (67, 75, 43) })
            {
                (double[] expected, _) = Multiply(_device, MathMode.Strict, DType.Float32, (m, n, k), a, b);
                backend.LeastRounded = 43;
                (double[] result, string kernels) = Multiply(_device, mode, DType.Float32, (m, n, k), a, b);
                backend.LeastRounded = least;
                Assert.That(result, Is.EqualTo(expected), $"{m}x{n}x{k}: {kernels}");
                Assert.That(kernels, Does.Contain("round"), "rounded before");
                Assert.That(kernels, Does.Contain("async"), "rounded factors lie as the copies want them");
            }
        }
        finally
        {
            backend.LeastRounded = least;
        }
    }

    [Test]
    public void Gemm_WhereVectorsNeedNoConversion_CopiesThemAsynchronously([ValueSource(nameof(s_formats))] (MathMode Mode, DType Type) format)
    {
        bool isConverted = format.Type == DType.Float32 && format.Mode != MathMode.Tf32;
        Assert.That(Multiply(_device, format.Mode, format.Type, (72, 80, 48)).Kernels, isConverted ? Does.Not.Contain("async") : Does.Contain("async"));
        Assert.That(Multiply(_device, format.Mode, format.Type, (72, 80, 48), Placement.Spaced).Kernels, Does.Not.Contain("async"), "rows that are not aligned");
        Assert.That(Multiply(_device, format.Mode, format.Type, (67, 75, 43)).Kernels, Does.Not.Contain("async"), "no whole vectors");
    }

    [Test]
    public void Tile_OfEachMenu_HasTheBitsOfTheStrictMode(
        [Values(TileMath.Tf32, TileMath.Float16, TileMath.BFloat16)] object math, [Values] bool isConverted, [Values] bool isTransposed)
    {
        var format = (TileMath)math;
        DType element = isConverted || format == TileMath.Tf32 ? DType.Float32 : format.HalfType;
        foreach (TileFlow flow in Enum.GetValues<TileFlow>().Where(flow => flow != TileFlow.Warpgroups && (flow == TileFlow.Converted) == isConverted))
        {
            foreach ((GemmTile tile, _) in GemmPlan.Menu(new TileFactors(format, flow)).Where(static entry => entry.Tile.Math != TileMath.Fma))
            {
                // Edges on both sides; a short slice and more of them than there are buffers.
                (int m, int n, int k) = (tile.BM + 8, tile.BN + 8, (4 * tile.BK) + 8);
                (Placement a, Placement b) = isTransposed ? (Placement.Reversed, Placement.Reversed) : (Placement.Dense, Placement.Dense);
                (double[] expected, _) = Multiply(_device, MathMode.Strict, DType.Float32, (m, n, k), a, b);
                Assert.That(Multiply(tile, element, (m, n, k), a, b), Is.EqualTo(expected), $"{tile.Name} of {element}");
            }
        }
    }

    [TestCaseSource(nameof(s_formats))]
    public void Gemm_OfAMatrixWithItself_ReadsItTwice((MathMode Mode, DType Type) format)
    {
        const int Rows = 70, Depth = 40;
        DeviceArray x = Whole(_device, format.Type, [Rows, Depth], 1), c = new(_device, DType.Float32, [Rows, Rows], new double[Rows * Rows], Placement.Dense);
        Operand operand = x;
        Run(_device, format.Mode, () => Product(_device, new GemmArgs
        {
            A = operand,
            B = operand.With(new Layout([Depth, Rows], [1, Depth], operand.Layout.Offset)),
            C = c,
        }));
        double[] result = c.Read();
        for (int i = 0; i < result.Length; i++)
        {
            double sum = 0;
            for (int d = 0; d < Depth; d++)
            {
                sum += x.Values[(i / Rows * Depth) + d] * x.Values[(i % Rows * Depth) + d];
            }

            Assert.That(result[i], Is.EqualTo(sum), $"element {i}");
        }
    }

    [Test]
    public void Choose_OtherTypesThanOneFormatOfSingles_LeavesThemToTheOtherUnits()
    {
        GpuTarget card = _device.Driver.Target;
        TileMath Choose(MathMode mode, DType left, DType right, DType compute = DType.Float32) => TileMaths.Choose(card, mode, left, right, compute);
        Assert.That(Choose(MathMode.Strict, DType.Float32, DType.Float32), Is.EqualTo(TileMath.Fma));
        Assert.That(Choose(MathMode.Tf32, DType.Float64, DType.Float64, DType.Float64), Is.EqualTo(TileMath.Fma));
        Assert.That(Choose(MathMode.Tf32, DType.Float32, DType.Float32, DType.Float64), Is.EqualTo(TileMath.Fma));
        Assert.That(Choose(MathMode.Tf32, DType.Float32, DType.Float16), Is.EqualTo(TileMath.Fma));
        Assert.That(Choose(MathMode.BFloat16, DType.Int32, DType.Int32), Is.EqualTo(TileMath.Fma));
        Assert.That(Choose(MathMode.Tf32, DType.BFloat16, DType.BFloat16), Is.EqualTo(TileMath.BFloat16), "a mode is for float32 alone");
        Assert.That(Choose(MathMode.Float16, DType.Float32, DType.Float32), Is.EqualTo(TileMath.Float16));
    }

    [Test]
    public void Choose_WithoutTensorCores_IsTheStrictMode([Values] MathMode mode, [Values(DType.Float32, DType.Float16, DType.BFloat16)] DType dtype)
    {
        GpuTarget card = _device.Driver.Target;
        Assert.That(TileMaths.Choose(card with { ComputeCapability = Volta }, mode, dtype, dtype, DType.Float32), Is.EqualTo(TileMath.Fma));
        Assert.That(TileMaths.Choose(card with { Api = GpuApi.OpenCl }, mode, dtype, dtype, DType.Float32), Is.EqualTo(TileMath.Fma));
    }

    [Test]
    public void Choose_OfATile_TakesTensorCoresWhereTheyAreInUse()
    {
        GpuTarget card = _device.Driver.Target with { ComputeUnits = 132, ComputeCapability = 90 };
        foreach (TileFlow flow in Enum.GetValues<TileFlow>())
        {
            GemmTile Choose(int m, int n, int k) => GemmPlan.Choose(card, DType.Float32, 1, m, n, k, new TileFactors(TileMath.BFloat16, flow))!.Value.Tile;
            Assert.That(Choose(4096, 4096, 4096).BM * Choose(4096, 4096, 4096).BN, Is.GreaterThanOrEqualTo(128 * 128), "the largest tiles for large products");
            Assert.That(Choose(16, 16, 256).Math, Is.EqualTo(TileMath.Fma), "most of a tile would be empty");
            Assert.That(Choose(16, 100_000, 144).Math, Is.EqualTo(TileMath.BFloat16), "half of a tile is in use");
        }
    }

    [Test]
    public void Gemm_OnAnOlderCard_ComputesAsInTheStrictMode()
    {
        using CudaDevice card = InterpretedCuda.CreateDevice(Volta);
        (double[] strict, _) = Multiply(card, MathMode.Strict, DType.Float32, (65, 70, 40), isWhole: false);
        foreach (MathMode mode in Enum.GetValues<MathMode>())
        {
            (double[] result, string kernels) = Multiply(card, mode, DType.Float32, (65, 70, 40), isWhole: false);
            Assert.That(result, Is.EqualTo(strict), kernels);
        }

        Assert.That(Multiply(card, MathMode.Tf32, DType.Float16, (65, 70, 40)).Kernels, Does.Not.Contain("f16"));
    }

    [Test]
    public void Gemm_OnAProcessor_HasNoModes()
    {
        using Cpu.CpuDevice processor = new("cpu", 1);
        (double[] strict, _) = Multiply(processor, MathMode.Strict, DType.Float32, (33, 35, 40), isWhole: false);
        Assert.That(processor.MathMode, Is.EqualTo(MathMode.Strict), "by default");
        foreach (MathMode mode in Enum.GetValues<MathMode>())
        {
            Assert.That(Multiply(processor, mode, DType.Float32, (33, 35, 40), isWhole: false).Result, Is.EqualTo(strict));
        }
    }

    [Test]
    public void CapturedStep_AfterTheModeChanged_KeepsItsOwn()
    {
        Random random = new(5);
        float[] numbers = [.. Enumerable.Range(0, 64 * 64).Select(_ => random.NextSingle())];
        Tensor x = Tensor.From<float>(numbers, [64, 64], _device);
        _device.MathMode = MathMode.Tf32;
        try
        {
            using CapturedStep step = _device.Capture(() => x.MatMul(x), [x]);
            float[] rounded = x.MatMul(x).ToArray<float>();
            _device.MathMode = MathMode.Strict;
            step.Replay(x);
            Assert.That(step.Output.ToArray<float>(), Is.EqualTo(rounded));
            Assert.That(x.MatMul(x).ToArray<float>(), Is.Not.EqualTo(rounded));
        }
        finally
        {
            _device.MathMode = MathMode.Strict;
        }
    }

    /// <summary>With a tile that was not chosen.</summary>
    private double[] Multiply(GemmTile tile, DType type, (int M, int N, int K) size, Placement placementA, Placement placementB)
    {
        DeviceArray c = new(_device, DType.Float32, [size.M, size.N], [.. Enumerable.Repeat(double.NaN, size.M * size.N)], Placement.Dense);
        GemmProblem problem = GemmProblem.From(new GemmArgs
        {
            A = Whole(_device, type, [size.M, size.K], 1, placementA),
            B = Whole(_device, type, [size.K, size.N], 2, placementB),
            C = c,
        });
        GemmKernel kernel = new(
            tile, type, problem.LeftAccess(tile.Math), type, problem.RightAccess(tile.Math), DType.Float32, DType.Float32, problem.StoreWidth, Epilogue.None, 0, SplitKind.None, false);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, problem, new GemmPlan(tile, 1, 0));
        GpuDriver driver = _device.Driver;
        driver.Launch(
            driver.Compile(PtxRenderer.Render(kernel.Build(driver.Target), driver.Target)), TileGrid.For(new GemmPlan(tile, 1, 0), 1, size.M, size.N), arguments.Span);
        return c.Read();
    }

    private static (double[] Result, string Kernels) Multiply(
        Device device, MathMode mode, DType type, (int M, int N, int K) size, Placement placementA = default, Placement placementB = default, bool isWhole = true)
    {
        DeviceArray Array(Shape shape, int seed, Placement placement)
        {
            Random random = new(seed);
            return isWhole ? Whole(device, type, shape, seed, placement)
                : new(device, type, shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => random.NextDouble())], placement);
        }

        DeviceArray a = Array([size.M, size.K], 1, placementA), b = Array([size.K, size.N], 2, placementB);
        DeviceArray c = new(device, DType.Float32, [size.M, size.N], [.. Enumerable.Repeat(double.NaN, size.M * size.N)], Placement.Dense);
        string kernels = Run(device, mode, () => Product(device, new GemmArgs { A = a, B = b, C = c }));
        return (c.Read(), kernels);
    }

    /// <summary>A product whose sums are float32 whatever the factors are, so that every bit of them can be compared. Core asks for one type only.</summary>
    private static void Product(Device device, in GemmArgs args)
    {
        if (device.Backend is GpuBackend card)
        {
            card.Multiply(GemmProblem.From(args));
        }
        else
        {
            device.Backend.Gemm(args);
        }
    }

    /// <summary>Runs under a mode; returns the kernels that were launched.</summary>
    private static string Run(Device device, MathMode mode, Action operation)
    {
        using LaunchCount? count = (device as GpuDevice)?.CountLaunches();
        device.MathMode = mode;
        try
        {
            operation();
        }
        finally
        {
            device.MathMode = MathMode.Strict;
        }

        return count is null ? string.Empty : string.Join(", ", count.Kernels.Select(static kernel => kernel.Name));
    }

    private static DeviceArray Whole(Device device, DType type, Shape shape, int seed, Placement placement = Placement.Dense) =>
        new(device, type, shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => (double)((((i * 7) + (seed * 5)) % 17) - 8))], placement);
}
