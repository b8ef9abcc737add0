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
