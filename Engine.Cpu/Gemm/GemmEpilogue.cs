using System.Numerics;

namespace Engine.Cpu;

/// <summary>The operations on a finished sum, one element at a time: the same operations in the same order as on a register tile.</summary>
internal static unsafe class GemmEpilogue
{
    /// <summary>Element (row, column) of C from the sum of its products.</summary>
    public static void Store<T>(in GemmProblem<T> p, int row, int column, T sum) where T : unmanaged, INumberBase<T>
    {
        T* c = p.C + row * p.CRow + column * p.CColumn;
        T value = p.Alpha * sum;
        if (p.Beta != T.Zero)
        {
            value = T.MultiplyAddEstimate(p.Beta, *c, value);
        }
        if (p.BiasPerRow != null)
        {
            value += p.BiasPerRow[row * p.BiasPerRowStride];
        }
        if (p.BiasPerColumn != null)
        {
            value += p.BiasPerColumn[column * p.BiasPerColumnStride];
        }
        *c = p.Relu ? Relu(value) : value;
    }

    /// <summary>Some neighbouring elements of a row. Sums that are only stored are not asked for the rest one by one: that was a tenth of linear/1x1024x1024.</summary>
    public static void StoreRow<T>(in GemmProblem<T> p, int row, int column, T* sums, int count) where T : unmanaged, INumberBase<T>
    {
        if (p.CColumn == 1 && p.Alpha == T.One && p.Beta == T.Zero && p.BiasPerRow == null && p.BiasPerColumn == null && !p.Relu)
        {
            new ReadOnlySpan<T>(sums, count).CopyTo(new Span<T>(p.C + (row * p.CRow) + column, count));
            return;
        }

        for (int j = 0; j < count; j++)
        {
            Store(p, row, column + j, sums[j]);
        }
    }

    /// <summary>All of C for K = 0, where the product is 0 and Alpha plays no part.</summary>
    public static void StoreEmptySum<T>(in GemmProblem<T> p) where T : unmanaged, INumberBase<T>
    {
        GemmProblem<T> zero = p with { Alpha = T.One };
        for (int i = 0; i < p.M; i++)
        {
            for (int j = 0; j < p.N; j++)
            {
                Store(zero, i, j, T.Zero);
            }
        }
    }

    /// <summary>max(x, 0); NaN stays NaN and -0 becomes 0.</summary>
    public static T Relu<T>(T x) where T : unmanaged, INumberBase<T>
        => (T.IsNegative(x) || T.IsZero(x)) && !T.IsNaN(x) ? T.Zero : x;
}
