using System.Diagnostics;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.ScanReduceOperations;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Ilgpu;

/// <summary>Kernels with groups, shared memory and barriers, on the host.</summary>
[NonParallelizable]
internal sealed class GroupSimulatorTests
{
    [Test]
    public void Run_SharedMemoryReduction_SumsEachGroup([Values(1, 2, 31, 64, 100)] int groupSize, [Values(1, 3, 20)] int groups)
    {
        HostBuffer<int> x = new([.. Enumerable.Range(1, (groupSize * groups) - 1)]), y = new(new int[groups]);
        GroupSimulator.Run((groups, groupSize), () => SumGroup(x.View, y.View), nameof(SumGroup));
        int[] expected = [.. Enumerable.Range(0, groups).Select(g => x.Values.ToArray().Skip(g * groupSize).Take(groupSize).Sum())];
        Assert.That(y.Values.ToArray(), Is.EqualTo(expected));
        Assert.That(y.IsIntactAround);
    }

    [Test]
    public void Run_LargestGroup_Runs()
    {
        HostBuffer<int> x = new([.. Enumerable.Range(0, 1024)]), y = new(new int[1]);
        GroupSimulator.Run((1, 1024), () => SumGroup(x.View, y.View), nameof(SumGroup));
        Assert.That(y.Values[0], Is.EqualTo(1023 * 512));
    }

    [Test]
    public void Run_MillionElements_ByAGridStride()
    {
        HostBuffer<int> x = new(new int[1 << 20]), y = new(new int[4]);
        x.Values.Fill(3);
        GroupSimulator.Run((4, 32), () => SumStrided(x.View, y.View), nameof(SumStrided));
        Assert.That(y.Values.ToArray().Sum(), Is.EqualTo(3 << 20));
    }

