using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>The text of tiny kernels, one file each. Where a text changes on purpose, name the folder of these files in ENGINE_UPDATE_GOLDEN and read the difference.</summary>
[TestFixture]
internal sealed class PtxRendererTests
{
    [Test]
    public void AddOne_OneElementAnItem_Text() => Compare("add_one", () =>
    {
        KernelBuilder k = new("add_one", PtxTarget.Ampere, 64);
        Memory x = k.Buffer("x", DType.Float32);
        k.Store(x, k.GlobalId, k.Load(x, k.GlobalId) + 1);
        return k;
    });

    [Test]
    public void GuardedCopy_VectorsAndScalars_Text() => Compare("guarded_copy", () =>
    {
        KernelBuilder k = new("guarded_copy", PtxTarget.Volta, 128);
        Memory x = k.Buffer("x", DType.Float32, readOnly: true);
        Memory y = k.Buffer("y", DType.Float64);
        Value n = k.Size("n");
        Value scale = k.Scalar("scale", RegisterType.Float64);
        Value first = k.GlobalId * 4;
        k.If(first + 3 < n, () =>
        {
            Value[] loaded = k.LoadVector(x, first, 4);
            k.StoreVector(y, first, [.. loaded.Select(value => value.To(RegisterType.Float64) * scale)]);
        }, () =>
        {
            for (int i = 0; i < 3; i++)
            {
                Value holds = first + i < n;
                k.Store(y, first + i, k.Load(x, first + i, holds).To(RegisterType.Float64) * scale, holds);
            }
        });
        return k;
    });

    [Test]
    public void ColumnSum_Loop_Text() => Compare("column_sum", () =>
    {
        KernelBuilder k = new("column_sum", PtxTarget.Ampere, 32) { MinGroupsPerUnit = 4 };
        Memory x = k.Buffer("x", DType.Float16, readOnly: true);
        Memory y = k.Buffer("y", DType.BFloat16);
        Value rows = k.Size("rows");
        Value columns = k.Size("columns");
        Variable sum = k.Variable(k.Float32(0));
        Value column = k.GlobalId;
        k.For(0, rows, 1, row => sum.Value += k.Load(x, (row * columns) + column));
        k.Store(y, column, sum.Value, column < columns);
        return k;
    });

    [Test]
    public void LastGroup_AddsWhatTheOthersLeft_Text() => Compare("last_group", () =>
    {
        KernelBuilder k = new("last_group", PtxTarget.Volta, 32);
        Memory x = k.Buffer("x", DType.Float32), counters = k.Buffer("counters", DType.Int32);
        k.Store(x, k.GroupX, k.Float32(1), k.LocalId.Is(0));
        k.If(k.IsLastGroup(counters, k.GroupY, k.GroupCountX), () => k.Store(x, k.GroupCountX, k.Load(x, k.LocalId)), uniform: true);
        return k;
    });

    [Test]
    public void Meeting_SeesWhatTheOthersLeft_Text() => Compare("meeting", () =>
    {
        KernelBuilder k = new("meeting", PtxTarget.Volta with { HasMeetings = true }, 256);
        Memory x = k.Buffer("x", DType.Float32), counters = k.Buffer("counters", DType.Int32);
        k.Store(x, k.GroupX, k.Float32(1), k.LocalId.Is(0));
        k.Meet(counters, k.GroupY, k.GroupCountX);
        k.Store(x, k.GroupCountX + k.GroupX, k.Load(x, (k.GroupX + 1) % k.GroupCountX), k.LocalId.Is(0));
        return k;
    });

    [Test]
    public void Reversal_SharedMemory_Text() => Compare("reversal", () =>
    {
        KernelBuilder k = new("reversal", PtxTarget.Ampere, 32);
        Memory x = k.Buffer("x", DType.Int32);
        Memory front = k.Shared("front", DType.Int32, 32);
        Memory back = k.Shared("back", DType.Int32, 32);
        k.Store(front, k.LocalId, k.Load(x, k.LocalId));
        k.Store(back, k.LocalId, k.Load(x, k.LocalId + 32));
        k.Barrier();
        k.Store(x, k.LocalId, k.Load(back, 31 - k.LocalId));
        k.Store(x, k.LocalId + 32, k.Load(front, 31 - k.LocalId));
        return k;
    });

    [Test]
    public void SharedMemory_Above48KiB_IsAskedForAtLaunch()
    {
        KernelBuilder k = new("big", PtxTarget.Ampere, 32);
        Memory shared = k.Shared("block", DType.Float32, 16 * 1024);
        k.Store(shared, k.LocalId, k.Float32(1));

        KernelSource source = PtxRenderer.Render(k.Build(), PtxTarget.Ampere);

        Assert.That(source.SharedBytes, Is.EqualTo(64 * 1024));
        Assert.That(source.Text, Does.Contain(".extern .shared .align 16 .b8 shared_block[];"));
    }

    private static void Compare(string name, Func<KernelBuilder> build)
    {
        KernelBuilder k = build();
        string text = PtxRenderer.Render(k.Build(), k.Target).Text;
        string path = Path.Combine(AppContext.BaseDirectory, "Ptx", "Golden", name + ".ptx");
        if (Environment.GetEnvironmentVariable("ENGINE_UPDATE_GOLDEN") is { Length: > 0 } folder)
        {
            File.WriteAllText(Path.Combine(folder, name + ".ptx"), text);
        }

        Assert.That(text, Is.EqualTo(File.ReadAllText(path)));
    }
}
