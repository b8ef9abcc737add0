using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Products of warpgroups on an interpreted card of compute capability 9.0: of factors that their formats hold they make the bits of the strict mode.</summary>
internal sealed class WarpgroupTests
{
    private const int Hopper = 90;

    private CudaDevice _device = null!;

    [OneTimeSetUp]
    public void OpenDevice() => _device = InterpretedCuda.CreateDevice(Hopper);

    [OneTimeTearDown]
    public void CloseDevice() => _device.Dispose();

    [Test]
    public void Tile_InEachDirection_HasTheBitsOfTheStrictMode(
        [Values(TileMath.Tf32, TileMath.Float16, TileMath.BFloat16)] object math, [Values] bool leftAlongDepth, [Values] bool rightAlongDepth)
    {
        var format = (TileMath)math;
        if (!format.IsHalf && !(leftAlongDepth && rightAlongDepth))
        {
            Assert.Ignore("tf32 is read along the depth only");
        }

        foreach ((GemmTile tile, _) in GemmPlan.Menu(new TileFactors(format, TileFlow.Warpgroups)).Where(static entry => entry.Tile.UsesWarpgroups))
        {
            // Edges on both sides; a short slice and more of them than there are buffers, and fewer.
            foreach (int k in new[] { (5 * tile.BK) + 16, tile.BK, 8 })
            {
                (int m, int n) = (tile.BM + 8, tile.BN + 24);
                Product product = new(_device, format.IsHalf ? format.HalfType : DType.Float32, m, n, k, leftAlongDepth, rightAlongDepth);
                Assert.That(product.ByTile(tile), Is.EqualTo(product.Expected()), $"{tile.Name}, depth {k}");
            }
        }
    }

    [Test]
    public void Tile_WithAnyEpilogue_KeepsItsSumsInRegisters([Values(0, 1, 2, 3)] int bias, [Values] bool hasBeta, [Values] bool split)
    {
        if (!Ptxas.Knows(isArchitectureSpecific: true))
        {
            Assert.Ignore("ENGINE_PTXAS names no assembler of CUDA 12 or later.");
        }

        GpuTarget card = _device.Driver.Target;
        foreach ((GemmTile tile, _) in GemmPlan.Menu(new TileFactors(TileMath.BFloat16, TileFlow.Warpgroups)).Where(entry => entry.Tile.UsesWarpgroups && (entry.Tile.CanShareDepth || !split)))
        {
            Epilogue epilogue = new(HasAlpha: true, hasBeta, (BiasKind)bias, DType.Float32, MapProgram.Compile(1, Expr.Gelu(Expr.Input(0))));
            GemmKernel kernel = new(tile, DType.BFloat16, new TileAccess(true, 8), DType.BFloat16, new TileAccess(false, 8), DType.Float32, DType.Float32, hasBeta ? 1 : 2, epilogue, 2, split ? SplitKind.LastGroup : SplitKind.None, true);
            KernelResources resources = Ptxas.Assemble(PtxRenderer.Render(kernel.Build(card), card).Text, 90, isArchitectureSpecific: true).Values.Single();
            Assert.That(resources.LocalBytes, Is.Zero, $"{tile.Name}: {resources}");
        }
    }

    [Test]
    public void Gemm_LargeEnough_IsRoundedOnceAndMultipliedByWarpgroups([Values(MathMode.Tf32, MathMode.BFloat16, MathMode.Float16)] MathMode mode, [Values] bool leftAlongDepth, [Values] bool rightAlongDepth)
    {
        using CudaDevice device = InterpretedCuda.CreateDeviceWithWarpgroups();
        device.MathMode = mode;
        foreach ((int m, int n, int k) in new[] { (130, 70, 77), (72, 264, 130) })
        {
            Product product = new(device, DType.Float32, m, n, k, leftAlongDepth, rightAlongDepth);
            (double[] result, string[] kernels) = product.Chosen();
            Assert.That(result, Is.EqualTo(product.Expected()), string.Join(", ", kernels));
            Assert.That(kernels, Has.Some.Contains("round").And.Some.Contains("wgmma"));
        }

        Assert.That(device.Warpgroups.Complaint, Is.Null);
    }

    [Test]
    public void Gemm_OfHalves_IsRepackedOnlyWhereItHasToBe([Values(DType.Float16, DType.BFloat16)] DType type)
    {
        using CudaDevice device = InterpretedCuda.CreateDeviceWithWarpgroups();
        foreach (int k in new[] { 80, 77 })
        {
            Product product = new(device, type, 136, 72, k, true, false);
            (double[] result, string[] kernels) = product.Chosen();
            Assert.That(result, Is.EqualTo(product.Expected()), string.Join(", ", kernels));
            Assert.That(kernels, k == 80 ? Has.None.Contains("round") : Has.Some.Contains("round"));
            Assert.That(kernels, Has.Some.Contains("wgmma"));
        }
    }

