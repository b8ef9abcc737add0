namespace Engine.Gpu;

/// <summary>The operation that computes a value in a kernel. Each has a row in both renderers.</summary>
internal enum Opcode : byte
{
    /// <summary>A number known when the kernel is built.</summary>
    Constant,

    /// <summary>A scalar argument of the launch.</summary>
    Parameter,

    /// <summary>Index of the work-item in its group, Int32.</summary>
    LocalId,

    /// <summary>Index of the group in the grid along direction 0, 1 or 2, Int32.</summary>
    GroupId,

    /// <summary>Number of groups along direction 0, 1 or 2, Int32.</summary>
    GroupCount,

    /// <summary>The counter of the surrounding loop.</summary>
    Counter,

    /// <summary>The value of a variable at this point.</summary>
    Read,

    /// <summary>a + b.</summary>
    Add,

    /// <summary>a − b.</summary>
    Sub,

    /// <summary>a · b.</summary>
    Mul,

    /// <summary>The upper half of the 64-bit product of two UInt32.</summary>
    MulHigh,

    /// <summary>a / b, correctly rounded; integers towards zero, undefined for b = 0.</summary>
    Div,

    /// <summary>Integer remainder with the sign of a, undefined for b = 0.</summary>
    Rem,

    /// <summary>−a.</summary>
    Neg,

    /// <summary>|a|.</summary>
    Abs,

    /// <summary>The smaller; NaN where either is.</summary>
    Min,

    /// <summary>The larger; NaN where either is.</summary>
    Max,

    /// <summary>a · b + c with one rounding; floats only.</summary>
    Fma,

    /// <summary>Bitwise or logical and.</summary>
    And,

    /// <summary>Bitwise or logical or.</summary>
    Or,

    /// <summary>Bitwise or logical exclusive or.</summary>
    Xor,

    /// <summary>Bitwise or logical complement.</summary>
    Not,

    /// <summary>a · 2ᵇ, b below the width.</summary>
    ShiftLeft,

    /// <summary>⌊a / 2ᵇ⌋, b below the width; signed types keep the sign.</summary>
    ShiftRight,

    /// <summary>a &lt; b; false for NaN.</summary>
    Less,

    /// <summary>a ≤ b; false for NaN.</summary>
    LessEqual,

    /// <summary>a = b; false for NaN.</summary>
    Equal,

    /// <summary>a ≠ b; true for NaN.</summary>
    NotEqual,

    /// <summary>b where the Bool a holds, else c.</summary>
    Select,

    /// <summary>Another type, the nearest value: floats to integers towards zero and saturating, NaN to 0; Bool as 0 or 1.</summary>
    Convert,

    /// <summary>The same 32 or 64 bits as another type.</summary>
    Bitcast,

    /// <summary>⌊a⌋.</summary>
    Floor,

    /// <summary>⌈a⌉.</summary>
    Ceil,

    /// <summary>Nearest integer, halves to even.</summary>
    Round,

    /// <summary>Integer part.</summary>
    Trunc,

    /// <summary>√a, correctly rounded.</summary>
    Sqrt,

    /// <summary>|a| with the sign of b.</summary>
    CopySign,

    /// <summary>A Float32 rounded to tf32 (to the nearest, halves away from zero), its bits as UInt32; where there are tensor cores, like the next two.</summary>
    RoundTf32,

    /// <summary>Two Float32 as half precision in one UInt32: a in the upper half, b in the lower.</summary>
    PackFloat16,

    /// <summary>Two Float32 as bfloat16 in one UInt32: a in the upper half, b in the lower.</summary>
    PackBFloat16,

    /// <summary>2ᵃ of a Float32 by the unit for such functions: two units in the last place, results that are subnormal become 0; where there are tensor cores.</summary>
    FastPowerOfTwo,

    /// <summary>eᵃ; where the target has math functions, like all below.</summary>
    Exp,

    /// <summary>ln a.</summary>
    Log,

    /// <summary>ln(1 + a).</summary>
    Log1p,

    /// <summary>eᵃ − 1.</summary>
    Expm1,

    /// <summary>sin a.</summary>
    Sin,

    /// <summary>cos a.</summary>
    Cos,

    /// <summary>tan a.</summary>
    Tan,

    /// <summary>tanh a.</summary>
    Tanh,

    /// <summary>erf a.</summary>
    Erf,

    /// <summary>aᵇ.</summary>
    Pow,

    /// <summary>A of the work-item whose index in the sub-group is this one's exclusive-or <see cref="Value.Bits"/>; 32-bit types, where there are sub-groups.</summary>
    ShuffleXor,
}
