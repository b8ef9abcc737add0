using ILGPU;
using ILGPU.Runtime.CPU;

namespace Engine.Gpu;

/// <summary>One launch of an explicitly grouped kernel on the host, as its work-items see it.</summary>
/// <param name="barriers">Those of the accelerator that runs it.</param>
/// <param name="groupSize">Work-items of a group.</param>
/// <param name="kernel">The kernel with its arguments.</param>
/// <param name="name">The kernel's name in messages.</param>
internal sealed class GroupLaunch(GroupBarriers barriers, int groupSize, Action kernel, string name) : IDisposable
{
    private readonly Barrier _groupEnd = new(groupSize, _ => barriers.BeginGroup(groupSize));
    private KernelExecutionException? _failure;

    /// <summary>The exception of the first work-item that failed; null if none did.</summary>
    public KernelExecutionException? Failure => Volatile.Read(ref _failure);

    /// <summary>
    /// The work of each thread of the accelerator for each group: run the kernel, unless a work-item has failed, then wait for the whole group. No
    /// exception leaves it, because the thread's own loop would end the process.
    /// </summary>
    public void RunWorkItem(CPUAcceleratorTask task, int globalIndex)
    {
        if (Failure is null)
        {
            try
            {
                using KernelAssertions.Scope scope = KernelAssertions.Enter(name);
                kernel();
            }
            catch (Exception e)
            {
                _ = Interlocked.CompareExchange(ref _failure, Explain(e), null);
            }
        }

        barriers.Leave(globalIndex % groupSize);
        _groupEnd.SignalAndWait();
    }

    /// <inheritdoc/>
    public void Dispose() => _groupEnd.Dispose();

    private KernelExecutionException Explain(Exception e)
    {
        if (e is KernelExecutionException explained)
        {
            return explained;
        }

        Index3D group = Grid.Index, item = Group.Index;
        return new KernelExecutionException($"Kernel {name} failed in group ({group.X}, {group.Y}, {group.Z}), work-item ({item.X}, {item.Y}, {item.Z}): {e.Message}", e);
    }
}
