using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Which barriers of OpenCL wait for global memory.</summary>
[TestFixture]
internal sealed class GlobalFenceTests
{
    private const string Local = "barrier(CLK_LOCAL_MEM_FENCE);";
    private const string Both = "barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);";

    private static readonly GpuTarget s_target = new() { Api = GpuApi.OpenCl, ComputeUnits = 1, SharedBytes = 32768 };

    private KernelBuilder _k = null!;
    private Memory _shared = null!;
    private Memory _given = null!;
    private Memory _own = null!;

    [SetUp]
    public void Begin()
    {
        _k = new KernelBuilder("k", s_target, 64);
        _given = _k.Buffer("given", DType.Float32, readOnly: true);
        _own = _k.Buffer("own", DType.Float32);
        _shared = _k.Shared("shared", DType.Float32, 64);
    }

    [Test]
    public void Barrier_AfterReadsThatNobodyOverwrites_WaitsForSharedMemoryOnly()
    {
        _k.Store(_shared, _k.LocalId, _k.Load(_given, _k.LocalId));
        _k.Barrier();
        _k.Store(_own, _k.LocalId, _k.Load(_shared, 63 - _k.LocalId));
        Assert.That(Barriers(), Is.EqualTo(new[] { Local }));
    }

    [Test]
    public void Barrier_AfterAWrite_WaitsForGlobalMemory()
    {
        _k.Barrier();
        _k.If(_k.LocalId < 7, () => _k.Store(_own, _k.LocalId, _k.Float32(1)));
        _k.Barrier();
        _k.Store(_own, _k.LocalId + 64, _k.Load(_own, 63 - _k.LocalId));
        Assert.That(Barriers(), Is.EqualTo(new[] { Local, Both }));
    }

    [Test]
    public void Barrier_AfterAReadOfWhatMayBeOverwritten_WaitsForGlobalMemory()
    {
        Value old = _k.Load(_own, 63 - _k.LocalId);
        _k.Barrier();
        _k.Store(_own, _k.LocalId, old);
        Assert.That(Barriers(), Is.EqualTo(new[] { Both }));
    }

    [Test]
    public void Barrier_InALoopThatWritesAtItsEnd_WaitsForGlobalMemory()
    {
        _k.For(0, _k.Int32(4), 1, i =>
        {
            _k.Barrier();
            _k.Store(_own, i, _k.Load(_given, i));
        });
        Assert.That(Barriers(), Is.EqualTo(new[] { Both }));
    }

    [Test]
    public void Products_InTheirLoops_WaitForSharedMemoryOnly()
    {
        GpuTarget target = s_target with { MaxGroupSize = 256, SharedBytes = 64 << 10 };
        TileAccess access = new(AlongDepth: false, Width: 4);
        GemmKernel kernel = new(new GemmTile(64, 64, 8, 8, 8), DType.Float32, access, DType.Float32, access, DType.Float32, DType.Float32, 4, default, 0, SplitKind.None, Is64Bit: false);
        string text = KernelRenderer.Render(kernel.Build(target), target).Text;
        Assert.That(text, Does.Contain(Local).And.Not.Contain("GLOBAL_MEM_FENCE"));
    }

    private string[] Barriers() =>
        [.. KernelRenderer.Render(_k.Build(), s_target).Text.Split('\n').Select(static line => line.Trim()).Where(static line => line.StartsWith("barrier", StringComparison.Ordinal))];
}
