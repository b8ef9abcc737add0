using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Backward pass over columns of the matrix [N, C·L], for L shorter than two vectors.</summary>
/// <param name="shape">How the tensors are cut.</param>
/// <param name="args">The operands.</param>
/// <param name="blocks">[blocks, C·L], scratch.</param>
/// <param name="means">[C·L]: each column's mean.</param>
/// <param name="factors">Three times [C·L], scratch: the factors of dx.</param>
internal readonly unsafe struct BatchNormBackwardColumns<T, TVec, TGate>(
    BatchNormShape shape, BatchNormGradient<T> args, GradientSums* blocks, T* means, T* factors) : IBatchNormStep
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
    where TGate : struct, IReluGate
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Collect(int group, int block)
    {
        ColumnRange range = shape.Columns(group, block);
        nint pitch = range.Pitch;
        GradientSums* sums = blocks + (block * pitch);
        T* lanes = stackalloc T[2 * TVec.Count];
        for (nint column = range.First; column < range.End; column += TVec.Count)
        {
            nint left = range.End - column, at = (range.Row * pitch) + column;
            TVec mean = Tail.Load<TVec>(means + column, left);
            TVec sum = TVec.Zero, product = sum;
            for (nint row = 0; row < range.Rows; row++, at += pitch)
            {
                TVec dy = args.Gradient<TVec, TGate>(at, left);
                sum += dy;
                product = TVec.MultiplyAdd(dy, Tail.Load<TVec>(args.X + at, left) - mean, product);
            }

            sum.Store(lanes);
            product.Store(lanes + TVec.Count);
            for (nint lane = 0; lane < Math.Min(left, TVec.Count); lane++)
            {
                sums[column + lane] = new GradientSums
                {
                    Sum = double.CreateTruncating(lanes[lane]),
                    Product = double.CreateTruncating(lanes[lane + TVec.Count]),
                };
            }
        }
    }

    public void Finish(int group)
    {
        ColumnRange range = shape.Columns(group, 0);
        for (nint column = range.First; column < range.End; column += shape.Length)
        {
            GradientSums sums = default;
            for (nint l = column; l < column + shape.Length; l++)
            {
                for (int block = 0; block < shape.Blocks; block++)
                {
                    sums.Add(blocks[(block * range.Pitch) + l]);
                }
            }

            (T forGradient, T forDeviation, T constant) = args.Publish((int)(column / shape.Length), sums, shape.Count);
            for (nint l = column; l < column + shape.Length; l++)
            {
                (factors[l], factors[range.Pitch + l], factors[(2 * range.Pitch) + l]) = (forGradient, forDeviation, constant);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(int group, int block)
    {
        if (args.GradX == null)
        {
            return;
        }
        ColumnRange range = shape.Columns(group, block);
        nint pitch = range.Pitch;
        for (nint column = range.First; column < range.End; column += TVec.Count)
        {
            nint left = range.End - column, at = (range.Row * pitch) + column;
            T* f = factors + column;
            TVec mean = Tail.Load<TVec>(means + column, left), forGradient = Tail.Load<TVec>(f, left);
            TVec forDeviation = Tail.Load<TVec>(f + pitch, left), constant = Tail.Load<TVec>(f + (2 * pitch), left);
            for (nint row = 0; row < range.Rows; row++, at += pitch)
            {
                TVec rest = TVec.MultiplyAdd(Tail.Load<TVec>(args.X + at, left) - mean, forDeviation, constant);
                Tail.Store(TVec.MultiplyAdd(args.GradientAgain<TVec, TGate>(at, left), forGradient, rest), args.GradX + at, left);
            }
        }
    }
}
