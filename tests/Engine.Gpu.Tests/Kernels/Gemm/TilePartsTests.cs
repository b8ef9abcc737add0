using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Products whose depth is shared among groups, in plans that were not chosen: the last group adds the parts, whichever it is.</summary>
[TestFixture]
internal sealed class TilePartsTests
{
    private const int M = 70, N = 45;

    private static readonly GemmTile s_tile = new(32, 32, 8, 4, 4);

    /// <summary>Two parts, as many as one group adds, several clusters of which the last is shorter, and a part for each slice.</summary>
    private static readonly int[] s_parts = [2, 8, 9, 23, 64];

    [Test]
    public void Product_InAnyNumberOfParts_MatchesLoops([ValueSource(nameof(s_parts))] int parts, [Values(DType.Float32, DType.Float64, DType.Float16)] DType type)
    {
        using InterpretedDevice device = new();
        double[] expected = Expected(512), actual = device.Multiply(s_tile, type, 512, parts, out _);
        double tolerance = type == DType.Float16 ? 2e-2 : 2e-5;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(actual[i], Is.EqualTo(expected[i]).Within(tolerance).Percent.Or.EqualTo(expected[i]).Within(tolerance), $"element {i}");
        }
    }

    [Test]
    public void Product_WhateverTheOrderOfTheGroups_HasTheSameBits([ValueSource(nameof(s_parts))] int parts)
    {
        using InterpretedDevice device = new();
        double[] first = device.Multiply(s_tile, DType.Float32, 512, parts, out _);
        for (int i = 0; i < 5; i++)
        {
            // Each launch has another order of blocks.
            Assert.That(device.Multiply(s_tile, DType.Float32, 512, parts, out _), Is.EqualTo(first));
        }
    }

    [Test]
    public void Counters_AfterEachLaunch_AreZeroAgain()
    {
        using InterpretedDevice device = new();
        foreach (int parts in s_parts)
        {
            device.Multiply(s_tile, DType.Float32, 512, parts, out int[] counters);
            Assert.That(counters, Is.All.Zero, $"{parts} parts");
        }
    }

    [Test]
    public void Products_OfTensorCores_AreSharedAsWell([Values(2, 3)] int buffers)
    {
        using InterpretedDevice device = new();
        GemmTile tile = GemmTile.OfWarps(64, 64, 32, 32, 32, TileMath.Float16, buffers);
        double[] expected = Expected(512), actual = device.Multiply(tile, DType.Float16, 512, 4, out _);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(actual[i], Is.EqualTo(expected[i]).Within(0.02), $"element {i}");
        }
    }

    /// <summary>On OpenCL where atomics order memory for the whole device, as on PoCL; its groups run on several threads.</summary>
    [Test]
    public void Product_OnOpenCl_MatchesLoops([Values(4, 23)] int parts)
    {
        using OpenClDriver driver = OpenClMachine.NewDriverAsCard();
        if (!driver.Target.HasLastGroup)
        {
            Assert.Ignore("atomics of this device order memory within a group only");
        }

        using TestDevice device = new(driver);
        for (int i = 0; i < 4; i++)
        {
            double[] actual = Product(device, s_tile, DType.Float32, 512, parts);
            Assert.That(actual, Is.EqualTo(Expected(512)).Within(2e-4));
        }
    }

    [TestCase(2)]
    [TestCase(8)]
    [TestCase(9)]
    [TestCase(100)]
    [TestCase(256)]
    public void Clusters_OfAnyNumberOfParts_AreAFewOfAFew(int parts)
    {
        int cluster = TileParts.ClusterOf(parts), clusters = (parts + cluster - 1) / cluster;
        Assert.That(cluster * clusters, Is.GreaterThanOrEqualTo(parts));
        Assert.That(Math.Max(cluster, clusters), Is.LessThanOrEqualTo(16));
    }

    private static double Left(int row, int depth) => ((row * 7) + (depth * 3)) % 11 / 8.0 - 0.5;

    private static double Right(int depth, int column) => ((column * 5) + depth) % 13 / 8.0 - 0.75;

    private static double[] Expected(int depth) =>
        [.. Enumerable.Range(0, M * N).Select(i => Math.Max(0, (0.5 * Enumerable.Range(0, depth).Sum(d => Left(i / N, d) * Right(d, i % N))) + (i % N)))];

    /// <summary>relu(0.5 · A·B + column).</summary>
    private static double[] Product(GpuDevice device, GemmTile tile, DType type, int depth, int parts)
    {
        DType compute = type == DType.Float64 ? DType.Float64 : DType.Float32;
        DeviceArray c = new(device, compute, [M, N], [.. Enumerable.Repeat(double.NaN, M * N)], Placement.Spaced);
        GemmProblem problem = GemmProblem.From(new GemmArgs
        {
            A = new DeviceArray(device, type, [M, depth], [.. Enumerable.Range(0, M * depth).Select(i => Left(i / depth, i % depth))], Placement.Dense),
            B = new DeviceArray(device, type, [depth, N], [.. Enumerable.Range(0, depth * N).Select(i => Right(i / N, i % N))], tile.IsPipelined ? Placement.Reversed : Placement.Dense),
            C = c,
            Bias = new DeviceArray(device, compute, [M, N], [.. Enumerable.Range(0, M * N).Select(i => (double)(i % N))], Placement.Dense),
            Alpha = 0.5,
            Activation = Programs.Relu,
        });
        int slices = (depth + tile.BK - 1) / tile.BK, perPart = (slices + parts - 1) / parts;
        GemmPlan plan = new(tile, (slices + perPart - 1) / perPart, perPart);
        var kernel = GemmKernel.Of(problem, plan, compute, SplitKind.LastGroup);
        LaunchGrid grid = TileGrid.For(plan, 1, M, N);
        using Tensor memory = Tensor.Empty([(int)TileParts.Elements(plan, grid)], compute, device);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, problem, plan);
        TileParts.Bind(ref arguments, plan, memory.Operand, device.Counters.From(0));
        GpuDriver driver = device.Driver;
        driver.Launch(driver.Compile(KernelRenderer.Render(kernel.Build(driver.Target), driver.Target)), grid, arguments.Span);
        return c.Read();
    }

    /// <summary>A device on the interpreter that looks for races.</summary>
    private sealed class InterpretedDevice : IDisposable
    {
        private readonly CudaDevice _device;

        public InterpretedDevice()
        {
            _device = InterpretedCuda.CreateDevice(out FakeDevice card);
            card.WatchesGlobalRaces = true;
        }

        public double[] Multiply(GemmTile tile, DType type, int depth, int parts, out int[] counters)
        {
            double[] results = Product(_device, tile, type, depth, parts);
            counters = new int[GroupCounters.Count];
            KernelArgument argument = _device.Counters.From(0);
            _device.Driver.Download(argument.Handle, 0, System.Runtime.InteropServices.MemoryMarshal.AsBytes(counters.AsSpan()));
            return results;
        }

        public void Dispose() => _device.Dispose();
    }
}