    [Test]
    public void Gemm_OnACardThatComputesWrongly_GoesWithoutWarpgroupsAndSaysSo()
    {
        FakeDevice card = FakeCuda.AddDevice(computeCapability: Hopper);
        card.LosesProducts = true;
        using CudaDevice device = new("cuda, broken", CudaDriver.Open(FakeCuda.Api, card.Ordinal, CudaDeviceInfo.Read(FakeCuda.Api, card.Ordinal).ToTarget() with { PrefersWarpgroups = true }));
        CheckFallback(device, "computes 0 where");
    }

    [Test]
    public void Gemm_OnADriverThatRefusesTheKernel_GoesWithoutWarpgroupsAndSaysSo()
    {
        FakeDevice card = FakeCuda.AddDevice(computeCapability: Hopper);
        card.RefusesTarget = "sm_90a";
        using CudaDevice device = new("cuda, refusing", CudaDriver.Open(FakeCuda.Api, card.Ordinal, CudaDeviceInfo.Read(FakeCuda.Api, card.Ordinal).ToTarget() with { PrefersWarpgroups = true }));
        CheckFallback(device, "refused");
    }

    [Test]
    public void Gemm_AmongCallsThatDoNotRelyOnEachOther_KeepsItsRoundedFactors([Values(80, Hopper)] int capability, [Values(MathMode.Tf32, MathMode.BFloat16)] MathMode mode)
    {
        using CudaDevice device = new("cuda, interpreted", InterpretedCuda.CreateDriver(static target => target with { PrefersWarpgroups = true }, capability));
        device.MathMode = mode;
        var backend = (GpuBackend)device.Backend;
        backend.LeastRounded = 1;
        Product[] products = [new(device, DType.Float32, 72, 40, 48, true, true), new(device, DType.Float32, 40, 136, 72, false, true), new(device, DType.Float32, 33, 34, 35, true, false)];
        DeviceArray[] results = [.. products.Select(static product => product.Room())];
        using (backend.BeginIndependent())
        {
            for (int i = 0; i < products.Length; i++)
            {
                backend.Multiply(products[i].Problem(results[i]));
            }
        }

        for (int i = 0; i < products.Length; i++)
        {
            Assert.That(results[i].Read(), Is.EqualTo(products[i].Expected()), $"product {i}");
        }
    }

    [Test]
    public void CapturedStep_MultipliesByWarpgroups()
    {
        using CudaDevice device = InterpretedCuda.CreateDeviceWithWarpgroups();
        device.MathMode = MathMode.BFloat16;
        float[] numbers = [.. Enumerable.Range(0, 64 * 64).Select(static i => (float)(i % 7))];
        float[] expected = Tensor.From<float>(numbers, [64, 64], Device.Cpu).MatMul(Tensor.From<float>(numbers, [64, 64], Device.Cpu)).ToArray<float>();
        Tensor x = Tensor.From<float>(numbers, [64, 64], device);
        using LaunchCount count = device.CountLaunches();
        using CapturedStep step = device.Capture(() => x.MatMul(x), [x]);
        step.Replay(x);
        Assert.That(step.Output.ToArray<float>(), Is.EqualTo(expected));
        Assert.That(count.Kernels.Select(static kernel => kernel.Name), Has.Some.Contains("wgmma"));
        Assert.That(device.Warpgroups.Complaint, Is.Null);
    }

    [Test]
    public void Trial_WhileTheThreadRecords_IsPutOff()
    {
        using CudaDevice device = InterpretedCuda.CreateDeviceWithWarpgroups();
        GemmTile tile = GemmTile.OfWarpgroups(128, 128, TileMath.BFloat16, 3);
        bool Passes() => device.Warpgroups.Passes((GpuBackend)device.Backend, tile, new TileAccess(true, 8), new TileAccess(true, 8));
        device.Work.BeginRecording();
        Assert.That(Passes(), Is.False);
        device.Work.EndRecording();
        Assert.That(device.Warpgroups.Complaint, Is.Null);
        Assert.That(Passes());
    }

    [Test]
    public void Target_ThatForgoesThem_OrIsNoHopper_HasNone()
    {
        GpuTarget card = _device.Driver.Target;
        Assert.That(card.HasWarpgroups);
        Assert.That((card with { ForgoesWarpgroups = true }).HasWarpgroups, Is.False);
        Assert.That((card with { ComputeCapability = 100 }).HasWarpgroups, Is.False, "later cards have other instructions");
        Assert.That((card with { ComputeCapability = 80 }).HasWarpgroups, Is.False);
        Assert.That((card with { PtxVersion = 78 }).HasWarpgroups, Is.False, "the driver does not know them");
        Assert.That((card with { Api = GpuApi.OpenCl }).HasWarpgroups, Is.False);
    }

