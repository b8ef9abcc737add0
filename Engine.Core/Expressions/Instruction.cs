namespace Engine.Backends;

/// <summary>One step of a <see cref="MapProgram"/>; its index in the program is the name of its result.</summary>
/// <param name="Op">The operation.</param>
/// <param name="A">Index of the first argument; for an input or parameter its number, for a random number its first parameter.</param>
/// <param name="B">Index of the second argument, else 0.</param>
/// <param name="C">Index of the third argument, else 0.</param>
/// <param name="Value">The value of a constant, else 0.</param>
public readonly record struct Instruction(ScalarOpcode Op, int A, int B, int C, double Value)
{
    /// <summary>Whether both are the same step; −0 and 0 are different constants, a NaN equals itself.</summary>
    public bool Equals(Instruction other) =>
        Op == other.Op && A == other.A && B == other.B && C == other.C
        && BitConverter.DoubleToInt64Bits(Value) == BitConverter.DoubleToInt64Bits(other.Value);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Op, A, B, C, BitConverter.DoubleToInt64Bits(Value));
}
