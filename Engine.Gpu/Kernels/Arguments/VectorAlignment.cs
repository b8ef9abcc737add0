namespace Engine.Gpu;

/// <summary>Where several neighbouring elements of an operand can be read or written by one access.</summary>
/// <remarks>
/// Offsets decide alone: a driver's handle is always the beginning of a block, and blocks begin at multiples of the widest access. A
/// host's memory that begins elsewhere is wrapped as a block that begins before it (<see cref="CudaDevice"/>), or refused (<see cref="OpenClDevice"/>).
/// </remarks>
internal static class VectorAlignment
{
    /// <summary>Bytes of the widest access.</summary>
    public const int VectorBytes = 16;

    /// <summary>Whether the element at <paramref name="offset"/> of a block can be the first of <paramref name="width"/> in one access.</summary>
    public static bool IsAligned(long offset, int width) => offset % width == 0;

    extension(in Operand operand)
    {
        /// <summary>Whether the operand's first element can be the first of <paramref name="width"/> in one access.</summary>
        public bool StartsAligned(int width) => IsAligned(operand.Layout.Offset, width);
    }
}
