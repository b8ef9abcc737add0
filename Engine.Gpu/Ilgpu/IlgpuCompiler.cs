using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using IlgpuBackendBase = ILGPU.Backends.Backend;

namespace Engine.Gpu;

/// <summary>
/// ILGPU's compiler, from C# methods to PTX or OpenCL C. It needs neither a card nor a driver: the text goes to our own drivers, as that of our
/// own compiler does.
/// </summary>
internal static class IlgpuCompiler
{
    private const int StackBytes = 64 << 20;

    // One compilation at a time: a context is not said to be safe for several, and methods that two kernels share are compiled once.
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<(GpuApi Api, CudaArchitecture? Architecture, bool HasFloat64, bool HasGenericPointers), IlgpuBackendBase> s_backends = [];
    private static Context? s_context;

    /// <summary>Whether this process can compile methods at run time.</summary>
    [FeatureGuard(typeof(RequiresDynamicCodeAttribute))]
    public static bool IsSupported => RuntimeFeature.IsDynamicCodeSupported;

    /// <exception cref="PlatformNotSupportedException">The process was compiled ahead of time.</exception>
    public static void Require()
    {
        if (!IsSupported)
        {
            throw new PlatformNotSupportedException(
                "Kernels written as C# methods are compiled when they are first used, which a program compiled ahead of time (NativeAOT) cannot do. The engine's own kernels, Fuse.Map among them, work there.");
        }
    }

    /// <summary>Compiles a method for a device.</summary>
    /// <param name="signature">The method and its parameters.</param>
    /// <param name="group">The work-items of a group, which become part of the text.</param>
    /// <param name="sharedBytes">Shared memory that comes with the launch.</param>
    /// <param name="target">The device.</param>
    /// <exception cref="KernelCompilationException">ILGPU refuses the method, or the device does not support the result.</exception>
    public static KernelSource Compile(IlgpuSignature signature, GroupShape group, int sharedBytes, GpuTarget target)
    {
        Require();
        MethodInfo method = signature.Method;
        IlgpuMethods.Check(method);
        IlgpuMethods.CheckCalls(method);
        CheckGroup(method, group, sharedBytes, target);
        (string name, string text) = Translate(method, signature.IndexRank > 0, target);
        bool takesSharedMemory = target.Api == GpuApi.OpenCl && text.Contains("dynamic_shared_memory_length", StringComparison.Ordinal);
        signature.Check(name, text, takesSharedMemory);
        bool needsGeneric = target.Api == GpuApi.OpenCl && text.Contains("__generic", StringComparison.Ordinal);
        if (needsGeneric && target.GenericPointerLanguage is null)
        {
            throw new KernelCompilationException(
                $"{IlgpuMethods.NameOf(method)}: it has pointers that may lead to shared or to global memory, which the device's OpenCL C does not know. Choose the memory in two branches that each use their own view.");
        }

        return new KernelSource(name, IlgpuText.Adapt(text, group, target.Api), (int)group.Size, sharedBytes)
        {
            Group = group,
            NeedsGenericPointers = needsGeneric,
            TakesSharedMemory = takesSharedMemory,
            Signature = signature.ToKernelSignature(takesSharedMemory),
        };
    }

