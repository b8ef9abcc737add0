namespace Engine.Gpu;

/// <summary>Vectors with a number for each channel (or column), such as scale and shift.</summary>
internal sealed class ChannelVector(KernelBuilder k, Value channel, DType dtype, bool is64Bit, int width = 1)
{
    /// <summary>Adds a vector to the arguments.</summary>
    public static void Bind(ref ArgumentList arguments, in Operand? operand, bool is64Bit)
    {
        arguments.AddOptional(operand);
        arguments.AddStrides(operand, is64Bit);
    }

    /// <summary>The channel's number of a vector.</summary>
    public Value Load(string name) => LoadEach(name)[0];

    /// <summary>The numbers of the item's neighbouring channels.</summary>
    public Value[] LoadEach(string name)
    {
        Memory memory = k.Buffer(name, dtype);
        return Array.ConvertAll(Offsets(name), offset => k.Load(memory, offset));
    }

    /// <summary>Replaces the channel's number of a vector.</summary>
    public void Update(string name, Value condition, Func<Value, Value> update) => UpdateEach(name, condition, (old, _) => update(old));

    /// <summary>Replaces the numbers of the item's neighbouring channels, from the number there and the index among them.</summary>
    public void UpdateEach(string name, Value? condition, Func<Value, int, Value> update)
    {
        Memory memory = k.Buffer(name, dtype);
        Value[] offsets = Offsets(name), old = Array.ConvertAll(offsets, offset => k.Load(memory, offset, condition));
        for (int i = 0; i < width; i++)
        {
            k.Store(memory, offsets[i], update(old[i], i).To(dtype.InRegister()), condition);
        }
    }

    private Value[] Offsets(string name)
    {
        StridesParameter strides = new(k, name, 1, is64Bit);
        var offsets = new Value[width];
        for (int i = 0; i < width; i++)
        {
            offsets[i] = strides.Along(0, channel + i);
        }

        return offsets;
    }
}
