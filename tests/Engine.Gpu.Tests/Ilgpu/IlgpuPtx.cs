using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Engine.Gpu.Tests;

/// <summary>Compiles methods of C# with ILGPU to PTX; no card and no accelerator is needed.</summary>
internal static class IlgpuPtx
{
    /// <summary>From addresses that are generic and branches that promise nothing to the opposite.</summary>
    public static readonly OptimizationLevel[] Levels = [OptimizationLevel.O0, OptimizationLevel.O1, OptimizationLevel.O2];

    private static readonly Lock s_lock = new();
    private static readonly Dictionary<(CudaArchitecture, OptimizationLevel), PTXBackend> s_backends = [];

    /// <summary>The entry point and the text, as they come.</summary>
    public static KernelSource Compile(
        Delegate kernel, CudaArchitecture? architecture = null, OptimizationLevel level = OptimizationLevel.O2, KernelSpecialization specialization = default)
    {
        MethodInfo method = kernel.Method;
        bool isGrouped = !typeof(IIndex).IsAssignableFrom(method.GetParameters()[0].ParameterType);
        EntryPointDescription entry = isGrouped
            ? EntryPointDescription.FromExplicitlyGroupedKernel(method)
            : EntryPointDescription.FromImplicitlyGroupedKernel(method);

        // One method at a time: nothing says that a context is made for more.
        lock (s_lock)
        {
            PTXCompiledKernel compiled = (PTXCompiledKernel)Backend(architecture ?? CudaArchitecture.SM_80, level).Compile(entry, specialization);
            return new KernelSource(compiled.Name, compiled.PTXAssembly, 0, 0);
        }
    }

    private static PTXBackend Backend(CudaArchitecture architecture, OptimizationLevel level)
    {
        if (!s_backends.TryGetValue((architecture, level), out PTXBackend? backend))
        {
            Context context = Context.Create(builder => builder.CPU().EnableAlgorithms().Optimize(level));
            CudaInstructionSet instructions = architecture >= CudaArchitecture.SM_90 ? CudaInstructionSet.ISA_78
                : architecture >= CudaArchitecture.SM_80 ? CudaInstructionSet.ISA_70
                : CudaInstructionSet.ISA_63;
            backend = new PTXBackend(context, architecture, instructions, null!);
            s_backends.Add((architecture, level), backend);
        }

        return backend;
    }
}
