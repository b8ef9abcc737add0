using System.Reflection;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace Engine.Gpu;

/// <summary>
/// The private members of ILGPU's CPU accelerator that a launch needs: the barriers at which the work-items of a group wait for each other, and
/// the group's shared memory.
/// </summary>
/// <remarks>
/// With the accelerator's own launchers a work-item that throws ends the process, and one that returns early goes on to the next group while
/// the others are still in this one, or leaves its warp waiting for ever. The members are those of the one version that is referenced;
/// another version that lacks one is told so.
/// </remarks>
internal sealed class GroupBarriers
{
    /// <summary>Work-items of a warp.</summary>
    public const int WarpSize = 32;

    private const BindingFlags Members = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    private readonly Action<CPUAcceleratorTask> _launch;
    private readonly Action _clearSharedMemory;
    private readonly Barrier _group;
    private readonly Barrier[] _warps;

    /// <summary>The parts of an accelerator with one multiprocessor that runs its work-items at the same time.</summary>
    /// <exception cref="NotSupportedException">ILGPU has them no longer.</exception>
    public GroupBarriers(CPUAccelerator accelerator)
    {
        _launch = Found(typeof(CPUAccelerator).GetMethod("Launch", Members, [typeof(CPUAcceleratorTask)]), "CPUAccelerator.Launch").CreateDelegate<Action<CPUAcceleratorTask>>(accelerator);
        object processor = Value<Array>(typeof(CPUAccelerator).GetField("multiprocessors", Members), accelerator, "CPUAccelerator.multiprocessors").GetValue(0)!;
        object group = Value<object>(Type.GetType("ILGPU.Runtime.CPU.CPUMultiprocessor, ILGPU")?.GetField("groupContext", Members), processor, "CPUMultiprocessor.groupContext");
        _clearSharedMemory = Found(Type.GetType("ILGPU.Runtime.CPU.CPURuntimeGroupContext, ILGPU")?.GetMethod("TearDown", Members, []), "CPURuntimeGroupContext.TearDown").CreateDelegate<Action>(group);
        _group = Value<Barrier>(Type.GetType("ILGPU.Runtime.CPU.CPUMultiprocessor+ParallelProcessor, ILGPU")?.GetField("barrier", Members), processor, "ParallelProcessor.barrier");
        _warps = Value<Barrier[]>(Type.GetType("ILGPU.Runtime.CPU.CPUMultiprocessor+ParallelProcessor, ILGPU")?.GetField("warpBarriers", Members), processor, "ParallelProcessor.warpBarriers");
    }

    /// <summary>Runs a task on the accelerator's threads, all groups one after the other.</summary>
    public void Launch(CPUAcceleratorTask task) => _launch(task);

    /// <summary>Takes a work-item that is through with its kernel out of the barriers: the others wait for it no longer.</summary>
    /// <param name="workItem">Its place in the group.</param>
    public void Leave(int workItem)
    {
        _warps[workItem / WarpSize].RemoveParticipant();
        _group.RemoveParticipant();
    }

    /// <summary>Takes the work-items of the next group in, after all of the last one have left.</summary>
    public void BeginGroup(int groupSize)
    {
        _clearSharedMemory();
        _ = _group.AddParticipants(groupSize);
        for (int first = 0; first < groupSize; first += WarpSize)
        {
            _ = _warps[first / WarpSize].AddParticipants(Math.Min(WarpSize, groupSize - first));
        }
    }

    private static T Value<T>(FieldInfo? field, object of, string name) where T : class => Found(Found(field, name).GetValue(of) as T, name);

    private static T Found<T>(T? member, string name) where T : class
        => member ?? throw new NotSupportedException($"ILGPU {Context.Version} has no {name} as 1.5.3 has, on which kernels with groups rest on the host; reference ILGPU 1.5.3.");
}
