using ILGPU.Runtime.Cuda;

namespace Engine.Gpu;

/// <summary>
/// The arguments of <c>cublas{S,D}gemm</c> for one product: C' = alpha · op(Left) · op(Right) + beta · C', where all matrices are stored by columns,
/// each column <c>leading</c> elements after the one before.
/// </summary>
/// <param name="Left">The library's A, M × K after op.</param>
/// <param name="LeftOperation">Its op.</param>
/// <param name="LeftLeading">Its leading dimension.</param>
/// <param name="Right">The library's B, K × N after op.</param>
/// <param name="RightOperation">Its op.</param>
/// <param name="RightLeading">Its leading dimension.</param>
/// <param name="Result">The library's C, M × N.</param>
/// <param name="ResultLeading">Its leading dimension.</param>
/// <param name="M">Rows of the library's C.</param>
/// <param name="N">Columns of the library's C.</param>
/// <param name="K">The length of the sums.</param>
internal readonly record struct CuBlasCall(
    Operand Left,
    CuBlasOperation LeftOperation,
    int LeftLeading,
    Operand Right,
    CuBlasOperation RightOperation,
    int RightLeading,
    Operand Result,
    int ResultLeading,
    int M,
    int N,
    int K)
{
    /// <summary>The call for a product; null if the library cannot express it.</summary>
    /// <remarks>
    /// Where the rows of C are dense, C is its transpose stored by columns, and Cᵀ = Bᵀ · Aᵀ: the factors change places and a matrix with dense rows
    /// needs no op. Where the columns are dense the product is transposed before.
    /// </remarks>
    public static CuBlasCall? From(GemmProblem problem)
    {
        if (problem.Batch.Total != 1 || problem.Bias is not null || problem.Activation is not null || problem.M < 1 || problem.N < 1 || problem.K < 1)
        {
            return null;
        }

        if (Stored(problem.C, problem.M, problem.N) is not (CuBlasOperation.NonTranspose, _))
        {
            problem.Transpose();
        }

        return Stored(problem.C, problem.M, problem.N) is (CuBlasOperation.NonTranspose, var resultLeading)
            && Stored(problem.B, problem.K, problem.N) is var (leftOperation, leftLeading)
            && Stored(problem.A, problem.M, problem.K) is var (rightOperation, rightLeading)
                ? new CuBlasCall(
                    problem.B.Operand,
                    leftOperation,
                    leftLeading,
                    problem.A.Operand,
                    rightOperation,
                    rightLeading,
                    problem.C.Operand,
                    resultLeading,
                    problem.N,
                    problem.M,
                    problem.K)
                : null;
    }

    /// <summary>The operation that turns the memory of a matrix, read by columns, into the transpose; null if neither rows nor columns are dense.</summary>
    private static (CuBlasOperation Operation, int Leading)? Stored(in MatrixView matrix, int rows, int columns) =>
        Leading(matrix.Row, rows, matrix.Column, columns) is { } row ? (CuBlasOperation.NonTranspose, row)
        : Leading(matrix.Column, columns, matrix.Row, rows) is { } column ? (CuBlasOperation.Transpose, column)
        : null;

    // The stride of an axis with one element says nothing.
    private static int? Leading(long stride, int count, long innerStride, int innerCount)
    {
        long leading = count == 1 ? innerCount : stride;
        return (innerStride == 1 || innerCount == 1) && leading >= innerCount && leading <= int.MaxValue ? (int)leading : null;
    }
}
