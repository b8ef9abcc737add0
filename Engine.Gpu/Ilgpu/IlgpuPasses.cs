using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using ILGPU.IR.Transformations;
using IlgpuBackendBase = ILGPU.Backends.Backend;

namespace Engine.Gpu;

/// <summary>
/// Takes a pass out of ILGPU's highest level that changes what kernels compute, and adds one that its OpenCL C lacks. That level is needed, as only it knows that parameters lie in
/// global memory, and it has no switch for its passes.
/// </summary>
/// <remarks>
/// <see cref="CodePlacement"/> moves a load next to its use and asks whether that passes a store or a barrier. It does not look at the first of
/// them in the block: in <c>int v = x[i]; x[i] = 9; if (v > 3) …</c> the branch sees 9, and a load of shared memory lands after the barrier that
/// protects it.
/// </remarks>
internal static class IlgpuPasses
{
    /// <summary>Leaves loads where the method has them.</summary>
    public static void KeepOrderOfMemory(IlgpuBackendBase backend) => Change(backend, static (passes, _) => passes.Where(static pass => pass is not CodePlacement));

    /// <summary>Assigns values that depend on the path on that path, as the last pass.</summary>
    public static void SplitEdges(IlgpuBackendBase backend) => Change(backend, static (passes, isLast) => isLast ? passes.Append(new IlgpuEdges()) : passes);

    private static void Change(IlgpuBackendBase backend, Func<IEnumerable<Transformation>, bool, IEnumerable<Transformation>> change)
    {
        ImmutableArray<Transformer> transformers = GetTransformers(backend);
        SetTransformers(backend, [.. transformers.Select((transformer, i) => Transformer.Create(transformer.Configuration, [.. change(transformer.Transformations, i == transformers.Length - 1)]))]);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_KernelTransformers")]
    private static extern ImmutableArray<Transformer> GetTransformers(IlgpuBackendBase backend);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_KernelTransformers")]
    private static extern void SetTransformers(IlgpuBackendBase backend, ImmutableArray<Transformer> transformers);
}
