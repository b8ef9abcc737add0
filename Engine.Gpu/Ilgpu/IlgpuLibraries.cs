using System.Reflection;
using System.Runtime.Loader;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Engine.Gpu;

/// <summary>Helps ILGPU find the drivers' libraries where they have the names that Linux gives them.</summary>
public static class IlgpuLibraries
{
    private static int s_isRegistered;

    /// <summary>
    /// From here on ILGPU finds <c>libOpenCL.so.1</c> and <c>libcuda.so.1</c>, also where only these names exist and where WSL and NixOS keep them, and
    /// ILGPU.Algorithms takes cuBLAS 13 where there is none of its own versions. May be called again.
    /// </summary>
    /// <remarks>
    /// ILGPU looks for its libraries once in a process, when the first context asks for OpenCL or CUDA; a context is therefore created after this
    /// call. Adopting an accelerator and asking a device for a kernel make it, too. It listens to the load context's event, which is asked last: a
    /// library that the system or a resolver of the host finds comes first.
    /// </remarks>
    /// <exception cref="PlatformNotSupportedException">The program was compiled ahead of time.</exception>
    public static void Register()
    {
        IlgpuCompiler.Require();
        if (Interlocked.Exchange(ref s_isRegistered, 1) == 0)
        {
            foreach (AssemblyLoadContext context in new HashSet<AssemblyLoadContext>([LoaderOf(typeof(Context)), LoaderOf(typeof(CuBlas))]))
            {
                context.ResolvingUnmanagedDll += Resolve;
            }
        }
    }

    /// <summary>Where else a library of ILGPU's is looked for.</summary>
    internal static IReadOnlyList<string> NamesOf(string library) => library switch
    {
        "OpenCL" => ClLibrary.LoaderNames,
        "cuda" or "nvcuda" => CudaApi.LibraryNames,
        "libcublas.so.12" => ["libcublas.so.13"],
        "cublas64_12" or "cublas64_12.dll" => ["cublas64_13.dll"],
        _ => [],
    };

    private static AssemblyLoadContext LoaderOf(Type type) => AssemblyLoadContext.GetLoadContext(type.Assembly) ?? AssemblyLoadContext.Default;

    private static nint Resolve(Assembly assembly, string library)
    {
        bool isIlgpu = assembly == typeof(Context).Assembly || assembly == typeof(CuBlas).Assembly;
        return isIlgpu && DriverLibrary.TryLoadFirst(NamesOf(library), out nint handle) ? handle : 0;
    }
}
