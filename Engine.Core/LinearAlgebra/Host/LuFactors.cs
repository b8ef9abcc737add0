namespace Engine;

/// <summary>P·A = L·U with partial pivoting, of each matrix of a batch (Golub and Van Loan, Matrix Computations, 3.4.1).</summary>
internal sealed class LuFactors
{
    private readonly HostMatrices _lu;
    private readonly int[] _pivots;

    /// <summary>Factorises square matrices in place.</summary>
    public LuFactors(HostMatrices matrices)
    {
        _lu = matrices;
        _pivots = new int[matrices.Count * matrices.Rows];
        for (int i = 0; i < matrices.Count; i++)
        {
            Factorize(matrices[i], N, _pivots.AsSpan(i * N, N));
        }
    }

    public int Count => _lu.Count;

    private int N => _lu.Rows;

    /// <summary>The first pivot of a matrix that is 0, which makes it singular; −1 if there is none.</summary>
    public int ZeroPivot(int matrix)
    {
        ReadOnlySpan<double> lu = _lu[matrix];
        for (int i = 0; i < N; i++)
        {
            if (lu[(i * N) + i] == 0)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The smallest pivot's part of the largest: small where a matrix is nearly singular. 1 of an empty matrix.</summary>
    public double PivotRatio(int matrix)
    {
        ReadOnlySpan<double> lu = _lu[matrix];
        double smallest = double.PositiveInfinity, largest = 0;
        for (int i = 0; i < N; i++)
        {
            double pivot = Math.Abs(lu[(i * N) + i]);
            (smallest, largest) = (Math.Min(smallest, pivot), Math.Max(largest, pivot));
        }

        return N == 0 ? 1 : largest == 0 ? 0 : smallest / largest;
    }

    /// <summary>The determinant of a matrix.</summary>
    public double Determinant(int matrix)
    {
        ReadOnlySpan<double> lu = _lu[matrix];
        double product = PermutationSign(matrix);
        for (int i = 0; i < N; i++)
        {
            product *= lu[(i * N) + i];
        }

        return product;
    }

    /// <summary>The sign of the determinant and the logarithm of its magnitude.</summary>
    public (double Sign, double Log) SignAndLog(int matrix)
    {
        ReadOnlySpan<double> lu = _lu[matrix];
        double sign = PermutationSign(matrix), log = 0;
        for (int i = 0; i < N; i++)
        {
            double pivot = lu[(i * N) + i];
            sign *= Math.Sign(pivot);
            log += Math.Log(Math.Abs(pivot));
        }

        return (sign, log);
    }

    /// <summary>x ← A⁻¹·x, or A⁻ᵀ·x, for one right side.</summary>
    public void Solve(int matrix, Span<double> x, bool transposed)
    {
        ReadOnlySpan<double> lu = _lu[matrix];
        ReadOnlySpan<int> pivots = _pivots.AsSpan(matrix * N, N);
        if (transposed)
        {
            TriangularLoops.UpperTransposed(lu, N, x, unit: false);
            TriangularLoops.LowerTransposed(lu, N, x, unit: true);
            for (int i = N - 1; i >= 0; i--)
            {
                (x[i], x[pivots[i]]) = (x[pivots[i]], x[i]);
            }

            return;
        }

        for (int i = 0; i < N; i++)
        {
            (x[i], x[pivots[i]]) = (x[pivots[i]], x[i]);
        }

        TriangularLoops.Lower(lu, N, x, unit: true);
        TriangularLoops.Upper(lu, N, x, unit: false);
    }

    private double PermutationSign(int matrix)
    {
        double sign = 1;
        for (int i = 0; i < N; i++)
        {
            sign = _pivots[(matrix * N) + i] == i ? sign : -sign;
        }

        return sign;
    }

    private static void Factorize(Span<double> a, int n, Span<int> pivots)
    {
        for (int k = 0; k < n; k++)
        {
            int best = k;
            for (int i = k + 1; i < n; i++)
            {
                best = Math.Abs(a[(i * n) + k]) > Math.Abs(a[(best * n) + k]) ? i : best;
            }

            pivots[k] = best;
            Span<double> top = a.Slice(k * n, n);
            if (best != k)
            {
                Span<double> other = a.Slice(best * n, n);
                for (int j = 0; j < n; j++)
                {
                    (top[j], other[j]) = (other[j], top[j]);
                }
            }

            double pivot = top[k];
            for (int i = k + 1; i < n && pivot != 0; i++)
            {
                Span<double> row = a.Slice(i * n, n);
                if (row[k] != 0)
                {
                    row[k] /= pivot;
                    VectorLoops.AddScaled(-row[k], top[(k + 1)..], row[(k + 1)..]);
                }
            }
        }
    }
}
