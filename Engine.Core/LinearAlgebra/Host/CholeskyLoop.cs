namespace Engine;

/// <summary>A = L·Lᵀ of a symmetric, positive definite matrix, by rows (Golub and Van Loan, Matrix Computations, 4.2).</summary>
internal static class CholeskyLoop
{
    /// <summary>Overwrites the lower triangle of a with L and the rest with 0.</summary>
    /// <returns>−1, or the row at which the matrix turns out not to be positive definite.</returns>
    public static int Factorize(Span<double> a, int n)
    {
        for (int i = 0; i < n; i++)
        {
            Span<double> row = a.Slice(i * n, n);
            for (int j = 0; j < i; j++)
            {
                row[j] = (row[j] - VectorLoops.Dot(row[..j], a.Slice(j * n, j))) / a[(j * n) + j];
            }

            double square = row[i] - VectorLoops.Dot(row[..i], row[..i]);
            if (!(square > 0))
            {
                return i;
            }

            row[i] = Math.Sqrt(square);
            row[(i + 1)..].Clear();
        }

        return -1;
    }
}
