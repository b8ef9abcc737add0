using System.Diagnostics.CodeAnalysis;

namespace Engine;

/// <summary>The elements of a tensor in host memory: a span that keeps the memory alive while it is used.</summary>
/// <remarks>
/// <para>A <see cref="Span{T}"/> over memory outside of the managed heap keeps nothing alive: over a temporary tensor it would soon show
/// another tensor's values. So there is no conversion to one. Each access, and each loop from its first element to its last, holds a reference
/// to the memory; once the tensor is disposed an access throws.</para>
/// <code>
/// foreach (float p in model.Predict(x).AsSpan&lt;float&gt;())
/// {
///     …
/// }
///
/// float largest = model.Predict(x).AsSpan&lt;float&gt;().Read(static p => TensorPrimitives.Max(p));
/// using PinnedSpan&lt;float&gt; pin = y.AsSpan&lt;float&gt;().Pin();
/// TensorPrimitives.Exp(pin.Span, pin.Span);
/// </code>
/// </remarks>
/// <typeparam name="T">The element type.</typeparam>
public readonly unsafe ref struct HostSpan<T>
    where T : unmanaged
{
    private readonly Storage? _storage;
    private readonly long _offset;

    internal HostSpan(Storage storage, long offset, int length)
    {
        _storage = storage;
        _offset = offset;
        Length = length;
    }

    /// <summary>The number of elements.</summary>
    public int Length { get; }

    /// <summary>Whether there is no element.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>One element.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such element.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public T this[int index]
    {
        get
        {
            CheckIndex(index);
            using Hold hold = new(this);
            return hold.Start[index];
        }

        set
        {
            CheckIndex(index);
            using Hold hold = new(this);
            hold.Start[index] = value;
            _storage!.MarkWritten();
        }
    }

    /// <summary>A part of the elements.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part leaves the span.</exception>
    public HostSpan<T> Slice(int start) => Slice(start, Length - start);

    /// <inheritdoc cref="Slice(int)"/>
    public HostSpan<T> Slice(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - start);
        return _storage is null ? this : new HostSpan<T>(_storage, _offset + start, length);
    }

    /// <summary>Goes through the elements, the memory held from the first to the last.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>The elements in an array of their own.</summary>
    public T[] ToArray()
    {
        using Hold hold = new(this);
        return hold.Span.ToArray();
    }

    /// <summary>Copies the elements to other memory.</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public void CopyTo(Span<T> destination)
    {
        using Hold hold = new(this);
        hold.Span.CopyTo(destination);
    }

    /// <summary>Overwrites the first elements with other values.</summary>
    /// <exception cref="ArgumentException">There are more values than elements.</exception>
    public void CopyFrom(ReadOnlySpan<T> source)
    {
        using Hold hold = new(this);
        source.CopyTo(hold.Span);
        _storage?.MarkWritten();
    }

    /// <summary>Every element becomes <paramref name="value"/>.</summary>
    public void Fill(T value)
    {
        using Hold hold = new(this);
        hold.Span.Fill(value);
        _storage?.MarkWritten();
    }

    /// <summary>Every element becomes 0.</summary>
    public void Clear() => Fill(default);

    /// <summary>Whether the elements are those of another span.</summary>
    public bool SequenceEqual(ReadOnlySpan<T> other)
    {
        using Hold hold = new(this);
        return hold.Span.SequenceEqual(other);
    }

    /// <summary>Lets a function write the elements through a <see cref="Span{T}"/>, the memory held until it returns.</summary>
    public void Write(Action<Span<T>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        using Hold hold = new(this);
        work(hold.Span);
        _storage?.MarkWritten();
    }

    /// <summary>The result of a function that reads the elements through a <see cref="ReadOnlySpan{T}"/>. The memory is held until the function returns.</summary>
    public TResult Read<TResult>(Func<ReadOnlySpan<T>, TResult> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        using Hold hold = new(this);
        return work(hold.Span);
    }

    /// <summary>Holds the memory, whatever becomes of the tensor, until the result is disposed, and gives it as a <see cref="Span{T}"/>.</summary>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public PinnedSpan<T> Pin() => new(_storage, Address(_storage, _offset), Length, [Length]);

    internal PinnedSpan<T> PinAs(Shape shape)
    {
        nint[] lengths = new nint[shape.Rank];
        for (int i = 0; i < lengths.Length; i++)
        {
            lengths[i] = shape[i];
        }

        return new PinnedSpan<T>(_storage, Address(_storage, _offset), Length, lengths);
    }

    private static T* Address(Storage? storage, long offset) => storage is null ? null : (T*)storage.Handle + offset;

    private void CheckIndex(int index)
    {
        if ((uint)index >= (uint)Length)
        {
            ThrowIndex(index, Length);
        }
    }

    [DoesNotReturn]
    private static void ThrowIndex(int index, int length) => throw new IndexOutOfRangeException($"Element {index} of a span of {length}.");

    /// <summary>A reference to the memory for the time of an access.</summary>
    private readonly ref struct Hold
    {
        private readonly Storage? _storage;
        private readonly int _length;

        public Hold(HostSpan<T> span)
        {
            span._storage?.AddReference();
            _storage = span._storage;
            _length = span.Length;
            Start = Address(span._storage, span._offset);
        }

        public T* Start { get; }

        public Span<T> Span => new(Start, _length);

        public void Dispose() => _storage?.Release();
    }

    /// <summary>Goes through the elements of a <see cref="HostSpan{T}"/> and holds their memory until it is disposed, as <c>foreach</c> does.</summary>
    public ref struct Enumerator : IDisposable
    {
        private readonly int _length;
        private Storage? _storage;
        private T* _current;
        private int _index;

        internal Enumerator(HostSpan<T> span)
        {
            span._storage?.AddReference();
            _storage = span._storage;
            _length = span.Length;
            _index = -1;
            _current = Address(span._storage, span._offset) - 1;
        }

        /// <summary>The present element.</summary>
        public readonly T Current => *_current;

        /// <summary>Goes on to the next element, if there is one.</summary>
        public bool MoveNext()
        {
            if (_storage is null || ++_index >= _length)
            {
                return false;
            }

            _current++;
            return true;
        }

        /// <summary>Lets go of the memory.</summary>
        public void Dispose()
        {
            _storage?.Release();
            _storage = null;
        }
    }
}