    // A thread of its own: ILGPU goes into a method as deep as its expressions are, writes numbers as the thread's culture does, and must not be
    // interrupted half way.
    private static (string Name, string Text) Translate(MethodInfo method, bool isImplicitlyGrouped, GpuTarget target)
    {
        (string, string) result = default;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(Run, StackBytes) { IsBackground = true, Name = "ILGPU's compiler", CurrentCulture = CultureInfo.InvariantCulture };
        thread.UnsafeStart();
        bool interrupted = Uninterrupted.Join(thread);
        if (interrupted)
        {
            // The next wait of this thread hears of it.
            Thread.CurrentThread.Interrupt();
        }

        failure?.Throw();
        return result;

        void Run()
        {
            try
            {
                result = TranslateHere(method, isImplicitlyGrouped, target);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }
    }

    private static (string Name, string Text) TranslateHere(MethodInfo method, bool isImplicitlyGrouped, GpuTarget target)
    {
        lock (s_lock)
        {
            try
            {
                EntryPointDescription entry = isImplicitlyGrouped
                    ? EntryPointDescription.FromImplicitlyGroupedKernel(method)
                    : EntryPointDescription.FromExplicitlyGroupedKernel(method);
                return BackendFor(target).Compile(entry, default) switch
                {
                    PTXCompiledKernel kernel => (kernel.Name, CheckExternals(method, kernel.PTXAssembly)),
                    CLCompiledKernel kernel => (kernel.Name, kernel.Source),
                    var other => throw new KernelCompilationException($"ILGPU has made a {other.GetType()} of {IlgpuMethods.NameOf(method)}."),
                };
            }
            catch (Exception e) when (e is not KernelCompilationException)
            {
                // A pass that failed can leave the context in a state in which valid kernels fail, too.
                Discard();
                throw new KernelCompilationException($"{IlgpuMethods.NameOf(method)} cannot be compiled by ILGPU: {Words(e)}", e);
            }
        }
    }

    // The innermost messages name the error; the outer ones say only that there is one.
    private static string Words(Exception e)
    {
        StringBuilder words = new(e.Message);
        for (Exception? inner = e.InnerException; inner is not null; inner = inner.InnerException)
        {
            words.Append(" — ").Append(inner.Message);
        }

        return e.GetBaseException() is NullReferenceException
            ? words.Append(" This is an error of ILGPU's own, for instance at a loop that never ends.").ToString()
            : words.ToString();
    }

    private static string CheckExternals(MethodInfo method, string text)
    {
        int external = text.IndexOf(".extern .func", StringComparison.Ordinal);
        if (external < 0)
        {
            return text;
        }

        string line = text[external..text.IndexOf('\n', external)].Trim().TrimEnd('(');
        throw new KernelCompilationException(
            $"{IlgpuMethods.NameOf(method)}: it calls {line[(line.LastIndexOf(' ') + 1)..]}, for which ILGPU has no code on CUDA (MathF.FusedMultiplyAdd is such a method: write x * y + z, which the card fuses).");
    }

    private static IlgpuBackendBase BackendFor(GpuTarget target)
    {
        bool isCuda = target.Api == GpuApi.Cuda;
        CudaArchitecture? architecture = !isCuda ? null : target.ComputeCapability >= 80 ? CudaArchitecture.SM_80 : CudaArchitecture.SM_70;
        var key = (target.Api, architecture, target.HasFloat64, target.GenericPointerLanguage is not null);
        s_context ??= Context.Create(static builder => builder.CPU().EnableAlgorithms().Optimize(OptimizationLevel.O2));
        if (!s_backends.TryGetValue(key, out IlgpuBackendBase? backend))
        {
            // Our own kernels need PTX 7.0 too. Of OpenCL only version 1.2: no half precision, 64-bit atomics or sub-groups.
            backend = isCuda
                ? new PTXBackend(s_context, architecture!.Value, CudaInstructionSet.ISA_70, null!)
                : new CLBackend(
                    s_context,
                    new CLCapabilityContext(float16: false, target.HasFloat64, target.GenericPointerLanguage is not null, int64_Atomics: false, subGroups: false),
                    CLDeviceVendor.Other,
                    CLCVersion.CL20);
            IlgpuPasses.KeepOrderOfMemory(backend);
            if (!isCuda)
            {
                IlgpuPasses.SplitEdges(backend);
            }

            s_backends.Add(key, backend);
        }

        return backend;
    }

    private static void Discard()
    {
        foreach (IlgpuBackendBase backend in s_backends.Values)
        {
            backend.Dispose();
        }

        s_backends.Clear();
        s_context?.Dispose();
        s_context = null;
    }

    private static void CheckGroup(MethodInfo method, GroupShape group, int sharedBytes, GpuTarget target)
    {
        if (group.X < 1 || group.Y < 1 || group.Z < 1 || group.Size > target.LargestGroup)
        {
            throw new KernelCompilationException(
                $"{IlgpuMethods.NameOf(method)}: groups of {group.X} x {group.Y} x {group.Z} work-items; the device takes 1 to {target.LargestGroup} in all.");
        }

        if (sharedBytes < 0 || sharedBytes > target.SharedBytes)
        {
            throw new OperationNotSupportedException($"{IlgpuMethods.NameOf(method)}: it asks for {sharedBytes} bytes of shared memory, the device has {target.SharedBytes} for a group.");
        }
    }
}
