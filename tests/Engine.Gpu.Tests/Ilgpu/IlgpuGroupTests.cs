using System.Runtime.CompilerServices;
using Engine.PtxInterpreter;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;
using NUnit.Framework;
using SharedMemory = ILGPU.SharedMemory;

namespace Engine.Gpu.Tests;

/// <summary>Kernels with groups of their own, compiled by ILGPU: shared memory, barriers, warps, atomics.</summary>
[TestFixture]
internal sealed class IlgpuGroupTests
{
    private const int Size = 64;

    private static int[] Numbers => [.. Enumerable.Range(0, Size).Select(static i => ((i * 37) % 101) - 20)];

    [Test]
    public void SharedMemory_Static()
    {
        int[] x = Run(ReverseKernel, Numbers, grid: 1);
        Assert.That(x, Is.EqualTo(Numbers.Reverse()));
    }

    [Test]
    public void SharedMemory_Dynamic_TellsItsLength()
    {
        int[] x = Numbers, n = new int[1];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(DynamicKernel), new LaunchGrid(1), new BlockShape(Size), Size * sizeof(int), x, n);
        Assert.That(x, Is.EqualTo(Numbers.Reverse()));
        Assert.That(n[0], Is.EqualTo(Size));
    }

    [Test]
    public void SharedMemory_OfOneElement() => Assert.That(Run(ScalarKernel, Numbers), Is.EqualTo(Enumerable.Range(0, Size).Select(static i => Numbers[0] + i)));

    [Test]
    public void SharedMemory_OfAFunction_IsOneForAllCalls() =>
        Assert.That(Run(SharedCallKernel, Numbers), Is.EqualTo(Enumerable.Range(0, Size).Select(static i => Numbers[(Size - 1 - i) ^ 1] + Size - 1 - i)));

    [Test]
    public void SharedOrGlobalMemory_ChosenAtRunTime_IsAGenericAddress()
    {
        int[] first = Numbers;
        first[0] = 1;
        foreach (int sign in new[] { 1, -1 })
        {
            first[0] = sign;
            int[] x = [.. first], y = [.. Enumerable.Range(1000, Size)];
            using IlgpuMachine machine = new();
            KernelSource source = IlgpuPtx.Compile(EitherKernel);
            machine.Run(source, new LaunchGrid(1), new BlockShape(Size), 0, x, y, sign);
            Assert.That(x, Is.EqualTo(Enumerable.Range(0, Size).Select(i => (sign > 0 ? first[Size - 1 - i] : 1063 - i) + 1)));
            Assert.That(source.Text, Does.Contain("cvta.shared.u64").And.Contain("ld.b32"));
        }
    }

    [Test]
    public void Tiles_InTwoDimensions_MultiplyMatrices()
    {
        const int Rows = 13, Inner = 20, Columns = 11;
        Random random = new(3);
        float[] a = [.. Enumerable.Range(0, Rows * Inner).Select(_ => (float)random.Next(-9, 10))], b = [.. Enumerable.Range(0, Inner * Columns).Select(_ => (float)random.Next(-9, 10))], c = new float[Rows * Columns];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(TileKernel), new LaunchGrid(2, 2), new BlockShape(8, 8), 0,
            new StridedView(a, [Rows, Inner], [Rows]), new StridedView(b, [Inner, Columns], [Inner]), new StridedView(c, [Rows, Columns], [Rows]));
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Columns; j++)
            {
                Assert.That(c[i + (j * Rows)], Is.EqualTo(Enumerable.Range(0, Inner).Sum(k => a[i + (k * Rows)] * b[k + (j * Inner)])), $"{i}, {j}");
            }
        }
    }

    [Test]
    public void Barriers_CountAndJoinPredicates()
    {
        int[] x = Run(PredicateKernel, Numbers);
        int count = Numbers.Count(static v => v > 3);
        Assert.That(x, Is.All.EqualTo(count + 1000 + 40000));
    }

    [Test]
    public void Warps_Shuffle()
    {
        int[] x = Numbers;
        long[] y = [.. Enumerable.Range(0, Size).Select(static i => (long)i << 33)];
        double[] z = [.. Enumerable.Range(0, Size).Select(static i => i + 0.5)];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(ShuffleKernel), new LaunchGrid(1), new BlockShape(Size), 0, x, y, z);

        int[] v = Numbers;
        v = Step(v, static (i, lane, w) => w[i] + w[lane + 4 < 32 ? i + 4 : i]);
        v = Step(v, static (i, lane, w) => w[i] + w[lane >= 2 ? i - 2 : i]);
        v = Step(v, static (i, _, w) => w[i] ^ w[i ^ 1]);
        v = Step(v, static (i, lane, w) => w[i] + w[i - lane + 3]);
        v = Step(v, static (i, lane, w) => w[i] + w[lane % 8 < 7 ? i + 1 : i]);
        v = Step(v, static (i, lane, w) => w[i] + (lane * 1000) + (i / 32));
        Assert.That(x, Is.EqualTo(v));
        Assert.That(y, Is.EqualTo(Enumerable.Range(0, Size).Select(static i => (long)(i % 32 == 31 ? i : i + 1) << 33)));
        Assert.That(z, Is.EqualTo(Enumerable.Range(0, Size).Select(static i => (i ^ 2) + 0.5)));

        static int[] Step(int[] w, Func<int, int, int[], int> next) => [.. Enumerable.Range(0, Size).Select(i => next(i, i % 32, w))];
    }

    [Test]
    public void Warps_WaitForThemselves()
    {
        int[] wanted = [.. Enumerable.Range(0, Size).Select(static i => Numbers[(Size - 1 - i) ^ 1])];
        Assert.That(Run(WarpBarrierKernel, Numbers), Is.EqualTo(wanted));
    }

    [Test]
    public void Warp_WhoseLanesComeFromDifferentWays_ShufflesTogether()
    {
        int[] x = Run(LateLanesKernel, Numbers);
        Assert.That(x, Is.EqualTo(Enumerable.Range(0, Size).Select(static i => Math.Max(0, Numbers[i ^ 1]) % 7)));
    }

    [Test]
    public void Broadcasts() =>
        Assert.That(Run(BroadcastKernel, Numbers), Is.EqualTo(Enumerable.Range(0, Size).Select(static i => Numbers[5] + Numbers[(i / 32 * 32) + 3])));

    [Test]
    public void Algorithms_ReduceAndScan()
    {
        int[] x = Numbers;
        float[] y = [.. Enumerable.Range(0, Size).Select(static i => (float)((i * 29) % 64))];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(ReduceKernel), new LaunchGrid(1), new BlockShape(Size), 0, x, y);
        Assert.That(x, Is.EqualTo(Numbers.Skip(1).Prepend(Numbers.Sum())));
        Assert.That(y, Is.All.EqualTo(63f));

        int sum = 0;
        int[] scan = [.. Numbers.Select(v => sum += v)];
        Assert.That(Run(ScanKernel, Numbers), Is.EqualTo(scan));
    }

    [Test]
    public void Atomics_OnGlobalMemory()
    {
        const int Groups = 3, Count = Groups * Size;
        int[] x = new int[8 + Count];
        x[1] = 5;
        x[3] = -1;
        Array.Fill(x, 7, 8, Count);
        (float[] f, double[] d, long[] l, uint[] u) = (new float[1], new double[1], new long[2], [0, 9]);
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(AtomicsKernel), new LaunchGrid(Groups), new BlockShape(Size), 0, x, f, d, l, u);
        int sum = Count * (Count - 1) / 2;
        Assert.That(x[..8], Is.EqualTo(new[] { sum, 1 - Count, Count - 1, ~255, 0xFFFF, Enumerable.Range(0, Count).Aggregate(0, static (a, b) => a ^ b), sum, 0 }));
        Assert.That(x[8..], Is.EqualTo(Enumerable.Range(0, Count).Select(static i => i + 7 == 12 ? 500 : i + 7)));
        Assert.That((f[0], d[0], l[0], l[1], u[0], u[1]), Is.EqualTo((0.5f * Count, 0.25 * Count, (long)sum, Count - 1L, (uint)Count, 0u)));
    }

    [Test]
    public void Atomics_MadeOfCompareAndExchange()
    {
        float[] f = [3, 3];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(FloatExtremesKernel), new LaunchGrid(2), new BlockShape(Size), 0, f);
        Assert.That(f, Is.EqualTo(new[] { 127f, -127f }));
    }

    [Test]
    public void Atomics_OnSharedMemory_MakeAHistogram()
    {
        int[] x = [.. Enumerable.Range(0, 2 * Size).Select(static i => (i * i) % 23)], counts = new int[16];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(HistogramKernel), new LaunchGrid(2), new BlockShape(Size), 0, x, counts);
        Assert.That(counts, Is.EqualTo(Enumerable.Range(0, 16).Select(bin => x.Count(v => (v & 15) == bin))));
    }

    [Test]
    public void Fences_AreTaken()
    {
        KernelSource source = IlgpuPtx.Compile(FenceKernel);
        Assert.That(source.Text, Does.Contain("membar.cta").And.Contain("membar.gl").And.Contain("membar.sys"));
        Assert.That(Run(FenceKernel, Numbers), Is.EqualTo(Enumerable.Range(0, Size)));
    }

    private static int[] Run(Delegate kernel, int[] x, int grid = 1)
    {
        int[][] results = [.. IlgpuPtx.Levels.Select(level =>
        {
            int[] result = [.. x];
            using IlgpuMachine machine = new();
            machine.Run(IlgpuPtx.Compile(kernel, level: level), new LaunchGrid(grid), new BlockShape(Size), 0, result);
            return result;
        })];
        Assert.That(results, Is.All.EqualTo(results[0]), "at all levels");
        return results[0];
    }

    private static void ReverseKernel(ArrayView<int> x)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(Size);
        int i = Group.IdxX;
        shared[i] = x[Grid.GlobalIndex.X];
        Group.Barrier();
        x[Grid.GlobalIndex.X] = shared[Size - 1 - i];
    }

    private static void DynamicKernel(ArrayView<int> x, ArrayView<int> n)
    {
        ArrayView<int> shared = SharedMemory.GetDynamic<int>();
        int i = Group.IdxX;
        shared[i] = x[i];
        Group.Barrier();
        x[i] = shared[Group.DimX - 1 - i];
        if (i == 0)
        {
            n[0] = shared.IntLength;
        }
    }

    private static void ScalarKernel(ArrayView<int> x)
    {
        ref int shared = ref SharedMemory.Allocate<int>();
        if (Group.IsFirstThread)
        {
            shared = x[0];
        }

        Group.Barrier();
        x[Group.IdxX] = shared + Group.IdxX;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Opposite(int value)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(Size);
        shared[Group.IdxX] = value;
        Group.Barrier();
        return shared[Size - 1 - Group.IdxX];
    }

    private static void SharedCallKernel(ArrayView<int> x)
    {
        int i = Group.IdxX;
        ArrayView<int> shared = SharedMemory.Allocate<int>(Size);
        shared[i] = x[i];
        Group.Barrier();
        x[i] = Opposite(shared[i ^ 1]);
        Group.Barrier();
        x[i] += Opposite(i);
    }

    private static void EitherKernel(ArrayView<int> x, ArrayView<int> y, int sign)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(Size);
        int i = Group.IdxX;
        shared[i] = x[i];
        Group.Barrier();
        ArrayView<int> source = sign > 0 ? shared : y;
        x[i] = source[Size - 1 - i] + 1;
    }

    private static void TileKernel(ArrayView2D<float, Stride2D.DenseX> a, ArrayView2D<float, Stride2D.DenseX> b, ArrayView2D<float, Stride2D.DenseX> c)
    {
        ArrayView2D<float, Stride2D.DenseX> left = SharedMemory.Allocate2D<float, Stride2D.DenseX>(new Index2D(8, 8), new Stride2D.DenseX(8));
        ArrayView2D<float, Stride2D.DenseX> right = SharedMemory.Allocate2D<float, Stride2D.DenseX>(new Index2D(8, 8), new Stride2D.DenseX(8));
        int x = Group.IdxX, y = Group.IdxY;
        Index2D at = Grid.GlobalIndex.XY;
        float sum = 0;
        for (int k = 0; k < a.IntExtent.Y; k += 8)
        {
            left[x, y] = at.X < a.IntExtent.X && k + y < a.IntExtent.Y ? a[at.X, k + y] : 0;
            right[x, y] = k + x < b.IntExtent.X && at.Y < b.IntExtent.Y ? b[k + x, at.Y] : 0;
            Group.Barrier();
            for (int j = 0; j < 8; j++)
            {
                sum += left[x, j] * right[j, y];
            }

            Group.Barrier();
        }

        if (at.X < c.IntExtent.X && at.Y < c.IntExtent.Y)
        {
            c[at] = sum;
        }
    }

    private static void PredicateKernel(ArrayView<int> x)
    {
        int i = Group.IdxX;
        int count = Group.BarrierPopCount(x[i] > 3);
        bool all = Group.BarrierAnd(x[i] > -100), notAll = Group.BarrierAnd(x[i] > 3);
        bool any = Group.BarrierOr(x[i] > 75), none = Group.BarrierOr(x[i] > 1000);
        x[i] = count + (all ? 1000 : 0) + (notAll ? 20000 : 0) + (any ? 40000 : 0) + (none ? 80000 : 0);
    }

    private static void ShuffleKernel(ArrayView<int> x, ArrayView<long> y, ArrayView<double> z)
    {
        int i = Group.IdxX;
        int v = x[i];
        v += Warp.ShuffleDown(v, 4);
        v += Warp.ShuffleUp(v, 2);
        v ^= Warp.ShuffleXor(v, 1);
        v += Warp.Shuffle(v, 3);
        v += Warp.ShuffleDown(v, 1, 8);
        v += (Warp.LaneIdx * 1000) + Warp.WarpIdx;
        x[i] = v;
        y[i] = Warp.ShuffleDown(y[i], 1);
        z[i] = Warp.ShuffleXor(z[i], 2);
    }

    private static void WarpBarrierKernel(ArrayView<int> x)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(Size);
        int i = Group.IdxX;
        shared[i] = x[i];
        Warp.Barrier();
        int v = shared[i ^ 1];
        Warp.Barrier();
        shared[i] = v;
        Group.Barrier();
        x[i] = shared[Size - 1 - i];
    }

    private static void LateLanesKernel(ArrayView<int> x)
    {
        int i = Group.IdxX;
        int v = x[i];
        while (true)
        {
            if (v < 7)
            {
                break;
            }

            v -= 7;
        }

        if (v < 0)
        {
            v = 0;
        }

        x[i] = Warp.ShuffleXor(v, 1);
    }

    private static void BroadcastKernel(ArrayView<int> x)
    {
        int i = Group.IdxX;
        x[i] = Group.Broadcast(x[i], 5) + Warp.Broadcast(x[i], 3);
    }

    private static void ReduceKernel(ArrayView<int> x, ArrayView<float> y)
    {
        int i = Group.IdxX;
        int sum = GroupExtensions.Reduce<int, AddInt32>(x[i]);
        y[i] = GroupExtensions.AllReduce<float, MaxFloat>(y[i]);
        if (Group.IsFirstThread)
        {
            x[i] = sum;
        }
    }

    private static void ScanKernel(ArrayView<int> x) => x[Group.IdxX] = GroupExtensions.InclusiveScan<int, AddInt32>(x[Group.IdxX]);

    private static void AtomicsKernel(ArrayView<int> x, ArrayView<float> f, ArrayView<double> d, ArrayView<long> l, ArrayView<uint> u)
    {
        int i = Grid.GlobalIndex.X;
        Atomic.Add(ref x[0], i);
        Atomic.Min(ref x[1], -i);
        Atomic.Max(ref x[2], i);
        Atomic.And(ref x[3], ~(1 << (i & 7)));
        Atomic.Or(ref x[4], 1 << (i & 15));
        Atomic.Xor(ref x[5], i);
        int old = Atomic.Exchange(ref x[8 + i], i);
        Atomic.Add(ref x[8 + i], old);
        Atomic.Add(ref x[6], (int)Atomic.Add(ref u[0], 1u));
        Atomic.CompareExchange(ref x[8 + i], 12, 500);
        Atomic.CompareExchange(ref x[7], 3, 4);
        Atomic.Add(ref f[0], 0.5f);
        Atomic.Add(ref d[0], 0.25);
        Atomic.Add(ref l[0], (long)i);
        Atomic.Max(ref l[1], (long)i);
        Atomic.Min(ref u[1], (uint)i);
    }

    private static void FloatExtremesKernel(ArrayView<float> f)
    {
        int i = Grid.GlobalIndex.X;
        Atomic.Max(ref f[0], (float)i);
        Atomic.Min(ref f[1], (float)-i);
    }

    private static void HistogramKernel(ArrayView<int> x, ArrayView<int> counts)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(16);
        int i = Group.IdxX;
        if (i < 16)
        {
            shared[i] = 0;
        }

        Group.Barrier();
        Atomic.Add(ref shared[x[Grid.GlobalIndex.X] & 15], 1);
        Group.Barrier();
        if (i < 16)
        {
            Atomic.Add(ref counts[i], shared[i]);
        }
    }

    private static void FenceKernel(ArrayView<int> x)
    {
        x[Grid.GlobalIndex.X] = Grid.GlobalIndex.X;
        MemoryFence.DeviceLevel();
        MemoryFence.GroupLevel();
        MemoryFence.SystemLevel();
    }
}
