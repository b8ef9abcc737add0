using Engine.PtxInterpreter;
using ILGPU;
using NUnit.Framework;
using LocalMemory = ILGPU.LocalMemory;
using SharedMemory = ILGPU.SharedMemory;

namespace Engine.Gpu.Tests;

/// <summary>What is wrong in a kernel that ILGPU compiled is found, as in the engine's own; what cannot run is refused with its line.</summary>
[TestFixture]
internal sealed class IlgpuFaultTests
{
    private const int Size = 64;

    [Test]
    public void View_ReadBehindItsEnd_IsAnError() => Faults(BehindTheEndKernel, PtxFaultKind.OutOfBounds, 10, new int[10]);

    [Test]
    public void LocalArray_ReadBehindItsEnd_IsAnError() => Faults(BehindTheLocalEndKernel, PtxFaultKind.LocalOutOfBounds, 10, Enumerable.Range(0, 10).ToArray());

    [Test]
    public void LocalMemory_ReadBeforeWritten_IsAnError() => Faults(UnwrittenLocalKernel, PtxFaultKind.UninitializedLocal, 10, Enumerable.Range(0, 10).ToArray());

    [Test]
    public void SharedMemory_WithoutBarrier_IsARace() => Faults(RaceKernel, PtxFaultKind.SharedRace, new int[Size]);

