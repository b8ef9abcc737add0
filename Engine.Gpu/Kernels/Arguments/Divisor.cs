using System.Numerics;

namespace Engine.Gpu;

/// <summary>
/// Division by a size that is known at the launch: a multiplication and a shift, where the card's own division takes some twenty
/// instructions. Exact for numbers in [0, 2³¹).
/// </summary>
/// <remarks>
/// q = ⌊2n · m / 2³²⌋ / 2ˢ with s = ⌈log₂ d⌉ and m = ⌈2³¹⁺ˢ / d⌉ (Granlund and Montgomery 1994): m exceeds the true quotient by less than
/// one part in 2³¹, which no n below 2³¹ can notice.
/// </remarks>
internal readonly struct Divisor
{
    /// <summary>Prepares the division by <paramref name="d"/> ≥ 1.</summary>
    public Divisor(int d)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(d);
        Shift = BitOperations.Log2((uint)d) + (BitOperations.IsPow2(d) ? 0 : 1);
        Multiplier = (uint)(((1UL << (31 + Shift)) + (uint)d - 1) / (uint)d);
    }

    /// <summary>m.</summary>
    public uint Multiplier { get; }

    /// <summary>s.</summary>
    public int Shift { get; }
}

/// <summary>A <see cref="Divisor"/> as three parameters of a kernel.</summary>
internal sealed class DivisorParameter
{
    private readonly Value _divisor, _multiplier, _shift;

    /// <summary>Adds NAME (the size itself), NAME_m and NAME_s to the parameters.</summary>
    public DivisorParameter(KernelBuilder k, string name)
    {
        _divisor = k.Size(name);
        _multiplier = k.Scalar(name + "_m", RegisterType.UInt32);
        _shift = k.Scalar(name + "_s", RegisterType.Int32);
        Builder = k;
    }

    private DivisorParameter(KernelBuilder k, Value divisor, Value multiplier, Value shift) => (Builder, _divisor, _multiplier, _shift) = (k, divisor, multiplier, shift);

    /// <summary>The size.</summary>
    public Value Size => _divisor;

    private KernelBuilder Builder { get; }

    /// <summary>One of two.</summary>
    public static DivisorParameter Select(KernelBuilder k, Value condition, DivisorParameter a, DivisorParameter b) => new(
        k, k.Select(condition, a._divisor, b._divisor), k.Select(condition, a._multiplier, b._multiplier), k.Select(condition, a._shift, b._shift));

    /// <summary>⌊n / d⌋ and the rest, of an Int32 n ≥ 0.</summary>
    public (Value Quotient, Value Remainder) Divide(Value n)
    {
        Value quotient = (Builder.MulHigh(n.To(RegisterType.UInt32) << 1, _multiplier) >> _shift).To(RegisterType.Int32);
        return (quotient, n - (quotient * _divisor));
    }
}
