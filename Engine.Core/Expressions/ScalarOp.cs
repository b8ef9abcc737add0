namespace Engine.Backends;

/// <summary>
/// The gradients of an operation's arguments, given the arguments, the result and the gradient <paramref name="dy"/> of the result.
/// Null is a zero gradient: nothing is computed for it.
/// </summary>
public delegate Expr?[] DerivativeRule(ReadOnlySpan<Expr> x, Expr y, Expr dy);

/// <summary>An operation on the arguments <paramref name="x"/> in terms of others.</summary>
internal delegate Expr ExpansionRule(ReadOnlySpan<Expr> x);

/// <summary>
/// One row of the operation table: everything that Core knows about a <see cref="ScalarOpcode"/>. Backends keep their own column
/// (vector form, PTX, OpenCL C) next to their code; tests walk the rows and fail where a form is missing.
/// </summary>
public sealed class ScalarOp
{
    private static readonly ScalarOp[] s_all = ScalarOps.BuildTable();

    internal ScalarOp(ScalarOpcode opcode, string name, int arity)
    {
        Opcode = opcode;
        Name = name;
        Arity = arity;
    }

    /// <summary>All rows, indexed by opcode.</summary>
    public static ReadOnlySpan<ScalarOp> All => s_all;

    /// <summary>The opcode whose row this is.</summary>
    public ScalarOpcode Opcode { get; }

    /// <summary>The lower-case name that programs print: <c>tanh</c>, <c>max</c>, …</summary>
    public string Name { get; }

    /// <summary>Number of arguments, 0 (a leaf) to 3.</summary>
    public int Arity { get; }

    /// <summary>Whether this is a leaf: an operation without arguments, whose value comes from outside.</summary>
    public bool IsLeaf => Arity == 0;

    /// <summary>The value in double precision, correct to a few units in the last place; arguments past the arity are ignored. Null for leaves.</summary>
    public Func<double, double, double, double>? Reference { get; internal init; }

    /// <summary>The value in 64-bit integers, where the operation is defined on integers, else null. Overflow wraps.</summary>
    public Func<long, long, long, long>? IntegerReference { get; internal init; }

    /// <summary>The gradients of the arguments; null for leaves and where <see cref="IsPiecewiseConstant"/>.</summary>
    public DerivativeRule? Derivative { get; internal init; }

    /// <summary>Whether the operation is made of others: programs hold those instead, so that a backend never meets it.</summary>
    public bool IsComposed => Expansion is not null;

    /// <summary>Whether the derivative is 0 wherever it exists, so that no gradient passes: rounding, signs, comparisons, logic.</summary>
    public bool IsPiecewiseConstant { get; internal init; }

    /// <summary>Whether the result is always 0 or 1.</summary>
    public bool IsBoolean { get; internal init; }

    /// <summary>Whether the operation is one of integers: a program with it does not run in a floating type, and its <see cref="Reference"/> drops fractions first.</summary>
    public bool IsIntegerOnly { get; internal init; }

    /// <summary>Whether the first two arguments may be exchanged.</summary>
    public bool IsCommutative { get; internal init; }

    /// <summary>Whether zeros give zero, so that zero padding of a buffer stays zero.</summary>
    public bool ZeroToZero { get; internal init; }

    /// <summary>An interval of arguments over which the result is finite and well conditioned; tests sample it.</summary>
    public (double Low, double High) Domain { get; internal init; } = (-4, 4);

    /// <summary>The operation in terms of operations that are not composed, or null.</summary>
    internal ExpansionRule? Expansion { get; init; }

    /// <summary>The operator sign where the operation prints between its arguments, else null.</summary>
    internal string? Infix { get; init; }

    /// <summary>How tightly <see cref="Infix"/> binds; higher binds tighter.</summary>
    internal int Precedence { get; init; }

    /// <summary>The row of <paramref name="opcode"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not an opcode.</exception>
    public static ScalarOp Of(ScalarOpcode opcode) => (int)opcode < s_all.Length
        ? s_all[(int)opcode]
        : throw new ArgumentOutOfRangeException(nameof(opcode), opcode, "Not a scalar operation.");

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
