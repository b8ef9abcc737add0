using System.Numerics;

namespace Engine.Gpu;

/// <summary>Sorts chunks of rows, each in the shared memory of a group: runs of 1, 2, 4 … keys are merged until one is left.</summary>
/// <param name="Element">The type of the keys.</param>
/// <param name="Descending">The largest first.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
/// <param name="IsLast">Whether rows are chunks, so that the order is final.</param>
internal readonly record struct SortChunksKernel(DType Element, bool Descending, bool Is64Bit, bool IsLast) : IKernelDefinition
{
    private const int MostKeysOfItem = 4;

    /// <summary>Keys of a chunk: a power of two, as many as fit twice with their indices.</summary>
    public static int Keys(GpuTarget target, DType element)
    {
        int keys = MostKeysOfItem * target.GroupSize;
        while (keys > target.GroupSize && 2 * keys * (element.SizeInBytes() + sizeof(int)) > target.SharedBytes)
        {
            keys /= 2;
        }

        return keys;
    }

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("sort_chunks", target, target.GroupSize);
        int size = Keys(target, Element);
        bool descending = Descending;
        Memory input = k.Buffer("x", Element, readOnly: true);
        SortOutput output = new(k, Element, Is64Bit, IsLast);
        Value length = k.Size("length"), rounds = k.Size("rounds");
        DivisorParameter chunks = new(k, "chunks"), inner = new(k, "inner");
        StridesParameter x = new(k, "x", 3, Is64Bit);
        output.AddStrides();
        Memory keys = k.Shared("keys", Element, 2 * size), order = k.Shared("order", DType.Int32, 2 * size);
        (Value row, Value chunk) = chunks.Divide(k.GroupX);
        (Value outer, Value side) = inner.Divide(row);
        Value start = chunk * size, count = k.Min(length - start, k.Int32(size)), rowStart = x.Along(0, outer) + x.Along(2, side);
        Value[] items = [.. Enumerable.Range(0, size / k.GroupSize).Select(i => k.LocalId + (i * k.GroupSize))];
        foreach (Value item in items)
        {
            k.Store(keys, item, k.Load(input, rowStart + x.Along(1, start + item), item < count), item < count);
            k.Store(order, item, start + item, item < count);
        }

        k.Barrier();
        k.For(k.Int32(0), rounds, k.Int32(1), round =>
        {
            // From one half of the memory to the other: one barrier a round.
            Value from = (round & 1) * size, to = size - from;
            foreach (Value item in items)
            {
                Value exists = item < count, key = k.Load(keys, from + item, exists);
                Value index = SortOrder.IndexInMerged(
                    k, (at, isOpen) => k.Load(keys, from + at, isOpen), item, key, k.Int32(1) << round, count, round + 1, exists, descending);
                k.Store(keys, to + index, key, exists);
                k.Store(order, to + index, k.Load(order, from + item, exists), exists);
            }

            k.Barrier();
        });

        Value sorted = (rounds & 1) * size;
        foreach (Value item in items)
        {
            Value exists = item < count;
            output.Store((row * length) + start + item, outer, side, start + item, k.Load(keys, sorted + item, exists), k.Load(order, sorted + item, exists), exists);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments for the rows of <paramref name="x"/>, in the order of the parameters.</summary>
    /// <param name="arguments">The arguments of the launch.</param>
    /// <param name="x">The keys, in the form of <paramref name="split"/>.</param>
    /// <param name="keys">Where the keys of sorted chunks go, unless the order is final.</param>
    /// <param name="indices">Where their indices go, or the result.</param>
    /// <param name="split">The rows.</param>
    /// <param name="size">Keys of a chunk.</param>
    public void Bind(ref ArgumentList arguments, in Operand x, in Operand? keys, in Operand indices, in RowSplit split, int size)
    {
        int chunks = (split.Length + size - 1) / size;
        arguments.Add(x);
        SortOutput.BindBuffers(ref arguments, keys, indices);
        arguments.Add(split.Length);
        arguments.Add(BitOperations.Log2((uint)Math.Min(size, split.Length) - 1) + 1);
        arguments.Add(chunks, new Divisor(chunks));
        arguments.Add(split.Inner, new Divisor(split.Inner));
        arguments.AddStrides(x, Is64Bit);
        SortOutput.BindStrides(ref arguments, indices, Is64Bit, IsLast);
    }
}

/// <summary>Merges each two neighbouring sorted runs of the rows.</summary>
/// <param name="Element">The type of the keys.</param>
/// <param name="Descending">The largest first.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
/// <param name="IsLast">Whether one run is left then.</param>
internal readonly record struct SortMergeKernel(DType Element, bool Descending, bool Is64Bit, bool IsLast) : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("sort_merge", target, target.GroupSize);
        Memory keys = k.Buffer("keys", Element, readOnly: true), order = k.Buffer("order", DType.Int32, readOnly: true);
        SortOutput output = new(k, Element, Is64Bit, IsLast);
        Value count = k.Size("count"), width = k.Size("width"), halvings = k.Size("halvings");
        DivisorParameter length = new(k, "length"), inner = new(k, "inner");
        output.AddStrides();
        Value exists = k.GlobalId < count, item = k.Select(exists, k.GlobalId, k.Int32(0));
        (Value row, Value own) = length.Divide(item);
        (Value outer, Value side) = inner.Divide(row);
        Value start = item - own, key = k.Load(keys, item, exists);
        Value index = SortOrder.IndexInMerged(k, (at, isOpen) => k.Load(keys, start + at, isOpen), own, key, width, length.Size, halvings, exists, Descending);
        output.Store(start + index, outer, side, index, key, k.Load(order, item, exists), exists);
        return k.Build();
    }

    /// <summary>Adds the arguments of one pass, in the order of the parameters.</summary>
    /// <param name="arguments">The arguments of the launch.</param>
    /// <param name="keys">The keys of sorted runs.</param>
    /// <param name="order">Their indices.</param>
    /// <param name="sortedKeys">Where the keys of merged runs go, unless the order is final.</param>
    /// <param name="indices">Where their indices go, or the result.</param>
    /// <param name="split">The rows.</param>
    /// <param name="width">Keys of a run.</param>
    public void Bind(ref ArgumentList arguments, in Operand keys, in Operand order, in Operand? sortedKeys, in Operand indices, in RowSplit split, int width)
    {
        arguments.Add(keys);
        arguments.Add(order);
        SortOutput.BindBuffers(ref arguments, sortedKeys, indices);
        arguments.Add((int)split.Rows * split.Length);
        arguments.Add(width);
        arguments.Add(BitOperations.Log2((uint)width) + 1);
        arguments.Add(split.Length, new Divisor(split.Length));
        arguments.Add(split.Inner, new Divisor(split.Inner));
        SortOutput.BindStrides(ref arguments, indices, Is64Bit, IsLast);
    }
}

