using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>Memory for the messages of the driver's compiler, and the options that pass it.</summary>
internal sealed unsafe class CudaJitLog : IDisposable
{
    /// <summary>The number of options and values.</summary>
    public const uint OptionCount = 4;

    private const int BufferBytes = 16 * 1024;

    private readonly byte* _memory;

    public CudaJitLog()
    {
        // One block: four values, four options, the two buffers. The driver writes into it until the link is destroyed.
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)(OptionCount * (sizeof(void*) + sizeof(CudaJitOption))) + (2 * BufferBytes));
        Values = (void**)_memory;
        Options = (CudaJitOption*)(Values + OptionCount);
        Options[0] = CudaJitOption.CU_JIT_INFO_LOG_BUFFER;
        Options[1] = CudaJitOption.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES;
        Options[2] = CudaJitOption.CU_JIT_ERROR_LOG_BUFFER;
        Options[3] = CudaJitOption.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES;
        Values[0] = Options + OptionCount;
        Values[1] = (void*)BufferBytes;
        Values[2] = (byte*)Values[0] + BufferBytes;
        Values[3] = (void*)BufferBytes;
    }

    public CudaJitOption* Options { get; }

    public void** Values { get; }

    /// <summary>Errors, then remarks.</summary>
    public string Text => $"{Read(Values[2])}\n{Read(Values[0])}".Trim();

    public void Dispose() => NativeMemory.Free(_memory);

    private static string Read(void* buffer)
    {
        ReadOnlySpan<byte> bytes = new(buffer, BufferBytes);
        int end = bytes.IndexOf((byte)0);
        return System.Text.Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
