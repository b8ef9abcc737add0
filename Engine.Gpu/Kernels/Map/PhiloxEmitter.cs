namespace Engine.Gpu;

/// <summary>Random numbers inside kernels: <see cref="Philox"/> word for word, so that every device draws the same.</summary>
internal static class PhiloxEmitter
{
    /// <summary>The number in [0, 1) of an element, Float32; the key and the stream are two UInt32 each.</summary>
    public static Value Uniform(KernelBuilder k, ReadOnlySpan<Value> key, ElementIndex index)
    {
        Value word = Word(k, key, index);
        return (word >> 8).To(RegisterType.Float32) * (1.0 / (1 << 24));
    }

    private static Value Word(KernelBuilder k, ReadOnlySpan<Value> key, ElementIndex index)
    {
        bool isLaneKnown = index.Multiple % 4 == 0;
        Value number = isLaneKnown ? index.Base : index.Value;
        int lane = isLaneKnown ? index.Lane : 0;
        Value low = ((number >> 2) + (lane / 4)).To(RegisterType.UInt32);
        Value high = number.Type == RegisterType.Int64 ? (((number >> 2) + (lane / 4)) >> 32).To(RegisterType.UInt32) : k.UInt32(0);
        Value[] words = Block(k, key[0], key[1], low, high, key[2], key[3]);
        if (isLaneKnown)
        {
            return words[lane % 4];
        }

        Value word = number.To(RegisterType.Int32) & 3;
        return k.Select(word < 2, k.Select(word.Is(0), words[0], words[1]), k.Select(word.Is(2), words[2], words[3]));
    }

    private static Value[] Block(KernelBuilder k, Value key0, Value key1, Value c0, Value c1, Value c2, Value c3)
    {
        Value multiplierA = k.UInt32(Philox.MultiplierA), multiplierB = k.UInt32(Philox.MultiplierB);
        for (int round = 0; round < Philox.Rounds; round++)
        {
            (c0, c1, c2, c3) = (
                k.MulHigh(c2, multiplierB) ^ c1 ^ key0,
                c2 * multiplierB,
                k.MulHigh(c0, multiplierA) ^ c3 ^ key1,
                c0 * multiplierA);
            key0 += k.UInt32(Philox.WeylA);
            key1 += k.UInt32(Philox.WeylB);
        }

        return [c0, c1, c2, c3];
    }
}
