namespace Engine.Backends;

/// <summary>
/// The operations of the scalar expression language. Each has one row in the table <see cref="ScalarOp.All"/>; the value of an
/// opcode is its row number.
/// </summary>
/// <remarks>
/// Truth: a condition holds when it is not zero (NaN holds); comparisons and logic yield 1 or 0. Where a result is a zero that could
/// have either sign (<see cref="Max"/> of 0 and −0, <see cref="Relu"/> of −0), the sign is not specified; nor is that of a NaN.
/// Operations on bits (<see cref="ScalarOp.IsIntegerOnly"/>) belong to programs that run in an integer type.
/// From <see cref="Asin"/> on operations are made of others (<see cref="ScalarOp.IsComposed"/>): no backend has a form of them, and no
/// <see cref="MapProgram.Code"/> contains them.
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

    /// <summary>The bits that both integers have.</summary>
    BitwiseAnd,

    /// <summary>The bits that at least one of the integers has.</summary>
    BitwiseOr,

    /// <summary>The bits that just one of the integers has.</summary>
    BitwiseXor,

    /// <summary>a · 2ᵇ of integers, its upper bits cut off; 0 for b below 0 or beyond the width of the compute type.</summary>
    LeftShift,

    /// <summary>⌊a / 2ᵇ⌋ of integers: copies of the sign move in. For b below 0 or beyond the width of the compute type, 0 or −1 by the sign of a.</summary>
    RightShift,

    /// <summary>arcsin x in radians; NaN outside of [−1, 1].</summary>
    Asin,

    /// <summary>arccos x in radians; NaN outside of [−1, 1].</summary>
    Acos,

    /// <summary>arctan x in radians.</summary>
    Atan,

    /// <summary>sinh x = (eˣ − e⁻ˣ)/2.</summary>
    Sinh,

    /// <summary>cosh x = (eˣ + e⁻ˣ)/2.</summary>
    Cosh,

    /// <summary>The inverse of <see cref="Sinh"/>.</summary>
    Asinh,

    /// <summary>The inverse of <see cref="Cosh"/>; NaN below 1.</summary>
    Acosh,

    /// <summary>The inverse of <see cref="Tanh"/>; ±∞ at ±1, NaN beyond.</summary>
    Atanh,

    /// <summary>1 − erf x, accurate where that is close to 0.</summary>
    Erfc,

    /// <summary>The inverse of <see cref="Erf"/>; ±∞ at ±1, NaN beyond.</summary>
    Erfinv,

    /// <summary>ln |Γ(x)|; ∞ at 0, −1, −2, … and at ±∞.</summary>
    Lgamma,

    /// <summary>ψ(x), the derivative of <see cref="Lgamma"/>; NaN at −1, −2, …, ∓∞ at ±0.</summary>
    Digamma,

    /// <summary>ψ′(x), the derivative of <see cref="Digamma"/>; ∞ at 0, −1, −2, ….</summary>
    Trigamma,

    /// <summary>sin(πx)/(πx); 1 at 0.</summary>
    Sinc,

    /// <summary>ln(x/(1 − x)); NaN outside of [0, 1].</summary>
    Logit,

    /// <summary>The angle of the point (b, a), from −π to π; gradient 0 at the origin.</summary>
    Atan2,

    /// <summary>√(a² + b²) without overflow; gradient 0 at the origin.</summary>
    Hypot,

    /// <summary>ln(eᵃ + eᵇ) without overflow.</summary>
    LogAddExp,

    /// <summary>The remainder of a / b with the sign of a; an integer remainder by 0 gives 0.</summary>
    Fmod,

    /// <summary>a·ln b, and 0 where a is 0 and b is not NaN.</summary>
    Xlogy,
}
