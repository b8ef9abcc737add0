namespace Engine.Backends;

/// <summary>A tensor as a backend sees it: storage, element type and layout.</summary>
/// <remarks>Storage, element type and layout are all a kernel needs; whether the tensor has a gradient is none of its business.</remarks>
public readonly struct Operand(Storage storage, DType dtype, Layout layout)
{
    /// <summary>The memory.</summary>
    public Storage Storage { get; } = storage ?? throw new ArgumentNullException(nameof(storage));

    /// <summary>The element type.</summary>
    public DType DType { get; } = dtype;

    /// <summary>Shape, strides and offset.</summary>
    public Layout Layout { get; } = layout;

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape => Layout.Shape;

    /// <summary>The address of element (0, 0, …) on devices whose handles are addresses.</summary>
    public nint Address => Storage.Handle + (nint)(Layout.Offset * DType.SizeInBytes());

    /// <summary>A tensor over this memory, for a backend that computes a part of an operation with others. It holds the memory until it is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    /// <exception cref="InvalidOperationException">The operand is empty (<c>default</c>).</exception>
    public Tensor ToTensor() => Storage is null ? throw new InvalidOperationException("Operand.ToTensor: the operand has no memory.") : Tensor.Wrap(this);

    /// <summary>The same memory under another layout.</summary>
    public Operand With(Layout layout) => new(Storage, DType, layout);
}