    [Test]
    public void Run_TwoDimensionalGroups_TransposeThroughSharedMemory()
    {
        const int Rows = 13, Columns = 22;
        HostBuffer<float> x = new([.. Enumerable.Range(0, Rows * Columns).Select(i => (float)i)]), y = new(new float[Rows * Columns]);
        GroupSimulator.Run((new Index2D(3, 2), new Index2D(8, 8)), () => Transpose(x.View, y.View, Rows, Columns), nameof(Transpose));
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                Assert.That(y.Values[(column * Rows) + row], Is.EqualTo(x.Values[(row * Columns) + column]), $"{row}, {column}");
            }
        }
    }

    [Test]
    public void Run_ThreeDimensions_VisitsEachWorkItemOnce()
    {
        int[] calls = new int[2 * 3 * 2 * 4 * 2 * 3];
        GroupSimulator.Run(
            (new Index3D(2, 3, 2), new Index3D(4, 2, 3)),
            () => Interlocked.Increment(ref calls[Grid.GlobalIndex.X + (8 * (Grid.GlobalIndex.Y + (6 * Grid.GlobalIndex.Z)))]),
            "Count");
        Assert.That(calls, Is.All.EqualTo(1));
    }

    [Test]
    public void Run_DynamicSharedMemory_HasTheLengthAskedFor()
    {
        HostBuffer<int> y = new(new int[16]);
        GroupSimulator.Run((2, 8, SharedMemoryConfig.RequestDynamic<int>(8)), () => ReverseGroup(y.View), nameof(ReverseGroup));
        Assert.That(y.Values.ToArray(), Is.EqualTo((int[])[7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8]));
        HostBuffer<int> unchanged = new(new int[16]);
        Assert.That(() => GroupSimulator.Run((2, 8), () => ReverseGroup(unchanged.View), nameof(ReverseGroup)), Throws.InstanceOf<KernelExecutionException>().With.Message.Contains("out of range"));
    }

    [Test]
    public void Run_WarpAndGroupFunctions_AgreeWithTheirMeaning()
    {
        HostBuffer<int> y = new(new int[128]), counts = new(new int[2]);
        GroupSimulator.Run((2, 64), () => Exchange(y.View, counts.View), nameof(Exchange));
        Assert.That(y.Values.ToArray(), Is.EqualTo(Enumerable.Range(0, 128).Select(i => (i % 32) ^ 1)));
        Assert.That(counts.Values.ToArray(), Is.EqualTo((int[])[22 + (63 * 32), 22 + (63 * 32)]));
    }

    [Test]
    public void Run_WorkItemsThatReturnEarly_DoNotHoldTheOthers([Values(1, 5)] int groups)
    {
        HostBuffer<int> y = new(new int[groups]);
        GroupSimulator.Run((groups, 40), () => SumOfTheStaying(y.View), nameof(SumOfTheStaying));
        Assert.That(y.Values.ToArray(), Is.All.EqualTo(19 * 10), "items 0 to 19 of 40");
    }

    [Test]
    public void Run_IndexOutsideTheView_IsAnErrorForReadsAndWrites([Values] bool write, [Values(3, -1)] int index)
    {
        HostBuffer<float> x = new(1, 2, 3), y = new(4, 5, 6);
        KernelExecutionException error = Assert.Throws<KernelExecutionException>(() => GroupSimulator.Run((2, 3), () => Touch(x.View, y.View, write, index), nameof(Touch)))!;
        Assert.That(error.Message, Does.StartWith("Kernel Touch failed in group (0, 0, 0), work-item (2, 0, 0): Index out of range."));
        Assert.That(y.IsIntactAround);
    }

    [Test]
    public void Run_OneWorkItemThrowsBeforeABarrier_EndsTheLaunch([Values(0, 17, 63)] int culprit)
    {
        int later = 0;
        KernelExecutionException error = Assert.Throws<KernelExecutionException>(() => GroupSimulator.Run((3, 64), () => ThrowAtBarrier(culprit, ref later), nameof(ThrowAtBarrier)))!;
        Assert.That(error.InnerException, Is.InstanceOf<DivideByZeroException>());
        Assert.That(error.Message, Does.StartWith($"Kernel ThrowAtBarrier failed in group (1, 0, 0), work-item ({culprit}, 0, 0): "));
        Assert.That(later, Is.Zero, "group 2 has not begun");
    }

    [Test]
    public void Run_AllWorkItemsThrow_ReportsOne()
    {
        TimeoutException own = new("mine");
        KernelExecutionException error = Assert.Throws<KernelExecutionException>(() => GroupSimulator.Run((4, 33), () => throw own, "Own"))!;
        Assert.That(error.InnerException, Is.SameAs(own));
        Assert.That(error.Message, Does.StartWith("Kernel Own failed in group (0, 0, 0), work-item ("));
    }

    [Test]
    public void Run_AfterAFailure_RunsAgain()
    {
        HostBuffer<int> x = new([.. Enumerable.Range(0, 64)]), y = new(new int[1]);
        for (int i = 0; i < 3; i++)
        {
            int later = 0;
            _ = Assert.Throws<KernelExecutionException>(() => GroupSimulator.Run((3, 64), () => ThrowAtBarrier(5, ref later), nameof(ThrowAtBarrier)));
            y.Values.Clear();
            GroupSimulator.Run((1, 64), () => SumGroup(x.View, y.View), nameof(SumGroup));
            Assert.That(y.Values[0], Is.EqualTo(63 * 32));
        }
    }

    [Test]
    public void Run_FromSeveralThreads_EachGetsItsResult()
    {
        bool[] failed = new bool[4];
        Thread[] threads = [.. failed.Select((_, t) => new Thread(() =>
        {
            int size = 16 << t;
            HostBuffer<int> x = new([.. Enumerable.Range(0, 4 * size)]), y = new(new int[4]);
            for (int repeat = 0; repeat < 3; repeat++)
            {
                y.Values.Clear();
                GroupSimulator.Run((4, size), () => SumGroup(x.View, y.View), nameof(SumGroup));
                failed[t] |= y.Values.ToArray().Sum() != 2 * size * ((4 * size) - 1);
                try
                {
                    GroupSimulator.Run((1, size), () => x.View[-1 - Group.IdxX] = 1, "Write");
                    failed[t] = true;
                }
                catch (KernelExecutionException)
                {
                }
            }

            failed[t] |= !x.IsIntactAround;
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        Assert.That(failed, Is.All.False);
    }

    [Test]
    public void Run_FailuresAndReturnsAnywhere_AlwaysEnds()
    {
        Random random = new(8);
        string failed = "";
        Thread thread = new(() =>
        {
            for (int launch = 0; launch < 150 && failed.Length == 0; launch++)
            {
                int groups = random.Next(1, 5), size = random.Next(1, 90), seed = random.Next();
                bool fails = random.Next(3) == 0;
                HostBuffer<int> y = new(new int[groups]);
                try
                {
                    GroupSimulator.Run((groups, size), () => Wander(y.View, seed, fails), nameof(Wander));
                    int[] expected = [.. Enumerable.Range(0, groups).Select(g => Enumerable.Range(0, size).Count(i => Steps(seed, g, i) > 0))];
                    failed = y.Values.SequenceEqual(expected) ? "" : $"{groups} groups of {size}, seed {seed}: {string.Join(' ', y.Values.ToArray())}";
                }
                catch (KernelExecutionException e) when (fails && e.InnerException is TimeoutException)
                {
                }
            }
        })
        { IsBackground = true };
        thread.Start();
        Assert.That(thread.Join(120_000), "a launch does not end");
        Assert.That(failed, Is.Empty);
    }

    [Test]
    public void Run_ThreadInterrupted_ThrowsOnlyWhenTheKernelIsThrough()
    {
        using ManualResetEventSlim begun = new(), go = new();
        int ended = 0, endedWhenThrown = -1;
        bool interrupted = false;
        Thread thread = new(() =>
        {
            try
            {
                GroupSimulator.Run(
                    (1, 4),
                    () =>
                    {
                        begun.Set();
                        go.Wait();
                        _ = Interlocked.Increment(ref ended);
                    },
                    "Wait");
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
                endedWhenThrown = Volatile.Read(ref ended);
            }
        });
        thread.Start();
        begun.Wait();
        thread.Interrupt();
        Assert.That(thread.Join(100), Is.False, "the kernel still runs");
        go.Set();
        thread.Join();
        Assert.That(interrupted);
        Assert.That(endedWhenThrown, Is.EqualTo(4));
    }

    [Test]
    public void Run_HostsCurrentAccelerator_StaysCurrent()
    {
        ILGPU.Runtime.Accelerator? before = ILGPU.Runtime.Accelerator.Current;
        GroupSimulator.Run((1, 2), () => { }, "Nothing");
        Assert.That(ILGPU.Runtime.Accelerator.Current, Is.SameAs(before));
    }

    [Test]
    public void Threads_AfterTheLastLaunch_End()
    {
        int before = GroupSimulator.IdleMilliseconds;
        GroupSimulator.IdleMilliseconds = 20;
        try
        {
            // Each size has threads of its own; a launch makes them end soon.
            for (int size = 32; size <= 1024; size *= 2)
            {
                GroupSimulator.Run((1, size / 2 + 1), () => { }, "Nothing");
            }

            Stopwatch waited = Stopwatch.StartNew();
            while (GroupSimulator.IsAlive && waited.Elapsed < TimeSpan.FromSeconds(60))
            {
                Thread.Sleep(10);
            }

            Assert.That(GroupSimulator.IsAlive, Is.False);
            HostBuffer<int> x = new(1, 2), y = new(0);
            GroupSimulator.Run((1, 2), () => SumGroup(x.View, y.View), nameof(SumGroup));
            Assert.That(y.Values[0], Is.EqualTo(3), "they begin again");
        }
        finally
        {
            GroupSimulator.IdleMilliseconds = before;
        }
    }

    [Test]
    public void Run_BadConfiguration_IsRefused()
    {
        Assert.That(() => GroupSimulator.Run((1, 1025), () => { }, "K"), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("1025").And.Message.Contains("1024"));
        Assert.That(() => GroupSimulator.Run((1, 0), () => { }, "K"), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => GroupSimulator.Run((1 << 21, 1024), () => { }, "K"), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("in parts"));
        Assert.That(() => GroupSimulator.Run((new Index3D(-1, -1, 1), new Index3D(1, 1, 1)), () => { }, "K"), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Run_NoGroups_CallsNothing()
    {
        int calls = 0;
        GroupSimulator.Run((0, 8), () => Interlocked.Increment(ref calls), "Count");
        Assert.That(calls, Is.Zero);
    }

    private static void SumGroup(ArrayView<int> x, ArrayView<int> y)
    {
        ArrayView<int> sums = SharedMemory.Allocate<int>(1024);
        int i = Grid.GlobalIndex.X;
        sums[Group.IdxX] = i < x.Length ? x[i] : 0;
        Group.Barrier();
        for (int width = Group.DimX; width > 1; width = (width + 1) / 2)
        {
            int half = (width + 1) / 2;
            if (Group.IdxX + half < width)
            {
                sums[Group.IdxX] += sums[Group.IdxX + half];
            }

            Group.Barrier();
        }

        if (Group.IsFirstThread)
        {
            y[Grid.IdxX] = sums[0];
        }
    }

    private static void SumStrided(ArrayView<int> x, ArrayView<int> y)
    {
        int sum = 0;
        for (int i = Grid.GlobalIndex.X; i < x.Length; i += Grid.DimX * Group.DimX)
        {
            sum += x[i];
        }

        sum = GroupExtensions.Reduce<int, AddInt32>(sum);
        if (Group.IsFirstThread)
        {
            y[Grid.IdxX] = sum;
        }
    }

    private static void Transpose(ArrayView<float> x, ArrayView<float> y, int rows, int columns)
    {
        ILGPU.Runtime.ArrayView2D<float, Stride2D.DenseX> tile = SharedMemory.Allocate2D<float, Stride2D.DenseX>(new Index2D(8, 8), new Stride2D.DenseX(8));
        int column = Grid.GlobalIndex.X, row = Grid.GlobalIndex.Y;
        if (row < rows && column < columns)
        {
            tile[Group.IdxX, Group.IdxY] = x[(row * columns) + column];
        }

        Group.Barrier();
        int newColumn = (Grid.IdxY * Group.DimY) + Group.IdxX, newRow = (Grid.IdxX * Group.DimX) + Group.IdxY;
        if (newColumn < rows && newRow < columns)
        {
            y[(newRow * rows) + newColumn] = tile[Group.IdxY, Group.IdxX];
        }
    }

    private static void ReverseGroup(ArrayView<int> y)
    {
        ArrayView<int> shared = SharedMemory.GetDynamic<int>();
        shared[Group.IdxX] = Grid.GlobalIndex.X;
        Group.Barrier();
        y[Grid.GlobalIndex.X] = shared[Group.DimX - 1 - Group.IdxX];
    }

    private static void Exchange(ArrayView<int> y, ArrayView<int> counts)
    {
        y[Grid.GlobalIndex.X] = Warp.ShuffleXor(Warp.LaneIdx, 1);
        int count = Group.BarrierPopCount(Group.IdxX % 3 == 0);
        int sum = GroupExtensions.Reduce<int, AddInt32>(Group.IdxX);
        if (Group.IsFirstThread)
        {
            counts[Grid.IdxX] = count + sum;
        }
    }

    private static void SumOfTheStaying(ArrayView<int> y)
    {
        if (Group.IdxX >= 20)
        {
            return;
        }

        ArrayView<int> items = SharedMemory.Allocate<int>(20);
        items[Group.IdxX] = Group.IdxX;
        Group.Barrier();
        if (Group.IsFirstThread)
        {
            int sum = 0;
            for (int i = 0; i < 20; i++)
            {
                sum += items[i];
            }

            y[Grid.IdxX] = sum;
        }

        Warp.Barrier();
    }

    /// <summary>Work-items go through some barriers, then return or throw. Those that come to the first one are counted in shared memory.</summary>
    private static void Wander(ArrayView<int> y, int seed, bool fails)
    {
        ArrayView<int> count = SharedMemory.Allocate<int>(1);
        int steps = Steps(seed, Grid.IdxX, Group.IdxX);
        if (steps == 0)
        {
            return;
        }

        count[0] = 0;
        Group.Barrier();
        _ = Atomic.Add(ref count[0], 1);
        Group.Barrier();
        _ = Atomic.Max(ref y[Grid.IdxX], count[0]);
        for (int step = 1; step < steps; step++)
        {
            if (step % 2 == 0)
            {
                Group.Barrier();
            }
            else
            {
                Warp.Barrier();
            }
        }

        if (fails && Steps(~seed, Grid.IdxX, Group.IdxX) == 1)
        {
            throw new TimeoutException();
        }
    }

    private static int Steps(int seed, int group, int item) => new Random(seed + (97 * group) + item).Next(6);

    private static void Touch(ArrayView<float> x, ArrayView<float> y, bool write, int index)
    {
        if (Group.IdxX != 2)
        {
            Group.Barrier();
        }
        else if (write)
        {
            y[index] = 1;
        }
        else
        {
            y[0] = x[index];
        }
    }

    /// <summary>One work-item of the second group divides by 0 between two barriers.</summary>
    /// <remarks>In decimals: PoCL, which other tests load, keeps the processor's trap for integers from the whole process.</remarks>
    private static void ThrowAtBarrier(int culprit, ref int later)
    {
        if (Grid.IdxX == 2)
        {
            _ = Interlocked.Increment(ref later);
        }

        Group.Barrier();
        int zero = Grid.IdxX == 1 && Group.IdxX == culprit ? 0 : 1;
        _ = Warp.ShuffleXor((int)(7m / zero), 1);
        Group.Barrier();
    }
}
