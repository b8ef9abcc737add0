using System.Numerics;

namespace Engine.Gpu;

/// <summary>
/// Combines the values of neighbouring work-items in a fixed order, so that each of them gets the result: within a sub-group by shuffles
/// where the device has them, beyond it through shared memory.
/// </summary>
/// <remarks>
/// Segments of <c>width</c> work-items, from a multiple of it on, reduce among themselves; by default that is the whole group. Interleaved
/// segments are made of every n-th work-item instead, so that neighbours can read neighbouring columns. Every
/// work-item of the group has to take part, as at a barrier: items without data bring the identity. The same object may be used again
/// and again, also in loops.
/// </remarks>
internal sealed class GroupReduction
{
    // Entries that one work-item combines at a level of the tree: fewer levels are fewer barriers.
    private const int Radix = 4;

    private readonly KernelBuilder _k;
    private readonly int _width;
    private readonly bool _interleaved;
    private readonly int _shuffled;
    private readonly Memory[] _shared;

    /// <summary>Prepares the reduction of one or more values at a time and reserves the shared memory for it.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="types">The types of the values: signed integers and floats.</param>
    /// <param name="width">A power of two that divides the group's size; 0 for the whole group, whose size is then a power of two.</param>
    /// <param name="name">Begins the names of the shared arrays.</param>
    /// <param name="interleaved">Whether the items of a segment are as far apart as there are segments.</param>
    public GroupReduction(KernelBuilder k, ReadOnlySpan<RegisterType> types, int width = 0, string name = "partial", bool interleaved = false)
    {
        _k = k;
        _interleaved = interleaved;
        _width = width == 0 ? k.GroupSize : width;
        if (!BitOperations.IsPow2(_width) || k.GroupSize % _width != 0)
        {
            throw new ArgumentException($"Segments of {_width} in a group of {k.GroupSize}.", nameof(width));
        }

        // Shuffles need whole sub-groups, and move 32 bits.
        int lanes = k.Target.SubGroupSize;
        bool shuffles = lanes > 0 && !interleaved && k.GroupSize % lanes == 0 && !types.ContainsAny(RegisterType.Int64, RegisterType.Float64);
        _shuffled = shuffles ? Math.Min(lanes, _width) : 1;
        _shared = new Memory[_shuffled == _width ? 0 : types.Length];
        for (int i = 0; i < _shared.Length; i++)
        {
            _shared[i] = k.Shared($"{name}{i}", types[i].InMemory(), k.GroupSize / _shuffled);
        }
    }

    /// <summary>Prepares the reduction of one value.</summary>
    public GroupReduction(KernelBuilder k, RegisterType type, int width = 0, string name = "partial")
        : this(k, [type], width, name)
    {
    }

    /// <summary>The sum over the segment.</summary>
    public Value Sum(Value value) => Combine([value], (a, b) => [a[0] + b[0]])[0];

    /// <summary>The largest of the segment; NaN if there is one.</summary>
    public Value Max(Value value) => Combine([value], (a, b) => [_k.Max(a[0], b[0])])[0];

    /// <summary>The smallest of the segment; NaN if there is one.</summary>
    public Value Min(Value value) => Combine([value], (a, b) => [_k.Min(a[0], b[0])])[0];

    /// <summary>The sums of several values.</summary>
    public Value[] Sums(params ReadOnlySpan<Value> values) => Combine(values, Add);

    /// <summary>The sums of several values, for the work-items that receive them.</summary>
    public void Sums(ReadOnlySpan<Value> values, Value receives, Action<Value[]> use) => Combine(values, Add, receives, use);

    /// <summary>
    /// Any combination that is associative up to rounding and has the same bits with its arguments exchanged. As many values as types were
    /// named, in their order.
    /// </summary>
    public Value[] Combine(ReadOnlySpan<Value> values, Func<Value[], Value[], Value[]> combine)
    {
        Value[] result = Shuffled(values, combine);
        if (_shuffled == _width)
        {
            return result;
        }

        (Value first, int pitch, int count) = ThroughShared(result, combine);
        return Gather(first, pitch, count, combine);
    }

    /// <summary>The same where only some work-items need the result, so that the others are spared the last step.</summary>
    /// <param name="values">The item's values.</param>
    /// <param name="combine">As above.</param>
    /// <param name="receives">Whether the item uses the result.</param>
    /// <param name="use">Writes what these items do with it.</param>
    public void Combine(ReadOnlySpan<Value> values, Func<Value[], Value[], Value[]> combine, Value receives, Action<Value[]> use)
    {
        Value[] result = Shuffled(values, combine);
        if (_shuffled == _width)
        {
            _k.If(receives, () => use(result));
            return;
        }

        (Value first, int pitch, int count) = ThroughShared(result, combine);
        _k.If(receives, () => use(Gather(first, pitch, count, combine)));
    }

    private Value[] Shuffled(ReadOnlySpan<Value> values, Func<Value[], Value[], Value[]> combine)
    {
        Value[] result = values.ToArray();
        for (int distance = 1; distance < _shuffled; distance *= 2)
        {
            Value[] own = result;
            result = combine(own, Array.ConvertAll(own, value => _k.ShuffleXor(value, distance)));
        }

        return result;
    }

    // Leaves so few entries of each segment that an item can combine them: entry i lies at first + i · pitch.
    private (Value First, int Pitch, int Count) ThroughShared(Value[] values, Func<Value[], Value[], Value[]> combine)
    {
        int count = _width / _shuffled;
        Value item = _k.LocalId;

        // Other work-items may still read the values of the previous use.
        _k.Barrier();
        Store(item / _shuffled, values, _shuffled == 1 ? null : (item % _shuffled).Is(0));
        _k.Barrier();

        // Entry i of the segment lies at first + i · pitch.
        int pitch = _interleaved ? _k.GroupSize / _width : 1;
        Value lane = _interleaved ? item / pitch : item % _width;
        Value first = _interleaved ? item % pitch : (item - lane) / _shuffled;

        // With shuffles so few are left that every work-item can combine them all.
        int most = _shuffled == 1 ? Radix : _k.GroupSize;
        while (count > most)
        {
            int step = count / Radix;
            int rest = count;
            Value own = first + (lane * pitch);
            _k.If(lane < step, () => Store(own, Gather(own, step * pitch, rest / step, combine), null));
            _k.Barrier();
            count = step;
        }

        return (first, pitch, count);
    }

    private static Value[] Add(Value[] a, Value[] b) => [.. a.Zip(b, static (x, y) => x + y)];

    private Value[] Gather(Value first, int step, int count, Func<Value[], Value[], Value[]> combine)
    {
        Value[] result = Array.ConvertAll(_shared, memory => _k.Load(memory, first));
        for (int i = 1; i < count; i++)
        {
            Value index = first + (i * step);
            result = combine(result, Array.ConvertAll(_shared, memory => _k.Load(memory, index)));
        }

        return result;
    }

    private void Store(Value index, Value[] values, Value? condition)
    {
        for (int i = 0; i < values.Length; i++)
        {
            _k.Store(_shared[i], index, values[i], condition);
        }
    }
}
