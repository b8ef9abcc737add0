namespace Engine.Gpu;

/// <summary>
/// Combines the values of work-items that lie <c>columns</c> apart, in a fixed order, through shared memory: work-items 0 … columns − 1 get
/// the results, the others something undefined.
/// </summary>
internal sealed class ColumnReduction
{
    private readonly KernelBuilder _k;
    private readonly int _columns;
    private readonly Memory[] _shared;

    /// <summary>Reserves the shared memory.</summary>
    public ColumnReduction(KernelBuilder k, ReadOnlySpan<RegisterType> types, int columns, string name = "column")
    {
        (_k, _columns) = (k, columns);
        _shared = new Memory[types.Length];
        for (int i = 0; i < _shared.Length; i++)
        {
            _shared[i] = k.Shared($"{name}{i}", types[i].InMemory(), k.GroupSize);
        }
    }

    /// <summary>Any combination; all work-items of the group take part.</summary>
    public Value[] Combine(Value[] values, Func<Value[], Value[], Value[]> combine)
    {
        Value item = _k.LocalId;
        for (int i = 0; i < values.Length; i++)
        {
            _k.Store(_shared[i], item, values[i]);
        }

        _k.Barrier();
        Value column = item % _columns;
        Value[] result = Array.ConvertAll(_shared, memory => _k.Load(memory, column));
        for (int row = 1; row < _k.GroupSize / _columns; row++)
        {
            Value index = column + (row * _columns);
            result = combine(result, Array.ConvertAll(_shared, memory => _k.Load(memory, index)));
        }

        return result;
    }
}
