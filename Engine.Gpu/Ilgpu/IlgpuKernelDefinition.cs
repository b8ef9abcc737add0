using System.Collections.Concurrent;
using System.Reflection;

namespace Engine.Gpu;

/// <summary>A kernel that is a C# method, compiled by ILGPU.</summary>
/// <param name="Method">The method. Its first parameter is an index of ILGPU's, or it finds its index by its group.</param>
/// <param name="Group">The work-items of a group.</param>
/// <param name="SharedBytes">Shared memory of the launch, without the memory that the method allocates itself.</param>
internal readonly record struct IlgpuKernelDefinition(MethodInfo Method, GroupShape Group, int SharedBytes = 0) : IKernelText
{
    private static readonly ConcurrentDictionary<(MethodInfo, GpuApi), IlgpuSignature> s_signatures = new();

    /// <summary>The parameters of a method on a kind of device.</summary>
    /// <exception cref="KernelCompilationException">Kernels take no such parameters.</exception>
    public static IlgpuSignature SignatureOf(MethodInfo method, GpuApi api) =>
        s_signatures.GetOrAdd((method, api), static key => new IlgpuSignature(key.Item1, key.Item2));

    /// <inheritdoc/>
    public KernelSource Write(GpuTarget target) => IlgpuCompiler.Compile(SignatureOf(Method, target.Api), Group, SharedBytes, target);
}
