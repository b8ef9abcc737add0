using System.Numerics.Tensors;

namespace Engine;

/// <summary>The elements of a contiguous tensor in host memory with their axes, which keeps the memory alive while it is used.</summary>
/// <remarks>As <see cref="HostSpan{T}"/>, and for the same reason no <see cref="TensorSpan{T}"/>; <see cref="Pin"/> gives one.</remarks>
/// <typeparam name="T">The element type.</typeparam>
public readonly ref struct HostTensorSpan<T>
    where T : unmanaged
{
    private readonly HostSpan<T> _elements;

    internal HostTensorSpan(HostSpan<T> elements, Shape shape)
    {
        _elements = elements;
        Shape = shape;
    }

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>The number of axes.</summary>
    public int Rank => Shape.Rank;

    /// <summary>The number of elements.</summary>
    public nint FlattenedLength => _elements.Length;

    /// <summary>The elements in row-major order.</summary>
    public HostSpan<T> Elements => _elements;

    /// <summary>One element, by an index for each axis.</summary>
    /// <exception cref="ArgumentException">There is not one index for each axis.</exception>
    /// <exception cref="IndexOutOfRangeException">An index lies outside of its axis.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public T this[params scoped ReadOnlySpan<nint> indices]
    {
        get => _elements[OffsetOf(indices)];
        set
        {
            HostSpan<T> elements = _elements;
            elements[OffsetOf(indices)] = value;
        }
    }

    /// <summary>Goes through the elements in row-major order, the memory held from the first to the last.</summary>
    public HostSpan<T>.Enumerator GetEnumerator() => _elements.GetEnumerator();

    /// <summary>Copies the elements in row-major order.</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public void FlattenTo(Span<T> destination) => _elements.CopyTo(destination);

    /// <summary>Holds the memory, whatever becomes of the tensor, until the result is disposed, and gives it as a <see cref="TensorSpan{T}"/>.</summary>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public PinnedSpan<T> Pin() => _elements.PinAs(Shape);

    private int OffsetOf(scoped ReadOnlySpan<nint> indices)
    {
        if (indices.Length != Rank)
        {
            throw new ArgumentException($"{indices.Length} indices for {Shape}, which has {Rank} axes.", nameof(indices));
        }

        nint offset = 0;
        for (int i = 0; i < indices.Length; i++)
        {
            if ((nuint)indices[i] >= (nuint)Shape[i])
            {
                throw new IndexOutOfRangeException($"Index {indices[i]} of axis {i} of {Shape}.");
            }

            offset = (offset * Shape[i]) + indices[i];
        }

        return (int)offset;
    }
}
