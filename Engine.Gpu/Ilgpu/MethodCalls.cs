using System.Reflection;
using System.Runtime.CompilerServices;

namespace Engine.Gpu;

/// <summary>The calls of a kernel, directly or through methods of its own program.</summary>
internal static class MethodCalls
{
    private static readonly ConditionalWeakTable<MethodInfo, HashSet<MethodBase>> s_known = [];

    /// <summary>The kernel itself and all that it calls; of ILGPU and the platform only the methods that are called first.</summary>
    public static IReadOnlySet<MethodBase> Of(MethodInfo kernel) => s_known.GetValue(kernel, static method =>
    {
        HashSet<MethodBase> seen = [];
        Collect(method, seen);
        return seen;
    });

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
