using System.Runtime.InteropServices;
using System.Text;
using Engine.Gpu;

namespace Engine.PtxInterpreter;

/// <summary>Modules, functions, launches, and the linker, whose "machine code" is the text behind a mark.</summary>
internal static unsafe partial class FakeCuda
{
    private const string BinaryMark = "interpreted ";

    /// <summary>Shared memory of one block, if asked for by name.</summary>

    [UnmanagedCallersOnly]
    private static CudaResult cuModuleLoadDataEx(nint* module, void* image, uint count, CudaJitOption* options, void** values) => Call(nameof(cuModuleLoadDataEx), context =>
    {
        string text = Marshal.PtrToStringUTF8((nint)image)!;
        bool isBinary = text.StartsWith(BinaryMark, StringComparison.Ordinal);
        if (!isBinary && !text.Contains(".version", StringComparison.Ordinal))
        {
            return CudaResult.CUDA_ERROR_INVALID_IMAGE;
        }

        FakeLog log = new(count, options, values);
        return Assemble(context, isBinary ? text[BinaryMark.Length..] : text, log, out FakeModule? assembled) is var result && assembled != null
            ? Loaded(module, assembled)
            : result;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuModuleUnload(nint module) => Call(nameof(cuModuleUnload), _ =>
    {
        if (Find<FakeModule>(module) is not { } found)
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        foreach (FakeFunction function in found.Functions)
        {
            Unregister<FakeFunction>(function.Handle);
        }

        foreach (FakeKernel kernel in found.Kernels.Values)
        {
            kernel.Clear();
        }

        return Unregister<FakeModule>(module);
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuModuleGetFunction(nint* function, nint module, byte* name) => Call(nameof(cuModuleGetFunction), context =>
    {
        if (Find<FakeModule>(module) is not { } found)
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        if (!found.Kernels.TryGetValue(Marshal.PtrToStringUTF8((nint)name)!, out FakeKernel? kernel))
        {
            return CudaResult.CUDA_ERROR_NOT_FOUND;
        }

        FakeFunction made = new(context, kernel) { Resources = found.Resources?[kernel.Kernel.Name] };
        *function = Register(made);
        found.Functions.Add(made);
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuFuncGetAttribute(int* value, CudaFunctionAttribute attribute, nint function) => Call(nameof(cuFuncGetAttribute), _ =>
    {
        if (Find<FakeFunction>(function) is not { } found)
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        *value = attribute switch
        {
            CudaFunctionAttribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK => found.Kernel.Kernel.MaxThreads,
            CudaFunctionAttribute.CU_FUNC_ATTRIBUTE_NUM_REGS => found.Resources?.Registers ?? found.Kernel.First.Registers,
            CudaFunctionAttribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES => found.Resources?.LocalBytes ?? 0,
            CudaFunctionAttribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES => found.MaxDynamicSharedBytes,
            _ => 0,
        };
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuFuncSetAttribute(nint function, CudaFunctionAttribute attribute, int value) => Call(nameof(cuFuncSetAttribute), context =>
    {
        if (Find<FakeFunction>(function) is not { } found)
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        if (attribute != CudaFunctionAttribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value < 0 || value + found.Kernel.First.SharedBytes > context.Device.MaxSharedBytes)
        {
            return CudaResult.CUDA_ERROR_INVALID_VALUE;
        }

        found.MaxDynamicSharedBytes = value;
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuLaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream, void** parameters, void** extra) =>
        Call(nameof(cuLaunchKernel), context => extra != null
            ? Explain(CudaResult.CUDA_ERROR_INVALID_VALUE, "parameters in a buffer are not known here")
            : Launch(context, function, (gridX, gridY, gridZ), (blockX, blockY, blockZ), sharedBytes, stream, parameters, isResident: false));

    [UnmanagedCallersOnly]
    private static CudaResult cuLaunchCooperativeKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream, void** parameters) =>
        Call(nameof(cuLaunchCooperativeKernel), context => Launch(context, function, (gridX, gridY, gridZ), (blockX, blockY, blockZ), sharedBytes, stream, parameters, isResident: true));

    private static CudaResult Launch(
        FakeContext context, nint function, (uint X, uint Y, uint Z) grid, (uint X, uint Y, uint Z) blocks, uint sharedBytes, nint stream, void** parameters, bool isResident)
    {
        ((uint gridX, uint gridY, uint gridZ), (uint blockX, uint blockY, uint blockZ)) = (grid, blocks);
        if (Find<FakeFunction>(function) is not { } found)
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        PtxKernel kernel = found.Kernel.Kernel;
        if (gridX is 0 or > int.MaxValue || gridY is 0 or > 65535 || gridZ is 0 or > 65535 || sharedBytes > found.MaxDynamicSharedBytes)
        {
            return Explain(CudaResult.CUDA_ERROR_INVALID_VALUE, $"{kernel.Name}: grid ({gridX}, {gridY}, {gridZ}) or {sharedBytes} bytes of shared memory is not possible");
        }

        BlockShape group = new((int)blockX, (int)blockY, (int)blockZ);
        if (kernel.RequiredGroup is { } required && group != required)
        {
            return Explain(CudaResult.CUDA_ERROR_INVALID_VALUE, $"{kernel.Name} requires groups of {required}, not ({blockX}, {blockY}, {blockZ})");
        }

        if (blockX is 0 or > PtxParser.MaxGroupThreads || blockY is 0 or > PtxParser.MaxGroupThreads || blockZ is 0 or > 64 || blockX * blockY * blockZ > kernel.MaxThreads)
        {
            return Explain(CudaResult.CUDA_ERROR_INVALID_VALUE, $"{kernel.Name} takes groups of at most {kernel.MaxThreads} threads, not ({blockX}, {blockY}, {blockZ})");
        }

        KernelProgram program = found.Kernel.For(group);
        string text = found.Kernel.Text;
        byte[] block = new byte[program.ParameterBytes];
        for (int i = 0; i < program.Parameters.Count; i++)
        {
            PtxParameter parameter = program.Parameters[i];
            new ReadOnlySpan<byte>(parameters[i], parameter.Bytes).CopyTo(block.AsSpan(parameter.Offset));
        }

        if (isResident && (long)gridX * gridY * gridZ > ResidentBlocks(context.Device, program, found, (int)sharedBytes))
        {
            return CudaResult.CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE;
        }

        return Enqueue(context, stream, () =>
        {
            CudaResult result = context.Device.Run(program, ((int)gridX, (int)gridY, (int)gridZ), (int)sharedBytes, block, text, isResident);
            return result == CudaResult.CUDA_SUCCESS ? result : Explain(result, context.Device.LastFault!.Message);
        });
    }

    /// <summary>Blocks that run at the same time on a card with the least of all: 1024 threads, 65536 registers and 64 KiB of shared memory on a multiprocessor.</summary>
    private static long ResidentBlocks(FakeDevice device, KernelProgram program, FakeFunction function, int dynamicSharedBytes)
    {
        const int Threads = 1024, Registers = 1 << 16, SharedBytes = 64 << 10, Granule = 8;
        int registers = ((function.Resources?.Registers ?? 0) + Granule - 1) / Granule * Granule, shared = program.SharedBytes + dynamicSharedBytes;
        int byRegisters = registers == 0 ? int.MaxValue : Registers / (registers * program.GroupSize), byShared = shared == 0 ? int.MaxValue : SharedBytes / shared;
        return (long)device.Multiprocessors * Math.Min(Threads / program.GroupSize, Math.Min(byRegisters, byShared));
    }

    [UnmanagedCallersOnly]
    private static CudaResult cuLinkCreate_v2(uint count, CudaJitOption* options, void** values, nint* link) => Call(nameof(cuLinkCreate_v2), context =>
    {
        *link = Register(new FakeLink(context, new FakeLog(count, options, values)));
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuLinkAddData_v2(nint link, CudaJitInput kind, void* data, nuint bytes, byte* name, uint count, CudaJitOption* options, void** values) => Call(nameof(cuLinkAddData_v2), context =>
    {
        if (Find<FakeLink>(link) is not { Text: null } found || kind != CudaJitInput.CU_JIT_INPUT_PTX)
        {
            return CudaResult.CUDA_ERROR_INVALID_VALUE;
        }

        found.Text = Encoding.UTF8.GetString((byte*)data, (int)bytes).TrimEnd('\0');
        return Assemble(context, found.Text, found.Log, out _);
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuLinkComplete(nint link, void** binary, nuint* bytes) => Call(nameof(cuLinkComplete), _ =>
    {
        if (Find<FakeLink>(link) is not { Text: { } text, Binary: 0 } found)
        {
            return CudaResult.CUDA_ERROR_INVALID_VALUE;
        }

        byte[] image = Encoding.UTF8.GetBytes(BinaryMark + text);
        found.Binary = (nint)NativeMemory.Alloc((nuint)image.Length);
        image.CopyTo(new Span<byte>((void*)found.Binary, image.Length));
        *binary = (void*)found.Binary;
        *bytes = (nuint)image.Length;
        return CudaResult.CUDA_SUCCESS;
    });

    [UnmanagedCallersOnly]
    private static CudaResult cuLinkDestroy(nint link) => Call(nameof(cuLinkDestroy), _ =>
    {
        if (Find<FakeLink>(link) is { Binary: not 0 } found)
        {
            // Whoever reads the binary after this must notice.
            NativeMemory.Free((void*)found.Binary);
        }

        return Unregister<FakeLink>(link);
    });

    private static CudaResult Loaded(nint* handle, FakeModule module)
    {
        *handle = Register(module);
        return CudaResult.CUDA_SUCCESS;
    }

    private static CudaResult Assemble(FakeContext context, string text, FakeLog log, out FakeModule? module)
    {
        module = null;
        try
        {
            if (context.Device.RefusesTarget is { } refused && text.Contains($".target {refused}", StringComparison.Ordinal))
            {
                log.Write($"the compiler does not like {refused}");
                return CudaResult.CUDA_ERROR_INVALID_PTX;
            }

            PtxModule parsed = PtxParser.Parse(text);
            if (parsed.IsArchitectureSpecific ? parsed.Target != context.Device.ComputeCapability : parsed.Target > context.Device.ComputeCapability)
            {
                log.Write($"the module is for sm_{parsed.Target}{(parsed.IsArchitectureSpecific ? "a alone" : string.Empty)}, the device is sm_{context.Device.ComputeCapability}");
                return CudaResult.CUDA_ERROR_NO_BINARY_FOR_GPU;
            }

            if (parsed.Version > CudaDeviceInfo.PtxVersionOf(Version))
            {
                log.Write($"the driver does not read .version {parsed.Version / 10}.{parsed.Version % 10}");
                return CudaResult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
            }

            module = new FakeModule(context, parsed, text) { Resources = Ptxas.Knows(parsed.IsArchitectureSpecific) ? Ptxas.Assemble(text, parsed.Target, parsed.IsArchitectureSpecific) : null };
            return CudaResult.CUDA_SUCCESS;
        }
        catch (PtxException e)
        {
            log.Write("ptxas error: " + e.Message);
            return Explain(CudaResult.CUDA_ERROR_INVALID_PTX, e.Message);
        }
    }
}
