using System.Globalization;
using System.Text;

namespace Engine.Gpu;

/// <summary>Compiling, loading and launching kernels.</summary>
internal sealed unsafe partial class CudaDriver
{
    /// <summary>Up to here every kernel may use shared memory; more has to be asked for by name.</summary>
    private const int SharedBytesWithoutAsking = 48 * 1024;

    private readonly Lock _modulesLock = new();
    private readonly List<nint> _modules = [];

    /// <inheritdoc/>
    public override CompiledKernel Compile(KernelSource source)
    {
        using CudaContext.Scope scope = Enter();
        using CudaJitLog log = new();

        // Through the linker, although there is nothing to link: it hands out the machine code, which the caller may keep.
        nint link;
        CheckCompiled(_api.cuLinkCreate_v2(CudaJitLog.OptionCount, log.Options, log.Values, &link), nameof(_api.cuLinkCreate_v2), source, log);
        try
        {
            byte[] text = Terminated(Encoding.ASCII.GetBytes(source.Text));
            byte[] name = Terminated(Encoding.ASCII.GetBytes(source.Name));
            void* binary;
            nuint bytes;
            fixed (byte* textPointer = text, namePointer = name)
            {
                CudaResult added = _api.cuLinkAddData_v2(link, CudaJitInput.CU_JIT_INPUT_PTX, textPointer, (nuint)text.Length, namePointer, 0, null, null);
                CheckCompiled(added, nameof(_api.cuLinkAddData_v2), source, log);
            }

            CheckCompiled(_api.cuLinkComplete(link, &binary, &bytes), nameof(_api.cuLinkComplete), source, log);
            byte[] kept = new ReadOnlySpan<byte>(binary, (int)bytes).ToArray();
            CudaKernel? kernel = Load(source, kept, out CudaResult result, out string call);
            CheckCompiled(result, call, source, log);
            return kernel!;
        }
        finally
        {
            _ = _api.cuLinkDestroy(link);
        }
    }

    /// <inheritdoc/>
    public override CompiledKernel? TryLoad(KernelSource source, ReadOnlySpan<byte> binary)
    {
        if (binary.IsEmpty)
        {
            return null;
        }

        using CudaContext.Scope scope = Enter();
        CudaKernel? kernel = Load(source, binary.ToArray(), out CudaResult result, out string call);
        _context.CheckLost(result, call);
        return kernel;
    }

    /// <inheritdoc/>
    public override byte[] GetBinary(CompiledKernel kernel) => ((CudaKernel)kernel).Binary;

    /// <inheritdoc/>
    public override void Launch(CompiledKernel kernel, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        LaunchCheck.Verify(kernel.Source, arguments);
        using CudaContext.Scope scope = Enter();
        CudaKernel loaded = (CudaKernel)kernel;
        long* values = stackalloc long[arguments.Length];
        void** pointers = stackalloc void*[arguments.Length];
        int parameters = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            // Little-endian: the first four bytes of a Word are its value.
            values[i] = arguments[i].Handle + arguments[i].Bits;
            if (!arguments[i].Continues)
            {
                pointers[parameters++] = values + i;
            }
        }

        KernelSource source = loaded.Source;
        bool isRecorded = IsRecordedHere;
        nint stream = isRecorded ? _captureStream : _stream;
        (uint x, uint y, uint z) = ((uint)source.Group.X, (uint)source.Group.Y, (uint)source.Group.Z);
        _context.NoteKernel(source.Name);
        _context.Check(
            source.MeetsGroups
                ? _api.cuLaunchCooperativeKernel(loaded.Function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, x, y, z, (uint)source.SharedBytes, stream, pointers)
                : _api.cuLaunchKernel(loaded.Function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, x, y, z, (uint)source.SharedBytes, stream, pointers, null),
            source.MeetsGroups ? nameof(_api.cuLaunchCooperativeKernel) : nameof(_api.cuLaunchKernel));
        if (isRecorded)
        {
            _recordedLaunches++;
        }
    }

    private static byte[] Terminated(ReadOnlySpan<byte> bytes) => [.. bytes, 0];

    private CudaKernel? Load(KernelSource source, byte[] binary, out CudaResult result, out string call)
    {
        nint module;
        nint function;
        byte[] name = Terminated(Encoding.ASCII.GetBytes(source.Name));
        fixed (byte* image = Terminated(binary), namePointer = name)
        {
            call = nameof(_api.cuModuleLoadDataEx);
            result = _api.cuModuleLoadDataEx(&module, image, 0, null, null);
            if (result != CudaResult.CUDA_SUCCESS)
            {
                return null;
            }

            call = nameof(_api.cuModuleGetFunction);
            result = _api.cuModuleGetFunction(&function, module, namePointer);
        }

        if (result == CudaResult.CUDA_SUCCESS && source.SharedBytes > SharedBytesWithoutAsking)
        {
            call = nameof(_api.cuFuncSetAttribute);
            result = _api.cuFuncSetAttribute(function, CudaFunctionAttribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, source.SharedBytes);
        }

        if (result != CudaResult.CUDA_SUCCESS)
        {
            _ = _api.cuModuleUnload(module);
            return null;
        }

        lock (_modulesLock)
        {
            _modules.Add(module);
        }

        return new CudaKernel(
            source,
            function,
            binary,
            AttributeOf(function, CudaFunctionAttribute.CU_FUNC_ATTRIBUTE_NUM_REGS),
            AttributeOf(function, CudaFunctionAttribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES));
    }

    private int AttributeOf(nint function, CudaFunctionAttribute attribute)
    {
        int value = 0;
        if (_api.cuFuncGetAttribute is not null)
        {
            _context.Check(_api.cuFuncGetAttribute(&value, attribute, function));
        }

        return value;
    }

    private void CheckCompiled(CudaResult result, string call, KernelSource source, CudaJitLog log)
    {
        if (result == CudaResult.CUDA_SUCCESS)
        {
            return;
        }

        _context.CheckLost(result, call);
        StringBuilder message = new();
        message.Append(CultureInfo.InvariantCulture, $"{Description}: kernel {source.Name} was refused: {call}: {_api.Describe(result)}");
        message.Append(HintFor(result));
        message.AppendLine().AppendLine(log.Text).AppendNumbered(source.Text);
        throw new KernelCompilationException(message.ToString());
    }

    private static string HintFor(CudaResult result) => result switch
    {
        CudaResult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION => "; a newer driver is needed",
        CudaResult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND =>
            "; the driver's compiler (libnvidia-ptxjitcompiler) is missing: install all of the driver, or give the container the capability 'compute' (NVIDIA_DRIVER_CAPABILITIES=compute,utility)",
        CudaResult.CUDA_ERROR_JIT_COMPILATION_DISABLED =>
            "; the driver was told not to compile: unset CUDA_DISABLE_PTX_JIT and CUDA_DISABLE_JIT in the environment of the process",
        _ => string.Empty,
    };

    private void UnloadModules()
    {
        lock (_modulesLock)
        {
            foreach (nint module in _modules)
            {
                _ = _api.cuModuleUnload(module);
            }

            _modules.Clear();
        }
    }
}

/// <summary>A function of a loaded module, and its machine code.</summary>
internal sealed class CudaKernel(KernelSource source, nint function, byte[] binary, int registers, int localBytes) : CompiledKernel(source)
{
    /// <inheritdoc/>
    public override int Registers => registers;

    /// <inheritdoc/>
    public override int LocalBytes => localBytes;

    /// <summary>The driver's handle.</summary>
    public nint Function => function;

    /// <summary>The machine code.</summary>
    public byte[] Binary => binary;
}
