using System.Numerics;

namespace Engine.Cpu;

/// <summary>The operands of layer normalisation's backward pass.</summary>
internal unsafe struct LayerNormGradient<T> where T : unmanaged
{
    /// <summary>[rows, columns]; GradX is written, or null.</summary>
    public T* X, GradY, GradX;

    /// <summary>[columns], or null for 1.</summary>
    public T* Scale;

    /// <summary>[rows].</summary>
    public T* Mean, InverseStd;
}

/// <summary>Backward pass over blocks of rows: gradients to x, and each block's sums Σdy·x̂ and Σdy for every column.</summary>
/// <remarks>Blocks follow from the shape alone, and <see cref="LayerNormColumnSums{T}"/> joins them in order: any number of threads gives the same bits.</remarks>
/// <param name="rows">How many rows there are.</param>
/// <param name="columns">The length of a row.</param>
/// <param name="args">The operands.</param>
/// <param name="sums">[blocks, 2, columns], written; null if they are not wanted.</param>
internal readonly unsafe struct LayerNormBackward<T, TVec>(nint rows, nint columns, LayerNormGradient<T> args, T* sums) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Rows in a block: enough that joining the blocks costs little, few enough that sums in a lane stay accurate.</summary>
    public const int BlockRows = 32;

    public void Run(nint block)
    {
        T* scaleSums = sums + (2 * block * columns), shiftSums = scaleSums + columns;
        if (sums != null)
        {
            new Span<T>(scaleSums, checked((int)(2 * columns))).Clear();
        }
        nint end = Math.Min(rows, (block + 1) * BlockRows);
        for (nint row = block * BlockRows; row < end; row++)
        {
            if (sums != null)
            {
                AddToSums(row, scaleSums, shiftSums);
            }
            if (args.GradX != null)
            {
                WriteGradient(row);
            }
        }
    }

    private void AddToSums(nint row, T* scaleSums, T* shiftSums)
    {
        T* x = args.X + (row * columns), dy = args.GradY + (row * columns);
        TVec mean = TVec.Broadcast(args.Mean + row), inverseStd = TVec.Broadcast(args.InverseStd + row);
        for (nint i = 0; i < columns; i += TVec.Count)
        {
            nint left = columns - i;
            TVec g = Tail.Load<TVec>(dy + i, left);
            TVec normalized = (Tail.Load<TVec>(x + i, left) - mean) * inverseStd;
            Tail.Store(TVec.MultiplyAdd(g, normalized, Tail.Load<TVec>(scaleSums + i, left)), scaleSums + i, left);
            Tail.Store(Tail.Load<TVec>(shiftSums + i, left) + g, shiftSums + i, left);
        }
    }

    // dx = invStd·(g − (Σg + x̂·Σg·x̂)/columns) with g = dy·scale.
    private void WriteGradient(nint row)
    {
        T* x = args.X + (row * columns), dy = args.GradY + (row * columns), dx = args.GradX + (row * columns);
        TVec mean = TVec.Broadcast(args.Mean + row);
        TVec sum = TVec.Zero, product = sum;
        for (nint i = 0; i < columns; i += TVec.Count)
        {
            nint left = columns - i;
            TVec g = Weighted(dy, i, left);
            sum += g;
            product = TVec.MultiplyAdd(g, Tail.Load<TVec>(x + i, left) - mean, product);
        }

        double inverse = double.CreateTruncating(args.InverseStd[row]);
        TVec factor = TVec.Create(inverse), constant = TVec.Create(-inverse * TVec.Sum(sum) / columns);
        TVec forDeviation = TVec.Create(-inverse * inverse * inverse * TVec.Sum(product) / columns);
        for (nint i = 0; i < columns; i += TVec.Count)
        {
            nint left = columns - i;
            TVec rest = TVec.MultiplyAdd(Tail.Load<TVec>(x + i, left) - mean, forDeviation, constant);
            Tail.Store(TVec.MultiplyAdd(Weighted(dy, i, left), factor, rest), dx + i, left);
        }
    }

    private TVec Weighted(T* dy, nint i, nint left)
    {
        TVec g = Tail.Load<TVec>(dy + i, left);
        return args.Scale == null ? g : g * Tail.Load<TVec>(args.Scale + i, left);
    }
}

/// <summary>The sums of all blocks for one column.</summary>
/// <param name="blocks">How many blocks there are.</param>
/// <param name="columns">The length of a row.</param>
/// <param name="sums">[blocks, 2, columns].</param>
/// <param name="gradScale">[columns], written, or null.</param>
/// <param name="gradShift">[columns], written, or null.</param>
internal readonly unsafe struct LayerNormColumnSums<T>(nint blocks, nint columns, T* sums, T* gradScale, T* gradShift) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public void Run(nint column)
    {
        (double scale, double shift) = (0, 0);
        for (nint block = 0; block < blocks; block++)
        {
            T* part = sums + (2 * block * columns) + column;
            scale += double.CreateTruncating(*part);
            shift += double.CreateTruncating(part[columns]);
        }

        if (gradScale != null)
        {
            gradScale[column] = T.CreateTruncating(scale);
        }
        if (gradShift != null)
        {
            gradShift[column] = T.CreateTruncating(shift);
        }
    }
}
