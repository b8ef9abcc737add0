using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Softmax along an axis that is not the last, or its logarithm: each lane works on an element of the axes after it.</summary>
/// <param name="size">The length of the axis.</param>
/// <param name="inner">Elements of the axes after it.</param>
/// <param name="x">[outer, size, inner].</param>
/// <param name="y">[outer, size, inner], written.</param>
/// <param name="log">Whether the logarithm is wanted.</param>
/// <remarks>A "row" is one vector of neighbouring columns.</remarks>
internal readonly unsafe struct SoftmaxColumns<T, TVec>(nint size, nint inner, T* x, T* y, bool log) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>So many terms are summed on their own before they join the rest: rounding errors grow with the blocks, not with the terms.</summary>
    public const int Block = 32;

    /// <summary>How many vectors cover the columns.</summary>
    public static nint Vectors(nint outer, nint inner) => outer * ((inner + TVec.Count - 1) / TVec.Count);

    /// <summary>Where a vector of columns begins, and how many of them are left from there.</summary>
    public static nint Start(nint vector, nint size, nint inner, out nint left)
    {
        nint perRow = (inner + TVec.Count - 1) / TVec.Count, outer = vector / perRow, column = (vector % perRow) * TVec.Count;
        left = inner - column;
        return (outer * size * inner) + column;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(nint row)
    {
        nint start = Start(row, size, inner, out nint left);
        T* from = x + start, to = y + start;
        TVec max = TVec.Create(double.NegativeInfinity), sum = TVec.Zero;
        for (nint i = 0; i < size; i++)
        {
            max = VectorMath.Max(max, Tail.Load<TVec>(from + (i * inner), left));
        }
        for (nint i = 0; i < size;)
        {
            TVec part = TVec.Zero;
            for (nint end = Math.Min(i + Block, size); i < end; i++)
            {
                TVec e = VectorMath.Exp(Tail.Load<TVec>(from + (i * inner), left) - max);
                part += e;
                if (!log)
                {
                    Tail.Store(e, to + (i * inner), left);
                }
            }

            sum += part;
        }

        if (log)
        {
            TVec logarithm = VectorMath.Log(sum);
            for (nint i = 0; i < size; i++)
            {
                Tail.Store(Tail.Load<TVec>(from + (i * inner), left) - max - logarithm, to + (i * inner), left);
            }
        }
        else
        {
            TVec factor = VectorMath.Reciprocal(sum);
            for (nint i = 0; i < size; i++)
            {
                Tail.Store(Tail.Load<TVec>(to + (i * inner), left) * factor, to + (i * inner), left);
            }
        }
    }
}

/// <summary>Gradient through a softmax along an axis that is not the last.</summary>
/// <param name="size">The length of the axis.</param>
/// <param name="inner">Elements of the axes after it.</param>
/// <param name="y">[outer, size, inner].</param>
/// <param name="dy">[outer, size, inner].</param>
/// <param name="dx">[outer, size, inner], written.</param>
/// <param name="log">Whether y is the logarithm.</param>
internal readonly unsafe struct SoftmaxColumnsGradient<T, TVec>(nint size, nint inner, T* y, T* dy, T* dx, bool log) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(nint row)
    {
        nint start = SoftmaxColumns<T, TVec>.Start(row, size, inner, out nint left);
        TVec sum = TVec.Zero;
        for (nint i = 0, at = start; i < size;)
        {
            TVec part = TVec.Zero;
            for (nint end = Math.Min(i + SoftmaxColumns<T, TVec>.Block, size); i < end; i++, at += inner)
            {
                TVec g = Tail.Load<TVec>(dy + at, left);
                part = log ? part + g : TVec.MultiplyAdd(g, Tail.Load<TVec>(y + at, left), part);
            }

            sum += part;
        }

        for (nint i = 0, at = start; i < size; i++, at += inner)
        {
            TVec p = Tail.Load<TVec>(y + at, left), g = Tail.Load<TVec>(dy + at, left);
            Tail.Store(log ? g - (VectorMath.Exp(p) * sum) : p * (g - sum), dx + at, left);
        }
    }
}
