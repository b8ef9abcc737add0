namespace Engine.Gpu;

/// <summary>A value in a kernel, computed once and never changed. Operators append to the builder that made it.</summary>
/// <remarks>There is no == on purpose: a comparison inside a kernel is <see cref="Is(Value)"/>, one between C# objects is ReferenceEquals.</remarks>
internal sealed class Value
{
    internal Value(KernelBuilder builder, Opcode op, RegisterType type, long bits, Value? a, Value? b, Value? c, Block home, bool isNonNegative)
    {
        Builder = builder;
        (Op, Type, Bits, A, B, C, Home) = (op, type, bits, a, b, c, home);
        IsNonNegative = isNonNegative;
        Id = builder.NextId();
    }

    /// <summary>A number that is unique within the kernel, in order of creation.</summary>
    public int Id { get; }

    /// <summary>The operation that computes it.</summary>
    public Opcode Op { get; }

    /// <summary>Its type.</summary>
    public RegisterType Type { get; }

    /// <summary>
    /// Of a constant the bits (of floats: of the double of equal value); of a parameter its number; of group ids the direction; of a read the
    /// variable's number; of a shuffle the mask.
    /// </summary>
    public long Bits { get; }

    /// <summary>First argument.</summary>
    public Value? A { get; }

    /// <summary>Second argument.</summary>
    public Value? B { get; }

    /// <summary>Third argument.</summary>
    public Value? C { get; }

    /// <summary>Whether it is a constant.</summary>
    public bool IsConstant => Op == Opcode.Constant;

    /// <summary>A constant float's value.</summary>
    public double Number => BitConverter.Int64BitsToDouble(Bits);

    /// <summary>Whether an integer is known to be at least 0 (if nothing overflowed).</summary>
    public bool IsNonNegative { get; }

    /// <summary>The block in which it is computed.</summary>
    internal Block Home { get; }

    private KernelBuilder Builder { get; }

    public static Value operator +(Value a, Value b) => a.Builder.Binary(Opcode.Add, a, b);

    public static Value operator +(Value a, double b) => a + a.Like(b);

    public static Value operator +(double a, Value b) => b.Like(a) + b;

    public static Value operator -(Value a, Value b) => a.Builder.Binary(Opcode.Sub, a, b);

    public static Value operator -(Value a, double b) => a - a.Like(b);

    public static Value operator -(double a, Value b) => b.Like(a) - b;

    public static Value operator *(Value a, Value b) => a.Builder.Binary(Opcode.Mul, a, b);

    public static Value operator *(Value a, double b) => a * a.Like(b);

    public static Value operator *(double a, Value b) => b.Like(a) * b;

    public static Value operator /(Value a, Value b) => a.Builder.Binary(Opcode.Div, a, b);

    public static Value operator /(Value a, double b) => a / a.Like(b);

    public static Value operator /(double a, Value b) => b.Like(a) / b;

    public static Value operator %(Value a, Value b) => a.Builder.Binary(Opcode.Rem, a, b);

    public static Value operator %(Value a, double b) => a % a.Like(b);

    public static Value operator -(Value a) => a.Builder.Unary(Opcode.Neg, a);

    public static Value operator ~(Value a) => a.Builder.Unary(Opcode.Not, a);

    public static Value operator !(Value a) => a.Builder.Unary(Opcode.Not, a);

    public static Value operator &(Value a, Value b) => a.Builder.Binary(Opcode.And, a, b);

    public static Value operator &(Value a, int b) => a & a.Like(b);

    public static Value operator |(Value a, Value b) => a.Builder.Binary(Opcode.Or, a, b);

    public static Value operator ^(Value a, Value b) => a.Builder.Binary(Opcode.Xor, a, b);

    public static Value operator ^(Value a, int b) => a ^ a.Like(b);

    public static Value operator <<(Value a, int b) => a.Builder.Binary(Opcode.ShiftLeft, a, a.Builder.Int32(b));

    public static Value operator >>(Value a, int b) => a.Builder.Binary(Opcode.ShiftRight, a, a.Builder.Int32(b));

    public static Value operator <<(Value a, Value b) => a.Builder.Binary(Opcode.ShiftLeft, a, b);

    public static Value operator >>(Value a, Value b) => a.Builder.Binary(Opcode.ShiftRight, a, b);

    public static Value operator <(Value a, Value b) => a.Builder.Compare(Opcode.Less, a, b);

    public static Value operator <(Value a, double b) => a < a.Like(b);

    public static Value operator <=(Value a, Value b) => a.Builder.Compare(Opcode.LessEqual, a, b);

    public static Value operator <=(Value a, double b) => a <= a.Like(b);

    public static Value operator >(Value a, Value b) => b < a;

    public static Value operator >(Value a, double b) => a.Like(b) < a;

    public static Value operator >=(Value a, Value b) => b <= a;

    public static Value operator >=(Value a, double b) => a.Like(b) <= a;

    /// <summary>Whether 0 ≤ this &lt; size, of Int32 and a size that is not negative: one comparison for both ends, as a negative number is a large one without its sign.</summary>
    public Value IsInside(Value size) => To(RegisterType.UInt32) < size.To(RegisterType.UInt32);

    /// <summary>Whether both are equal.</summary>
    public Value Is(Value other) => Builder.Compare(Opcode.Equal, this, other);

    /// <summary>Whether it equals a number.</summary>
    public Value Is(double other) => Is(Like(other));

    /// <summary>Whether both differ; a NaN differs from everything.</summary>
    public Value IsNot(Value other) => Builder.Compare(Opcode.NotEqual, this, other);

    /// <summary>Whether it differs from a number.</summary>
    public Value IsNot(double other) => IsNot(Like(other));

    /// <summary>The value as another type (see <see cref="Opcode.Convert"/>).</summary>
    public Value To(RegisterType type) => Builder.Convert(this, type);

    /// <summary>The same bits as another type of the same width.</summary>
    public Value As(RegisterType type) => Builder.Bitcast(this, type);

    /// <summary>A constant of this value's type.</summary>
    public Value Like(double number) => Builder.Constant(Type, number);

    /// <inheritdoc/>
    public override string ToString() => Op == Opcode.Constant ? (Type.IsFloat() ? Number.ToString() : Bits.ToString()) : $"v{Id}";
}
