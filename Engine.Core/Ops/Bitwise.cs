using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>
/// Operations on the bits of integers, as NumPy and PyTorch have them: the types are promoted, the shapes broadcast, negative numbers are in two's
/// complement. Between truth values &amp;, |, ^ and ~ are the logical operations, with truth values as results; beside an integer, true is 1. Floating
/// types have no bits here: <see cref="DTypeMismatchException"/>. There is no gradient.
/// </summary>
/// <remarks>
/// Shifts count places from 0 to the width of the promoted type less 1; any other count, a negative one too, moves all bits out, so that what comes
/// in is left: 0, and −1 from a right shift of a negative number. Right shifts keep the sign. Truth values are shifted as int64.
/// </remarks>
public sealed partial class Tensor
{
    /// <summary>The bits that both x and y have: <c>x &amp; y</c>.</summary>
    /// <exception cref="DTypeMismatchException">An operand is of a floating type.</exception>
    public Tensor BitwiseAnd(Tensor y) => BitwiseOps.Of(nameof(BitwiseAnd), ElementwisePrograms.BitwiseAnd, ElementwisePrograms.And, this, y, nameof(y));

    /// <inheritdoc cref="BitwiseAnd(Tensor)"/>
    public Tensor BitwiseAnd(long y) => BitwiseOps.Of(nameof(BitwiseAnd), ElementwisePrograms.BitwiseAndScalar, ElementwisePrograms.BitwiseAndWhole, this, y);

    /// <summary>The bits that x or y has: <c>x | y</c>.</summary>
    /// <exception cref="DTypeMismatchException">An operand is of a floating type.</exception>
    public Tensor BitwiseOr(Tensor y) => BitwiseOps.Of(nameof(BitwiseOr), ElementwisePrograms.BitwiseOr, ElementwisePrograms.Or, this, y, nameof(y));

    /// <inheritdoc cref="BitwiseOr(Tensor)"/>
    public Tensor BitwiseOr(long y) => BitwiseOps.Of(nameof(BitwiseOr), ElementwisePrograms.BitwiseOrScalar, ElementwisePrograms.BitwiseOrWhole, this, y);

    /// <summary>The bits that one of x and y has: <c>x ^ y</c>.</summary>
    /// <exception cref="DTypeMismatchException">An operand is of a floating type.</exception>
    public Tensor BitwiseXor(Tensor y) => BitwiseOps.Of(nameof(BitwiseXor), ElementwisePrograms.BitwiseXor, ElementwisePrograms.Xor, this, y, nameof(y));

    /// <inheritdoc cref="BitwiseXor(Tensor)"/>
    public Tensor BitwiseXor(long y) => BitwiseOps.Of(nameof(BitwiseXor), ElementwisePrograms.BitwiseXorScalar, ElementwisePrograms.BitwiseXorWhole, this, y);

    /// <summary>The bits that x does not have, <c>~x</c>: −x − 1 of signed integers, 255 − x of bytes, false of true.</summary>
    /// <exception cref="DTypeMismatchException">The tensor is of a floating type.</exception>
    public Tensor BitwiseNot()
    {
        BitwiseOps.Check(nameof(BitwiseNot), this);
        return DType == DType.Bool ? Not() : Pointwise.Apply(nameof(BitwiseNot), ElementwisePrograms.BitwiseNot, [this]);
    }

    /// <summary>The bits of x, y places up, <c>x &lt;&lt; y</c>: x·2ʸ, its upper bits cut off. 0 where y is negative or not below the width of the type.</summary>
    /// <exception cref="DTypeMismatchException">An operand is of a floating type.</exception>
    public Tensor LeftShift(Tensor y) => BitwiseOps.Shift(nameof(LeftShift), ElementwisePrograms.LeftShift, this, y, nameof(y));

    /// <inheritdoc cref="LeftShift(Tensor)"/>
    public Tensor LeftShift(long y) => BitwiseOps.Shift(nameof(LeftShift), ElementwisePrograms.LeftShiftScalar, this, y);

    /// <summary>
    /// The bits of x, y places down, <c>x &gt;&gt; y</c>: ⌊x/2ʸ⌋. Where y is negative or not below the width of the type, 0, or −1 of a negative x.
    /// </summary>
    /// <exception cref="DTypeMismatchException">An operand is of a floating type.</exception>
    public Tensor RightShift(Tensor y) => BitwiseOps.Shift(nameof(RightShift), ElementwisePrograms.RightShift, this, y, nameof(y));

    /// <inheritdoc cref="RightShift(Tensor)"/>
    public Tensor RightShift(long y) => BitwiseOps.Shift(nameof(RightShift), ElementwisePrograms.RightShiftScalar, this, y);

