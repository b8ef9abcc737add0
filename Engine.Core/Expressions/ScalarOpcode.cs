namespace Engine.Backends;

/// <summary>
/// The operations of the scalar expression language. Each has one row in the table <see cref="ScalarOp.All"/>; the value of an
/// opcode is its row number.
/// </summary>
/// <remarks>
/// Truth: a condition holds when it is not zero (NaN holds); comparisons and logic yield 1 or 0. Where a result is a zero that could
/// have either sign (<see cref="Max"/> of 0 and −0, <see cref="Relu"/> of −0), the sign is not specified; nor is that of a NaN.
/// </remarks>
public enum ScalarOpcode : byte
{
    /// <summary>Element of the input tensor with number A.</summary>
    Input,

    /// <summary>A number known when the program is written.</summary>
    Constant,

    /// <summary>Entry A of the parameter list given at the call: one number for all elements.</summary>
    Parameter,

    /// <summary>Row-major index of the element in the iteration space, as a number.</summary>
    Index,

    /// <summary>Uniform number in [0, 1) for this element: Philox4x32-10 keyed by parameters A … A+3, see <see cref="Expr.Random"/>.</summary>
    Random,

    /// <summary>−x.</summary>
    Neg,

    /// <summary>|x|; gradient 0 at 0.</summary>
    Abs,

    /// <summary>−1, 0 or 1; 0 for NaN, as PyTorch has it.</summary>
    Sign,

    /// <summary>1/x.</summary>
    Reciprocal,

    /// <summary>√x; NaN below 0, −0 stays −0.</summary>
    Sqrt,

    /// <summary>1/√x; ±∞ at ±0.</summary>
    Rsqrt,

    /// <summary>eˣ.</summary>
    Exp,

    /// <summary>ln x; −∞ at 0, NaN below.</summary>
    Log,

    /// <summary>ln(1 + x), accurate near 0.</summary>
    Log1p,

    /// <summary>eˣ − 1, accurate near 0.</summary>
    Expm1,

    /// <summary>sin x in radians.</summary>
    Sin,

    /// <summary>cos x in radians.</summary>
    Cos,

    /// <summary>tan x in radians.</summary>
    Tan,

    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>1/(1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>erf x = 2/√π · ∫₀ˣ exp(−t²) dt.</summary>
    Erf,

    /// <summary>⌊x⌋.</summary>
    Floor,

    /// <summary>⌈x⌉.</summary>
    Ceil,

    /// <summary>Nearest integer, halves to even.</summary>
    Round,

    /// <summary>Integer part, towards zero.</summary>
    Trunc,

    /// <summary>1 where x is NaN, else 0.</summary>
    IsNaN,

    /// <summary>1 where x is 0, else 0.</summary>
    Not,

    /// <summary>max(x, 0); NaN stays NaN, gradient 0 at 0.</summary>
    Relu,

    /// <summary>a + b.</summary>
    Add,

    /// <summary>a − b.</summary>
    Sub,

    /// <summary>a · b.</summary>
    Mul,

    /// <summary>a / b.</summary>
    Div,

    /// <summary>⌊a / b⌋ with the remainder of <see cref="Mod"/>; an integer division by 0 gives 0.</summary>
    FloorDiv,

    /// <summary>Python's a % b: the sign of b; an integer remainder by 0 gives 0.</summary>
    Mod,

    /// <summary>aᵇ; gradient to b is 0 at a = 0, b ≥ 0.</summary>
    Pow,

    /// <summary>The smaller; NaN where either is; a tie shares the gradient equally.</summary>
    Min,

    /// <summary>The larger; NaN where either is; a tie shares the gradient equally.</summary>
    Max,

    /// <summary>|a| with the sign of b (also that of −0).</summary>
    CopySign,

    /// <summary>a &lt; b; false where either is NaN.</summary>
    Less,

    /// <summary>a ≤ b; false where either is NaN.</summary>
    LessEqual,

    /// <summary>a = b; false where either is NaN.</summary>
    Equal,

    /// <summary>a ≠ b; true where either is NaN.</summary>
    NotEqual,

    /// <summary>Both hold.</summary>
    And,

    /// <summary>At least one holds.</summary>
    Or,

    /// <summary>b where the condition a holds, else c; what the other side holds, NaN included, does not matter.</summary>
    Where,

    /// <summary>a · b + c with one rounding.</summary>
    Fma,
}
