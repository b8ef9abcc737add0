using System.Buffers;

namespace Engine.Nn;

/// <summary>Reads the tensors that a pickle described: each becomes a tensor of its own in row-major order.</summary>
/// <remarks>
/// What tensors take is bounded by the size of the file: a few bytes could otherwise describe one element seen a billion times, or a billion views of one
/// memory.
/// </remarks>
internal sealed class TorchTensorReader(CheckedFile file, ITorchStorages storages, Device? device)
{
    private const int ChunkElements = 1 << 18, LargestElement = sizeof(long);
    private const int Growth = 4;
    private const long Free = 16 << 20;

    private byte[] _chunk = [];
    private byte[] _widened = [];
    private long _rest = (Growth * file.Length) + Free;

    /// <summary>Reads a tensor.</summary>
    /// <param name="name">Its name in messages.</param>
    /// <param name="source">Its description.</param>
    public Tensor Read(string name, TorchTensor source)
    {
        Layout layout = LayoutOf(name, source);
        (long start, long bytes) = layout.Reach == 0 ? (0, 0) : storages.Locate(source.Storage);
        int size = source.Type.FileBytes;
        long first = source.Storage.First * source.Storage.Type.FileBytes;
        long available = Math.Min(bytes - first, source.Storage.Count * source.Storage.Type.FileBytes);
        if (layout.Reach > 0 && (layout.Offset > available / size || layout.Reach > (available / size) - layout.Offset))
        {
            throw file.Damaged($"tensor {FileText.Quote(name)} begins at element {layout.Offset:N0} and reaches over {layout.Reach:N0}, but its storage has {Math.Max(0, available) / size:N0}");
        }

        long cost = Math.Max(layout.Reach * size, layout.Shape.ElementCount * source.Type.DType.SizeInBytes());
        if (cost > _rest)
        {
            throw file.Damaged($"its tensors take more than {Growth} times its {file.Length:N0} bytes, as they show the same elements many times. Save them with .clone() in PyTorch");
        }

        _rest -= cost;
        MakeRoom(Math.Min(layout.Shape.ElementCount, ChunkElements));
        Tensor tensor = Tensor.Empty(layout.Shape, source.Type.DType, device);
        try
        {
            long from = start + first + (layout.Offset * size);
            if (layout.Reach > 0 && layout.IsContiguous)
            {
                Fill(name, source.Type, tensor, from);
            }
            else if (layout.Reach > 0)
            {
                Gather(name, source.Type, tensor, layout, from);
            }

            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private void MakeRoom(long elements)
    {
        if (_chunk.Length < elements * LargestElement)
        {
            _chunk = new byte[elements * LargestElement];
            _widened = new byte[elements * sizeof(int)];
        }
    }

    private Layout LayoutOf(string name, TorchTensor source)
    {
        int rank = source.Sizes.Length;
        if (rank > Shape.MaxRank || source.Strides.Length != rank)
        {
            throw file.Damaged($"tensor {FileText.Quote(name)} has {rank} sizes and {source.Strides.Length} strides; there must be as many of both, at most {Shape.MaxRank}");
        }

        Span<int> sizes = stackalloc int[rank];
        Span<long> strides = stackalloc long[rank];
        Int128 reach = 1;
        bool isEmpty = false;
        for (int i = 0; i < rank; i++)
        {
            if (source.Sizes[i] is not long size || size is < 0 or > int.MaxValue || source.Strides[i] is not long stride || stride < 0)
            {
                throw file.Damaged($"size or stride {i} of tensor {FileText.Quote(name)} is not a number from 0 on");
            }

            (sizes[i], strides[i]) = ((int)size, stride);
            isEmpty |= size == 0;
            reach += (Int128)Math.Max(0, size - 1) * stride;
        }

        if (source.Offset < 0 || !Shape.IsCountable(sizes) || (!isEmpty && reach > long.MaxValue / LargestElement))
        {
            throw file.Damaged($"tensor {FileText.Quote(name)} reaches farther than any file does");
        }

        return new Layout(new Shape(sizes), strides, source.Offset);
    }

    private void Fill(string name, TorchType type, Tensor tensor, long from)
    {
        for (long done = 0; done < tensor.ElementCount;)
        {
            int count = (int)Math.Min(tensor.ElementCount - done, ChunkElements);
            Span<byte> part = _chunk.AsSpan(0, count * type.FileBytes);
            file.Read(from + (done * type.FileBytes), part);
            Upload(name, type, part, tensor, done);
            done += count;
        }
    }

    private void Gather(string name, TorchType type, Tensor tensor, Layout layout, long from)
    {
        int size = type.FileBytes;
        long bytes = layout.Reach * size;
        if (bytes > Array.MaxLength)
        {
            throw file.Damaged($"tensor {FileText.Quote(name)} is not in row-major order and reaches over {bytes:N0} bytes; at most {Array.MaxLength:N0} are read. Save it with .contiguous().clone() in PyTorch");
        }

        byte[] source = ArrayPool<byte>.Shared.Rent((int)bytes);
        try
        {
            file.Read(from, source.AsSpan(0, (int)bytes));
            Span<int> index = stackalloc int[layout.Rank];
            index.Clear();
            long at = 0;
            for (long done = 0; done < tensor.ElementCount;)
            {
                int count = (int)Math.Min(tensor.ElementCount - done, ChunkElements);
                for (int i = 0; i < count; i++)
                {
                    source.AsSpan((int)at * size, size).CopyTo(_chunk.AsSpan(i * size));
                    at += Step(index, layout);
                }

                Upload(name, type, _chunk.AsSpan(0, count * size), tensor, done);
                done += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(source);
        }
    }

    /// <summary>The next index in row-major order; returns how far its element lies from the one before.</summary>
    private static long Step(Span<int> index, in Layout layout)
    {
        long distance = 0;
        for (int axis = index.Length - 1; axis >= 0; axis--)
        {
            if (++index[axis] < layout.Shape[axis])
            {
                return distance + layout.Strides[axis];
            }

            distance -= (layout.Shape[axis] - 1L) * layout.Strides[axis];
            index[axis] = 0;
        }

        return distance;
    }

    private void Upload(string name, TorchType type, Span<byte> part, Tensor tensor, long element)
    {
        Span<byte> converted = type.ToEngine(part, storages.IsBigEndian, _widened);

        // Kernels take a truth value's byte to be 0 or 1.
        if (type.DType == DType.Bool && converted.ContainsAnyExceptInRange((byte)0, (byte)1))
        {
            throw file.Damaged($"tensor {FileText.Quote(name)} is bool, but has bytes other than 0 and 1");
        }

        tensor.Device.Upload(converted, tensor.Storage, element * type.DType.SizeInBytes());
    }
}