    /// <inheritdoc cref="BitwiseAnd(Tensor)"/>
    public static Tensor operator &(Tensor x, Tensor y) => BitwiseOps.Given(x).BitwiseAnd(y);

    /// <inheritdoc cref="BitwiseAnd(Tensor)"/>
    public static Tensor operator &(Tensor x, long y) => BitwiseOps.Given(x).BitwiseAnd(y);

    /// <inheritdoc cref="BitwiseAnd(Tensor)"/>
    public static Tensor operator &(long x, Tensor y) => BitwiseOps.Given(y).BitwiseAnd(x);

    /// <inheritdoc cref="BitwiseOr(Tensor)"/>
    public static Tensor operator |(Tensor x, Tensor y) => BitwiseOps.Given(x).BitwiseOr(y);

    /// <inheritdoc cref="BitwiseOr(Tensor)"/>
    public static Tensor operator |(Tensor x, long y) => BitwiseOps.Given(x).BitwiseOr(y);

    /// <inheritdoc cref="BitwiseOr(Tensor)"/>
    public static Tensor operator |(long x, Tensor y) => BitwiseOps.Given(y).BitwiseOr(x);

    /// <inheritdoc cref="BitwiseXor(Tensor)"/>
    public static Tensor operator ^(Tensor x, Tensor y) => BitwiseOps.Given(x).BitwiseXor(y);

    /// <inheritdoc cref="BitwiseXor(Tensor)"/>
    public static Tensor operator ^(Tensor x, long y) => BitwiseOps.Given(x).BitwiseXor(y);

    /// <inheritdoc cref="BitwiseXor(Tensor)"/>
    public static Tensor operator ^(long x, Tensor y) => BitwiseOps.Given(y).BitwiseXor(x);

    /// <inheritdoc cref="BitwiseNot()"/>
    public static Tensor operator ~(Tensor x) => BitwiseOps.Given(x).BitwiseNot();

    /// <inheritdoc cref="LeftShift(Tensor)"/>
    public static Tensor operator <<(Tensor x, Tensor y) => BitwiseOps.Given(x).LeftShift(y);

    /// <inheritdoc cref="LeftShift(Tensor)"/>
    public static Tensor operator <<(Tensor x, long y) => BitwiseOps.Given(x).LeftShift(y);

    /// <inheritdoc cref="RightShift(Tensor)"/>
    public static Tensor operator >>(Tensor x, Tensor y) => BitwiseOps.Given(x).RightShift(y);

    /// <inheritdoc cref="RightShift(Tensor)"/>
    public static Tensor operator >>(Tensor x, long y) => BitwiseOps.Given(x).RightShift(y);
}

/// <summary>Types and checks of the operations on bits.</summary>
internal static class BitwiseOps
{
    private const long BeyondAnyWidth = 64;

    /// <summary>An operation on bits; on truth values alone the logical one, for which every byte but 0 is true.</summary>
    public static Tensor Of(string op, MapProgram program, MapProgram logical, Tensor x, Tensor y, string nameOfY)
    {
        ArgumentNullException.ThrowIfNull(y, nameOfY);
        Check(op, x);
        Check(op, y);
        DType type = TypePromotion.Common(x, y);
        return Pointwise.Apply(op, type == DType.Bool ? logical : program, [x, y], computeAs: type);
    }

    public static Tensor Of(string op, MapProgram program, MapProgram inParts, Tensor x, long y)
    {
        Check(op, x);
        return OperandRules.WithWhole(op, program, inParts, x, y);
    }

    public static Tensor Shift(string op, MapProgram program, Tensor x, Tensor y, string nameOfY)
    {
        ArgumentNullException.ThrowIfNull(y, nameOfY);
        Check(op, x);
        Check(op, y);
        return Pointwise.Apply(op, program, [x, y], computeAs: Counting(TypePromotion.Common(x, y)));
    }

    /// <summary>A shift by a number, which does not widen the tensor whatever it is: one past the width moves all bits out.</summary>
    public static Tensor Shift(string op, MapProgram program, Tensor x, long y)
    {
        Check(op, x);
        return Pointwise.Apply(op, program, [x], [Math.Clamp(y, -1, BeyondAnyWidth)], Counting(x.DType));
    }

    /// <summary>The type of whole numbers: truth values count as int64.</summary>
    public static DType Counting(DType type) => type == DType.Bool ? DType.Int64 : type;

    public static void Check(string op, Tensor x)
    {
        if (x.DType.IsFloatingPoint())
        {
            throw new DTypeMismatchException($"{op}: an operand is {x.DType.ShortName()}; bits are operations of integers and truth values. Convert it with To(DType.Int64).");
        }
    }

    public static Tensor Given(Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        return x;
    }
}
