using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Engine;

/// <summary>A tensor's memory on the host, held until this is disposed, for code that works on a <see cref="Span{T}"/>.</summary>
/// <remarks>
/// The memory stays valid even if the tensor is disposed meanwhile. An object that is never disposed keeps its memory for good, so put it
/// into a <c>using</c>. A span that was taken must not be used after <see cref="Dispose"/>.
/// </remarks>
/// <typeparam name="T">The element type.</typeparam>
public sealed unsafe class PinnedSpan<T> : IDisposable
    where T : unmanaged
{
    private readonly T* _start;
    private readonly int _length;
    private readonly nint[] _lengths;
    private readonly GCHandle _root;
    private Storage? _storage;
    private int _disposed;
    private bool _isWritten;

    internal PinnedSpan(Storage? storage, T* start, int length, nint[] lengths)
    {
        storage?.AddReference();
        _storage = storage;
        _start = start;
        _length = length;
        _lengths = lengths;
        if (storage is not null)
        {
            // Spans stay safe without a reference to this object.
            _root = GCHandle.Alloc(this);
        }
    }

    /// <summary>The elements in row-major order, to be read and written; a graph that has saved them for its gradient sees a write.</summary>
    /// <exception cref="ObjectDisposedException">This was disposed.</exception>
    public Span<T> Span
    {
        get
        {
            Write();
            return new Span<T>(_start, _length);
        }
    }

    /// <summary>The elements in row-major order, to be read.</summary>
    /// <exception cref="ObjectDisposedException">This was disposed.</exception>
    public ReadOnlySpan<T> ReadOnlySpan
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            return new ReadOnlySpan<T>(_start, _length);
        }
    }

    /// <summary>The elements with their axes, to be read and written; a graph that has saved them for its gradient sees a write.</summary>
    /// <exception cref="ObjectDisposedException">This was disposed.</exception>
    public TensorSpan<T> TensorSpan
    {
        get
        {
            Write();
            return new TensorSpan<T>(_start, _length, _lengths, []);
        }
    }

    /// <summary>The elements with their axes, to be read.</summary>
    /// <exception cref="ObjectDisposedException">This was disposed.</exception>
    public ReadOnlyTensorSpan<T> ReadOnlyTensorSpan
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            return new ReadOnlyTensorSpan<T>(_start, _length, _lengths, []);
        }
    }

    /// <summary>Lets go of the memory. May be called again.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0 && _storage is { } storage)
        {
            _storage = null;
            if (_isWritten)
            {
                // Again: the span was there to be written all the time.
                storage.MarkWritten();
            }

            storage.Release();
            _root.Free();
        }
    }

    private void Write()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        _isWritten = true;
        _storage?.MarkWritten();
    }
}
