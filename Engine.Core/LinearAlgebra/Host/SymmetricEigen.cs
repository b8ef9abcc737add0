namespace Engine;

/// <summary>
/// A = V·diag(w)·Vᵀ of a symmetric matrix: Householder's reflections make it tridiagonal, the implicit QR iteration with Wilkinson's shift makes
/// that diagonal (Golub and Van Loan, Matrix Computations, 8.3.1 and 8.3.3).
/// </summary>
internal static class SymmetricEigen
{
    // Two steps a value are usual; LAPACK allows 30.
    private const int StepsPerValue = 60;

    /// <summary>Diagonalises a matrix, which is destroyed.</summary>
    /// <param name="a">[n, n], symmetric.</param>
    /// <param name="n">The size.</param>
    /// <param name="values">[n], ascending.</param>
    /// <param name="vectors">[n, n], the eigenvectors as columns; empty if they are not wanted.</param>
    /// <returns>Whether the iteration has converged, which it does for all finite matrices.</returns>
    public static bool Diagonalize(Span<double> a, int n, Span<double> values, Span<double> vectors)
    {
        if (n == 0)
        {
            return true;
        }

        int exponent = VectorLoops.Normalize(a);
        double[] beside = new double[n], factors = new double[n];
        Tridiagonalize(a, n, values, beside, factors);

        // The vectors are rows while they are rotated, so that a rotation is one pass over two stretches of memory.
        double[] rows = vectors.IsEmpty ? [] : AccumulateReflections(a, n, factors);
        if (!Iterate(values, beside, rows))
        {
            return false;
        }

        Sort(values, rows, n, vectors);
        for (int i = 0; i < n && exponent != 0; i++)
        {
            values[i] = Math.ScaleB(values[i], exponent);
        }

        return true;
    }

    /// <summary>Reduces to a diagonal and a subdiagonal. The vector of reflection k stays in row k of a, after the diagonal.</summary>
    private static void Tridiagonalize(Span<double> a, int n, Span<double> diagonal, Span<double> beside, Span<double> factors)
    {
        double[] products = new double[n];
        for (int k = 0; k < n - 1; k++)
        {
            diagonal[k] = a[(k * n) + k];
            Span<double> v = a.Slice((k * n) + k + 1, n - k - 1), w = products.AsSpan(0, v.Length);
            (factors[k], beside[k]) = HouseholderQr.Reflect(v);
            double factor = factors[k];
            if (factor == 0)
            {
                continue;
            }

            // A ← (I − τ·v·vᵀ)·A·(I − τ·v·vᵀ) = A − v·wᵀ − w·vᵀ, w = τ·A·v − (τ²/2)·(vᵀ·A·v)·v.
            for (int i = 0; i < v.Length; i++)
            {
                w[i] = factor * VectorLoops.Dot(a.Slice(((k + 1 + i) * n) + k + 1, v.Length), v);
            }

            VectorLoops.AddScaled(-factor / 2 * VectorLoops.Dot(w, v), v, w);
            for (int i = 0; i < v.Length; i++)
            {
                Span<double> row = a.Slice(((k + 1 + i) * n) + k + 1, v.Length);
                VectorLoops.AddScaled(-v[i], w, row);
                VectorLoops.AddScaled(-w[i], v, row);
            }
        }

        diagonal[n - 1] = a[(n * n) - 1];
    }

    /// <summary>Qᵀ, the transposed product of all reflections.</summary>
    private static double[] AccumulateReflections(ReadOnlySpan<double> a, int n, ReadOnlySpan<double> factors)
    {
        double[] rows = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            rows[(i * n) + i] = 1;
        }

        for (int k = n - 2; k >= 0; k--)
        {
            ReadOnlySpan<double> v = a.Slice((k * n) + k + 1, n - k - 1);
            for (int i = k + 1; i < n && factors[k] != 0; i++)
            {
                Span<double> row = rows.AsSpan((i * n) + k + 1, v.Length);
                VectorLoops.AddScaled(-factors[k] * VectorLoops.Dot(row, v), v, row);
            }
        }

        return rows;
    }

    private static bool Iterate(Span<double> diagonal, Span<double> beside, Span<double> rows)
    {
        int last = diagonal.Length - 1;
        for (long steps = (long)StepsPerValue * diagonal.Length; last > 0; steps--)
        {
            for (int i = 0; i < last; i++)
            {
                if (Math.Abs(beside[i]) <= VectorLoops.Epsilon * (Math.Abs(diagonal[i]) + Math.Abs(diagonal[i + 1])) || Math.Abs(beside[i]) < 1e-290)
                {
                    beside[i] = 0;
                }
            }

            if (beside[last - 1] == 0)
            {
                last--;
                continue;
            }

            if (steps <= 0)
            {
                return false;
            }

            int first = last - 1;
            while (first > 0 && beside[first - 1] != 0)
            {
                first--;
            }

            Step(diagonal, beside, first, last, rows);
        }

        return true;
    }

    /// <summary>One step on the block from first to last, which no zero divides: the shift makes a bulge, rotations chase it down.</summary>
    private static void Step(Span<double> diagonal, Span<double> beside, int first, int last, Span<double> rows)
    {
        int n = diagonal.Length;
        double half = (diagonal[last - 1] - diagonal[last]) / 2, corner = beside[last - 1];
        double shift = diagonal[last] - (corner * (corner / (half + Math.CopySign(double.Hypot(half, corner), half))));
        double x = diagonal[first] - shift, z = beside[first];
        for (int k = first; k < last; k++)
        {
            double length = double.Hypot(x, z);
            (double c, double s) = length == 0 ? (1, 0) : (x / length, z / length);
            if (k > first)
            {
                beside[k - 1] = length;
            }

            double top = diagonal[k], bottom = diagonal[k + 1], cross = 2 * c * s * beside[k];
            diagonal[k] = (c * c * top) + cross + (s * s * bottom);
            diagonal[k + 1] = (s * s * top) - cross + (c * c * bottom);
            beside[k] = (c * s * (bottom - top)) + (((c * c) - (s * s)) * beside[k]);
            if (k < last - 1)
            {
                (x, z) = (beside[k], s * beside[k + 1]);
                beside[k + 1] *= c;
            }

            if (!rows.IsEmpty)
            {
                VectorLoops.Rotate(rows.Slice(k * n, n), rows.Slice((k + 1) * n, n), c, -s);
            }
        }
    }

    private static void Sort(Span<double> values, ReadOnlySpan<double> rows, int n, Span<double> vectors)
    {
        int[] order = new int[n];
        for (int i = 0; i < n; i++)
        {
            order[i] = i;
        }

        values.Sort(order.AsSpan());
        for (int j = 0; j < n && !rows.IsEmpty; j++)
        {
            ReadOnlySpan<double> row = rows.Slice(order[j] * n, n);
            for (int i = 0; i < n; i++)
            {
                vectors[(i * n) + j] = row[i];
            }
        }
    }
}
