namespace Engine.Cpu;

/// <summary>The state of one result of a reduction.</summary>
/// <remarks>
/// Sums of float32 are kept in double precision between blocks of at most a few thousand values; within a block they run in vectors.
/// </remarks>
internal struct Accumulator
{
    /// <summary>Floating-point types: the value, for index combiners the best one.</summary>
    public double Value;

    /// <summary>Integer types: likewise.</summary>
    public long Integer;

    /// <summary>Index combiners: where the best value is, among the elements that were reduced.</summary>
    public long Index;

    /// <summary>Whether any element has been seen; an index combiner takes the first one even if it equals the identity.</summary>
    public bool Seen;

    /// <summary>Nothing combined yet.</summary>
    public static Accumulator Start(Combiner combiner, DType computeType)
    {
        double identity = combiner.Identity();
        return new Accumulator
        {
            Value = identity,
            Integer = computeType == DType.Int32 ? int.CreateSaturating(identity) : long.CreateSaturating(identity),
        };
    }

    /// <summary>Takes in the state of another one for later elements.</summary>
    public void Add(Combiner combiner, in Accumulator later, bool isInteger)
    {
        if (!later.Seen)
        {
            return;
        }
        if (combiner.YieldsIndex())
        {
            bool replaces = isInteger
                ? combiner == Combiner.ArgMax ? later.Integer > Integer : later.Integer < Integer
                : combiner.Replaces(Value, later.Value);
            if (!Seen || replaces)
            {
                this = later;
            }
            return;
        }

        Seen = true;
        Value = combiner.Combine(Value, later.Value);
        Integer = combiner switch
        {
            Combiner.Sum => unchecked(Integer + later.Integer),
            Combiner.Product => unchecked(Integer * later.Integer),
            Combiner.Max => Math.Max(Integer, later.Integer),
            _ => Math.Min(Integer, later.Integer),
        };
    }

    /// <summary>Writes the result, converted to <paramref name="type"/>.</summary>
    public readonly unsafe void Write(Combiner combiner, DType type, bool isInteger, byte* destination, long element)
    {
        bool index = combiner.YieldsIndex();
        switch (type)
        {
            case DType.Float32: ((float*)destination)[element] = index ? Index : (float)Value; break;
            case DType.Float64: ((double*)destination)[element] = index ? Index : Value; break;
            case DType.Int32: ((int*)destination)[element] = unchecked((int)(index ? Index : Integer)); break;
            default: ((long*)destination)[element] = index ? Index : isInteger ? Integer : long.CreateSaturating(Value); break;
        }
    }
}
