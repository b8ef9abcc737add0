using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Gpu;

/// <summary>
/// Whether a kernel allocates local memory. ILGPU gives it to the threads of its own accelerators only, so that on the host such a kernel must
/// run there, also where it has no groups.
/// </summary>
internal static class LocalMemoryUse
{
    private static readonly ConditionalWeakTable<MethodInfo, StrongBox<bool>> s_known = [];

    /// <summary>
    /// True if the method, or one that it calls, allocates local memory and none of them uses groups, which a kernel over an extent does not have.
    /// </summary>
    /// <remarks>Calls through interfaces and delegates are not followed; ILGPU cannot compile most of them.</remarks>
    public static bool In(MethodInfo kernel) => s_known.GetValue(kernel, static method => new StrongBox<bool>(Look(method))).Value;

    private static bool Look(MethodInfo kernel)
    {
        HashSet<MethodBase> seen = [];
        Collect(kernel, seen);
        return seen.Any(x => x.DeclaringType == typeof(LocalMemory))
            && !seen.Any(x => x.DeclaringType == typeof(SharedMemory) || x.DeclaringType == typeof(Group) || x.DeclaringType == typeof(Grid) || x.DeclaringType == typeof(Warp));
    }

    private static void Collect(MethodBase method, HashSet<MethodBase> seen)
    {
        if (seen.Add(method))
        {
            foreach (MethodBase called in KernelCalls.Of(method))
            {
                Collect(called, seen);
            }
        }
    }
}
