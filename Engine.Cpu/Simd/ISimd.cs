namespace Engine.Cpu;

/// <summary>
/// A vector of <see cref="Count"/> lanes, float32 or float64: the type argument through which one body of a kernel serves every
/// width. The wrappers leave no trace in the machine code.
/// </summary>
/// <remarks>
/// A mask is a vector whose lanes are all ones or all zeros. "Bits" members treat lanes as signed integers of the lane's width.
/// </remarks>
internal unsafe interface ISimd<TSelf> where TSelf : struct, ISimd<TSelf>
{
    /// <summary>Number of lanes.</summary>
    static abstract int Count { get; }

    /// <summary>Whether lanes are float64.</summary>
    static abstract bool IsFloat64 { get; }

    /// <summary>Whether <see cref="MultiplyAdd"/> rounds once.</summary>
    static abstract bool HasFusedMultiplyAdd { get; }

    /// <summary>All lanes 0.</summary>
    static abstract TSelf Zero { get; }

    /// <summary>All lanes <paramref name="value"/>, rounded to the lane's type.</summary>
    static abstract TSelf Create(double value);

    /// <summary>All lanes with the bit pattern <paramref name="bits"/>.</summary>
    static abstract TSelf CreateBits(long bits);

    /// <summary>Lanes 0, 1, 2, …</summary>
    static abstract TSelf Indices { get; }

    /// <summary>Reads all lanes; any alignment.</summary>
    static abstract TSelf Load(void* source);

    /// <summary>All lanes the value at <paramref name="source"/>; any alignment.</summary>
    static abstract TSelf Broadcast(void* source);

    /// <summary>Reads lanes 0 to <paramref name="count"/> - 1 and touches no memory after them; the rest is 0.</summary>
    static abstract TSelf LoadFirst(void* source, nint count);

    /// <summary>Writes all lanes; any alignment.</summary>
    void Store(void* destination);

    /// <summary>Writes lanes 0 to <paramref name="count"/> - 1 only.</summary>
    void StoreFirst(void* destination, nint count);

    /// <summary>Writes all lanes past the caches; <paramref name="destination"/> is aligned to the vector.</summary>
    void StoreNonTemporal(void* destination);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a);

    static abstract TSelf operator &(TSelf a, TSelf b);

    static abstract TSelf operator |(TSelf a, TSelf b);

    static abstract TSelf operator ^(TSelf a, TSelf b);

    static abstract TSelf operator ~(TSelf a);

    /// <summary>a·b + c, rounded once where the hardware can.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>sum += a·b, rounded as <see cref="MultiplyAdd"/> does. In loops that fill the registers: the JIT sees that the sum stays in its register.</summary>
    static abstract void Accumulate(ref TSelf sum, TSelf a, TSelf b);

    /// <summary>The smaller lane in one instruction. On x86, <paramref name="b"/> where either lane is NaN.</summary>
    static abstract TSelf MinNative(TSelf a, TSelf b);

    /// <summary>The larger lane in one instruction. On x86, <paramref name="b"/> where either lane is NaN.</summary>
    static abstract TSelf MaxNative(TSelf a, TSelf b);

    /// <summary>√a, correctly rounded.</summary>
    static abstract TSelf Sqrt(TSelf a);

    /// <summary>a without its sign.</summary>
    static abstract TSelf Abs(TSelf a);

    /// <summary>⌊a⌋.</summary>
    static abstract TSelf Floor(TSelf a);

    /// <summary>⌈a⌉.</summary>
    static abstract TSelf Ceiling(TSelf a);

    /// <summary>Nearest integer, ties to even.</summary>
    static abstract TSelf Round(TSelf a);

    /// <summary>Integer part.</summary>
    static abstract TSelf Truncate(TSelf a);

    /// <summary>Mask of a &lt; b; false for NaN.</summary>
    static abstract TSelf Less(TSelf a, TSelf b);

    /// <summary>Mask of a ≤ b; false for NaN.</summary>
    static abstract TSelf LessOrEqual(TSelf a, TSelf b);

    /// <summary>Mask of a = b; false for NaN.</summary>
    static abstract TSelf Equal(TSelf a, TSelf b);

    /// <summary>a where the mask is set, else b.</summary>
    static abstract TSelf Select(TSelf mask, TSelf a, TSelf b);

    /// <summary>One bit a lane, lane 0 lowest: the sign bits.</summary>
    static abstract uint MaskBits(TSelf mask);

    /// <summary>Integer sum of the bit patterns.</summary>
    static abstract TSelf AddBits(TSelf a, TSelf b);

    /// <summary>Integer difference of the bit patterns.</summary>
    static abstract TSelf SubtractBits(TSelf a, TSelf b);

    /// <summary>Bit patterns shifted left.</summary>
    static abstract TSelf ShiftLeftBits(TSelf a, int count);

    /// <summary>Bit patterns shifted right, the sign filling in.</summary>
    static abstract TSelf ShiftRightBits(TSelf a, int count);

    /// <summary>Bit patterns, taken as signed integers, as floating-point values.</summary>
    static abstract TSelf BitsToValue(TSelf a);

    /// <summary>Whether <see cref="Scale"/> is one instruction.</summary>
    static abstract bool ScalesInOneStep { get; }

    /// <summary>a·2ⁿ for integral |n| ≤ 252 (float32) or 2044 (float64); right for subnormal results up to a second rounding.</summary>
    static abstract TSelf Scale(TSelf a, TSelf n);

    /// <summary>Lanes 0, 2, 4, … of a, then those of b; a itself where there is one lane.</summary>
    static abstract TSelf Even(TSelf a, TSelf b);

    /// <summary>Lanes 1, 3, 5, … of a, then those of b; b itself where there is one lane.</summary>
    static abstract TSelf Odd(TSelf a, TSelf b);

    /// <summary>Sum of the lanes in an order that depends on the width only.</summary>
    static abstract double Sum(TSelf a);

    /// <summary>Writes the sums of the lanes of four vectors side by side. Their order depends on the width only, and may differ from that of <see cref="Sum"/>.</summary>
    static abstract void StoreSums(void* destination, TSelf a, TSelf b, TSelf c, TSelf d);

    /// <summary>Largest lane; NaN if a lane is NaN.</summary>
    static abstract double Max(TSelf a);

    /// <summary>Smallest lane; NaN if a lane is NaN.</summary>
    static abstract double Min(TSelf a);
}