    [Test]
    public void SharedMemory_BetweenWarpsWithBarrierOfWarp_IsARace()
    {
        Faults(WarpRaceKernel, PtxFaultKind.SharedRace, new int[Size], Size / 2);
        int[] x = [.. Enumerable.Range(0, Size)];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(WarpRaceKernel), new LaunchGrid(1), new BlockShape(Size), 0, x, 1);
        Assert.That(x, Is.EqualTo(Enumerable.Range(0, Size).Select(static i => i ^ 1)), "lanes of one warp");
    }

    [Test]
    public void SharedMemory_ReadBeforeWritten_IsAnError() => Faults(UnwrittenSharedKernel, PtxFaultKind.UninitializedShared, new int[Size]);

    [Test]
    public void SharedMemory_ByGenericAddress_IsChecked() => Faults(GenericRaceKernel, PtxFaultKind.SharedRace, new int[Size], new int[Size], 1);

    [Test]
    public void Barrier_OfHalfTheGroup_IsAnError() => Faults(HalfBarrierKernel, PtxFaultKind.DivergentBarrier, new int[Size]);

    [Test]
    public void Shuffle_OfHalfTheWarp_IsAnError() => Faults(HalfShuffleKernel, PtxFaultKind.DivergentWarp, new int[Size]);

    /// <summary>
    /// At its highest level ILGPU takes the index of an implicitly grouped kernel for the same in all threads and writes .uni at branches that
    /// part; at lower levels it promises nothing.
    /// </summary>
    [Test]
    public void UniformBranches_WhenWatched_AreFound()
    {
        int[] x = [.. Enumerable.Range(0, Size)];
        using IlgpuMachine machine = new();
        machine.Card.WatchesUniformBranches = true;
        machine.Run(IlgpuPtx.Compile(BranchKernel, level: OptimizationLevel.O1), new LaunchGrid(1), Size, x);
        Assert.That(x[..4], Is.EqualTo(new[] { 1, 1, 4, 3 }));
        Assert.That(() => machine.Run(IlgpuPtx.Compile(BranchKernel), new LaunchGrid(1), Size, x), Throws.InvalidOperationException);
        Assert.That(machine.Fault!.Kind, Is.EqualTo(PtxFaultKind.DivergentBranch));
    }

    /// <summary>
    /// At its highest level ILGPU moves a load that only a branch uses behind the first store of its block: this keeps the knowledge. Lower levels
    /// keep the order.
    /// </summary>
    [Test]
    public void LoadBeforeAStore_PassesItAtTheHighestLevel()
    {
        foreach (OptimizationLevel level in IlgpuPtx.Levels)
        {
            int[] x = [1, 5], y = [0, 0];
            using IlgpuMachine machine = new();
            machine.Run(IlgpuPtx.Compile(OrderKernel, level: level), new LaunchGrid(1), 2, x, y);
            Assert.That(x, Is.EqualTo(new[] { 9, 9 }));
            Assert.That(y, Is.EqualTo(level == OptimizationLevel.O2 ? new[] { 7, 7 } : new[] { 0, 7 }), level.ToString());
        }
    }

    [TestCase(64, "FusedMultiplyAdd")]
    public void Function_ThatIsNowhere_IsRefusedWithItsLine(int size, string name)
    {
        KernelSource source = IlgpuPtx.Compile(UnresolvedKernel);
        using IlgpuMachine machine = new();
        Assert.That(
            () => machine.Run(source, new LaunchGrid(1), size, new float[size]),
            Throws.TypeOf<KernelCompilationException>().With.Message.Match(@"line \d+: call: function " + name + " is declared and nowhere defined"));
    }

    private static void Faults(Delegate kernel, PtxFaultKind kind, params object[] arguments)
    {
        using IlgpuMachine machine = new();
        Assert.That(() => machine.Run(IlgpuPtx.Compile(kernel), new LaunchGrid(1), arguments), Throws.InstanceOf<Exception>());
        Assert.That(machine.Fault, Is.Not.Null);
        Assert.That(machine.Fault!.Kind, Is.EqualTo(kind), machine.Fault.Message);
        Assert.That(machine.Fault.Message, Does.Contain($"Kernel_{kernel.Method.Name}, line {machine.Fault.Line}"));
        Assert.That(machine.Fault.Line, Is.Positive);
    }

    private static void OrderKernel(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        int v = x[i];
        x[i] = 9;
        if (v > 3)
        {
            y[i] = 7;
        }
    }

    private static void BranchKernel(Index1D i, ArrayView<int> x)
    {
        int v = x[i];
        while ((v & 1) == 0 && v < 40)
        {
            v = v == 2 ? 4 + 36 : v + 1;
        }

        x[i] = v == 40 ? 4 : v;
    }

    private static void BehindTheEndKernel(Index1D i, ArrayView<int> x) => x[i] = x[i + 1];

    private static void BehindTheLocalEndKernel(Index1D i, ArrayView<int> x)
    {
        int[] values = new int[4];
        for (int k = 0; k < 4; k++)
        {
            values[(k + x[i]) & 3] = k;
        }

        x[i] = values[x[i]];
    }

    private static void UnwrittenLocalKernel(Index1D i, ArrayView<int> x)
    {
        ArrayView<int> values = LocalMemory.Allocate1D<int>(4);
        values[x[i] & 1] = 5;
        x[i] = values[x[i] & 3];
    }

    private static void RaceKernel(ArrayView<int> x)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(Size);
        shared[Group.IdxX] = Group.IdxX;
        x[Group.IdxX] = shared[Group.IdxX ^ 1];
    }

    private static void WarpRaceKernel(ArrayView<int> x, int mask)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(Size);
        shared[Group.IdxX] = Group.IdxX;
        Warp.Barrier();
        x[Group.IdxX] = shared[Group.IdxX ^ mask];
    }

    private static void UnwrittenSharedKernel(ArrayView<int> x)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(2 * Size);
        shared[Group.IdxX] = Group.IdxX;
        Group.Barrier();
        x[Group.IdxX] = shared[Group.IdxX + 1];
    }

    private static void GenericRaceKernel(ArrayView<int> x, ArrayView<int> y, int sign)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(Size);
        int i = Group.IdxX;
        ArrayView<int> source = sign > 0 ? shared : y;
        source[i] = i;
        x[i] = source[Size - 1 - i];
    }

    private static void HalfBarrierKernel(ArrayView<int> x)
    {
        if (Group.IdxX < 7)
        {
            Group.Barrier();
        }

        x[Group.IdxX] = 1;
    }

    private static void HalfShuffleKernel(ArrayView<int> x)
    {
        int v = Group.IdxX;
        if (v < 7)
        {
            v = Warp.ShuffleXor(v, 1);
        }

        x[Group.IdxX] = v;
    }

    private static void UnresolvedKernel(Index1D i, ArrayView<float> x) => x[i] = MathF.FusedMultiplyAdd(x[i], 2f, 3f);
}
