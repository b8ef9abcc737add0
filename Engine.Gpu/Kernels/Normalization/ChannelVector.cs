namespace Engine.Gpu;

/// <summary>Vectors with a number for each channel (or column), such as scale and shift.</summary>
internal sealed class ChannelVector(KernelBuilder k, Value channel, DType dtype, bool is64Bit)
{
    /// <summary>Adds a vector to the arguments.</summary>
    public static void Bind(ref ArgumentList arguments, in Operand? operand, bool is64Bit)
    {
        arguments.AddOptional(operand);
        arguments.AddStrides(operand, is64Bit);
    }

    /// <summary>The channel's number of a vector.</summary>
    public Value Load(string name)
    {
        Memory memory = k.Buffer(name, dtype);
        return k.Load(memory, new StridesParameter(k, name, 1, is64Bit).Along(0, channel));
    }

    /// <summary>Replaces the channel's number of a vector.</summary>
    public void Update(string name, Value condition, Func<Value, Value> update)
    {
        Memory memory = k.Buffer(name, dtype);
        Value offset = new StridesParameter(k, name, 1, is64Bit).Along(0, channel);
        k.Store(memory, offset, update(k.Load(memory, offset, condition)).To(dtype.InRegister()), condition);
    }
}
