namespace Engine.Cpu;

/// <summary>Picks among the inner kernels <see cref="Tile8{T,TVec}"/> and <see cref="Tile4{T,TVec}"/>.</summary>
internal static unsafe class ConvTile<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Width in vectors of the next tile where <paramref name="left"/> are to be done: wide ones, and no needless narrow one at the end.</summary>
    public static int VectorsOf(int height, int left)
    {
        if (height == 1) return left >= 8 ? 8 : 1;
        return left == 4 ? 2 : Math.Min(left, 3);
    }

    /// <summary>Runs the kernel of <paramref name="height"/> rows and <paramref name="vectors"/> vectors.</summary>
    public static void Run(int height, int vectors, nint* offsets, int taps, T* input, T* weights, nint weightStep, T* start, T* output, nint outPitch)
    {
        switch (height, vectors)
        {
            case (8, 3): Tile8<T, TVec>.Tile8x3(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case (8, 2): Tile8<T, TVec>.Tile8x2(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case (8, _): Tile8<T, TVec>.Tile8x1(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case (4, 3): Tile4<T, TVec>.Tile4x3(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case (4, 2): Tile4<T, TVec>.Tile4x2(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case (4, _): Tile4<T, TVec>.Tile4x1(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            case (1, 8): Tile4<T, TVec>.Tile1x8(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
            default: Tile4<T, TVec>.Tile1x1(offsets, taps, input, weights, weightStep, start, output, outPitch); break;
        }
    }
}
