using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Gpu.Tests.Ilgpu;

/// <summary>Host memory that kernels see as a view, with elements on both sides that no kernel may change.</summary>
internal sealed unsafe class HostBuffer<T> : MemoryBuffer where T : unmanaged
{
    private const int Margin = 64;

    private readonly T[] _memory;

    public HostBuffer(params ReadOnlySpan<T> values)
        : base(null!, values.Length, sizeof(T))
    {
        _memory = GC.AllocateArray<T>(values.Length + (2 * Margin), pinned: true);
        new Span<byte>(Unsafe(0), _memory.Length * sizeof(T)).Fill(0x5a);
        values.CopyTo(Values);
        NativePtr = (nint)Unsafe(Margin);
    }

    public Span<T> Values => _memory.AsSpan(Margin, _memory.Length - (2 * Margin));

    public ArrayView<T> View => new(this, 0, Length);

    public bool IsIntactAround => MemoryMarshal.AsBytes(_memory.AsSpan(0, Margin)).IndexOfAnyExcept((byte)0x5a) < 0
        && MemoryMarshal.AsBytes(_memory.AsSpan(_memory.Length - Margin)).IndexOfAnyExcept((byte)0x5a) < 0;

    protected override void MemSet(AcceleratorStream stream, byte value, in ArrayView<byte> targetView) => throw new NotSupportedException();

    protected override void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) => throw new NotSupportedException();

    protected override void CopyTo(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) => throw new NotSupportedException();

    protected override void DisposeAcceleratorObject(bool disposing)
    {
    }

    private void* Unsafe(int index) => (void*)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, index);
}
