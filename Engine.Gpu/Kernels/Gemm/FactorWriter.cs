namespace Engine.Gpu;

/// <summary>Writes factors of tensor cores to shared memory in their format.</summary>
/// <param name="k">The kernel.</param>
/// <param name="shared">Shared memory, in words of 32 bits.</param>
/// <param name="math">The format.</param>
internal sealed class FactorWriter(KernelBuilder k, Memory shared, TileMath math)
{
    /// <summary>Factors of a word.</summary>
    public int PerWord => math.IsHalf ? 2 : 1;

    /// <summary>Whether vectors need no conversion: they are carried as words.</summary>
    public static bool CarriesWords(TileMath math, DType element, int width) => math.IsHalf && element == math.HalfType && width > 1;

    /// <summary>Writes neighbours.</summary>
    /// <param name="word">Where their line begins, in words.</param>
    /// <param name="factor">The first one's number in the line.</param>
    /// <param name="values">The numbers; or the words that hold them.</param>
    /// <param name="condition">Whether to write.</param>
    public void Write(Value word, Value factor, Value[] values, Value? condition)
    {
        if (math.IsHalf && values.Length == 1 && values[0].Type != RegisterType.Int32)
        {
            k.Store(shared.As(math.HalfType), (word * 2) + factor, values[0], condition);
            return;
        }

        k.StoreVector(shared, word + (factor / PerWord), Words(k, math, values), condition);
    }

    /// <summary>Neighbouring numbers as words; those that are words already stay as they are.</summary>
    public static Value[] Words(KernelBuilder k, TileMath math, Value[] values)
    {
        if (values[0].Type == RegisterType.Int32)
        {
            return values;
        }

        if (!math.IsHalf)
        {
            return Array.ConvertAll(values, value => k.RoundTf32(value).As(RegisterType.Int32));
        }

        var words = new Value[values.Length / 2];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = k.Pack(math.HalfType, values[2 * i], values[(2 * i) + 1]).As(RegisterType.Int32);
        }

        return words;
    }
}
