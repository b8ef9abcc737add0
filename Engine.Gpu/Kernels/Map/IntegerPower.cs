namespace Engine.Gpu;

/// <summary>Powers of integers in kernels, by squaring; they wrap around like products.</summary>
internal static class IntegerPower
{
    /// <summary>aᵇ; for a negative b 0, but for a = ±1 the power itself.</summary>
    public static Value Of(KernelBuilder k, Value a, Value b)
    {
        int bits = a.Type == RegisterType.Int64 ? 63 : 31;
        Variable power = k.Variable(a.Like(1)), square = k.Variable(a), rest = k.Variable(b);
        k.For(k.Int32(0), k.Int32(bits), k.Int32(1), _ =>
        {
            power.Value = k.Select((rest.Value & 1).IsNot(0), power.Value * square.Value, power.Value);
            square.Value *= square.Value;
            rest.Value >>= 1;
        });
        Value fraction = k.Select(a.Is(1) | (a.Is(-1) & (b & 1).Is(0)), a.Like(1), k.Select(a.Is(-1), a, a.Like(0)));
        return k.Select(b < 0, fraction, power.Value);
    }
}
