using System.Reflection;
using ILGPU;

namespace Engine.Gpu;

/// <summary>
/// Whether a kernel allocates local memory. ILGPU gives it to the threads of its own accelerators only, so that on the host such a kernel must
/// run there, also where it has no groups.
/// </summary>
internal static class LocalMemoryUse
{
    /// <summary>
    /// True if the method, or one that it calls, allocates local memory and none of them uses groups, which a kernel over an extent does not have.
    /// </summary>
    public static bool In(MethodInfo kernel)
    {
        IReadOnlySet<MethodBase> calls = MethodCalls.Of(kernel);
        return calls.Any(static x => x.DeclaringType == typeof(LocalMemory))
            && !calls.Any(static x => x.DeclaringType == typeof(SharedMemory) || x.DeclaringType == typeof(Group) || x.DeclaringType == typeof(Grid) || x.DeclaringType == typeof(Warp));
    }
}