    private static void CheckFallback(CudaDevice device, string complaint)
    {
        device.MathMode = MathMode.BFloat16;
        ((GpuBackend)device.Backend).LeastRounded = 1;
        for (int i = 0; i < 2; i++)
        {
            Product product = new(device, DType.Float32, 136, 72, 80, true, true);
            (double[] result, string[] kernels) = product.Chosen();
            Assert.That(result, Is.EqualTo(product.Expected()), string.Join(", ", kernels));
            Assert.That(kernels, Has.Exactly(1).Contains("bf16_async").And.None.Contains("wgmma"));
        }

        Assert.That(device.Warpgroups.Complaint, Does.Contain(complaint).And.Contain("mma.sync"));
        DeviceRegistry registry = new(static _ => []);
        registry.Register(new OneDevice(device));
        Assert.That(registry.Report.ToString(), Does.Contain($"missing  Engine.Gpu: {device.Name}: wgmma: ").And.Contain(complaint));
    }

    private sealed class OneDevice(Device device) : DeviceProvider
    {
        public override string Name => "test";

        public override IEnumerable<Device> Discover(ICollection<ProbeEntry> report) => [device];
    }

    /// <summary>A product of small whole numbers.</summary>
    private sealed class Product(CudaDevice device, DType type, int m, int n, int k, bool leftAlongDepth, bool rightAlongDepth)
    {
        private readonly double[] _a = Numbers(m * k, 1), _b = Numbers(k * n, 2);

        /// <summary>Room for the result.</summary>
        public DeviceArray Room() => new(device, DType.Float32, [m, n], [.. Enumerable.Repeat(double.NaN, m * n)], Placement.Dense);

        public double[] Expected()
        {
            double[] c = new double[m * n];
            for (int i = 0; i < m; i++)
            {
                for (int d = 0; d < k; d++)
                {
                    double factor = _a[(i * k) + d];
                    for (int j = 0; j < n; j++)
                    {
                        c[(i * n) + j] += factor * _b[(d * n) + j];
                    }
                }
            }

            return c;
        }

        /// <summary>With a tile that was not chosen.</summary>
        public double[] ByTile(GemmTile tile)
        {
            DeviceArray c = Room();
            GemmProblem problem = Problem(c);
            GemmKernel kernel = new(
                tile, type, problem.LeftAccess(tile.Math), type, problem.RightAccess(tile.Math), DType.Float32, DType.Float32, problem.StoreWidth, Epilogue.None, 0, SplitKind.None, false);
            Assert.That((kernel.A.AlongDepth, kernel.B.AlongDepth), Is.EqualTo((leftAlongDepth, rightAlongDepth)));
            ArgumentList arguments = new(stackalloc KernelArgument[64]);
            kernel.Bind(ref arguments, problem, new GemmPlan(tile, 1, 0));
            GpuDriver driver = device.Driver;
            CompiledKernel compiled = driver.Compile(PtxRenderer.Render(kernel.Build(driver.Target), driver.Target));
            TestContext.Out.WriteLine($"{tile.Name}: {compiled.Registers} registers, {compiled.LocalBytes} bytes spilled");
            Assert.That(compiled.LocalBytes, Is.Zero, $"{tile.Name} spills");
            driver.Launch(compiled, TileGrid.For(new GemmPlan(tile, 1, 0), 1, m, n), arguments.Span);
            return c.Read();
        }

        /// <summary>As the backend chooses, and the kernels that it launched.</summary>
        public (double[] Result, string[] Kernels) Chosen()
        {
            DeviceArray c = Room();
            using LaunchCount count = device.CountLaunches();
            ((GpuBackend)device.Backend).Multiply(Problem(c));
            return (c.Read(), [.. count.Kernels.Select(static kernel => kernel.Name)]);
        }

        public GemmProblem Problem(DeviceArray c) => GemmProblem.From(new GemmArgs { A = Matrix(_a, m, k, leftAlongDepth), B = Matrix(_b, k, n, !rightAlongDepth), C = c });

        private Operand Matrix(double[] values, int rows, int columns, bool isByRows)
        {
            if (isByRows)
            {
                return new DeviceArray(device, type, [rows, columns], values, Placement.Dense);
            }

            double[] transposed = new double[values.Length];
            for (int i = 0; i < values.Length; i++)
            {
                transposed[(i % columns * rows) + (i / columns)] = values[i];
            }

            Operand operand = new DeviceArray(device, type, [columns, rows], transposed, Placement.Dense);
            return operand.With(new Layout([rows, columns], [1, rows], operand.Layout.Offset));
        }

        private static double[] Numbers(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => (double)((((i * 7) + (seed * 5)) % 17) - 8))];
    }
}