/// <summary>Where sorted keys go: their indices to the result, or both to memory for the next pass.</summary>
internal sealed class SortOutput
{
    private readonly KernelBuilder _k;
    private readonly Memory? _keys;
    private readonly Memory _indices;
    private readonly bool _isWide;
    private StridesParameter? _strides;

    /// <summary>Adds the buffers; <see cref="BindBuffers"/> adds the arguments.</summary>
    public SortOutput(KernelBuilder k, DType element, bool is64Bit, bool isLast)
    {
        (_k, _isWide) = (k, is64Bit);
        _keys = isLast ? null : k.Buffer("sorted_keys", element);
        _indices = isLast ? k.Buffer("indices", DType.Int64) : k.Buffer("sorted_order", DType.Int32);
    }

    /// <summary>Adds the arguments of the buffers.</summary>
    public static void BindBuffers(ref ArgumentList arguments, in Operand? keys, in Operand order)
    {
        arguments.AddOptional(keys);
        arguments.Add(order);
    }

    /// <summary>Adds the strides of the result, if that is where indices go; <see cref="BindStrides"/> adds the arguments.</summary>
    public void AddStrides() => _strides = _keys is null ? new StridesParameter(_k, "indices", 3, _isWide) : null;

    /// <summary>Adds the arguments of the strides.</summary>
    public static void BindStrides(ref ArgumentList arguments, in Operand indices, bool is64Bit, bool isLast)
    {
        if (isLast)
        {
            arguments.AddStrides(indices, is64Bit);
        }
    }

    /// <summary>Writes a key that goes to <paramref name="rank"/> of its row.</summary>
    public void Store(Value number, Value outer, Value side, Value rank, Value key, Value index, Value exists)
    {
        if (_strides is not null)
        {
            _k.Store(_indices, _strides.Along(0, outer) + _strides.Along(2, side) + _strides.Along(1, rank), index.To(RegisterType.Int64), exists);
            return;
        }

        _k.Store(_keys!, number, key, exists);
        _k.Store(_indices, number, index, exists);
    }
}
