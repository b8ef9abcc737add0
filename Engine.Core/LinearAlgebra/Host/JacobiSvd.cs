namespace Engine;

/// <summary>
/// A = U·diag(s)·Vᵀ by Jacobi's one-sided method: after a QR factorisation with pivoting, rotations make the rows of R orthogonal to each other
/// (Drmač and Veselić, New fast and accurate Jacobi SVD algorithm, 2008). Small singular values come out as exactly as large ones.
/// </summary>
internal static class JacobiSvd
{
    // Six to ten are usual.
    private const int Sweeps = 60;

    // Rows are at most near 1; below this a square is lost.
    private const double Vanishing = 1e-140;

    /// <summary>Decomposes a matrix, which is destroyed; rows ≥ columns = n.</summary>
    /// <param name="a">[rows, n].</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="n">Its columns.</param>
    /// <param name="values">[n], descending.</param>
    /// <param name="u">[rows, n]; empty if no vectors are wanted.</param>
    /// <param name="vh">[n, n], the right singular vectors as rows; empty if no vectors are wanted.</param>
    /// <returns>Whether the sweeps have converged, which they do for all finite matrices.</returns>
    public static bool Decompose(Span<double> a, int rows, int n, Span<double> values, Span<double> u, Span<double> vh)
    {
        int exponent = VectorLoops.Normalize(a);
        HouseholderQr qr = new(a, rows, n, pivoted: true);
        Span<double> r = a[..(n * n)];
        double[] rotations = u.IsEmpty ? [] : Identity(n);
        if (!Orthogonalize(r, n, rotations))
        {
            return false;
        }

        double[] lengths = new double[n];
        int[] order = new int[n];
        for (int i = 0; i < n; i++)
        {
            (lengths[i], order[i]) = (VectorLoops.Norm(r.Slice(i * n, n)), i);
        }

        Array.Sort(order, (i, j) => lengths[j].CompareTo(lengths[i]));
        for (int i = 0; i < n; i++)
        {
            values[i] = Math.ScaleB(lengths[order[i]], exponent);
        }

        if (u.IsEmpty)
        {
            return true;
        }

        // R = Jᵀ·diag(s)·Z and A·P = Q·R: U = Q·Jᵀ, Vᵀ = Z·Pᵀ.
        int rank = 0;
        for (int i = 0; i < n; i++)
        {
            ReadOnlySpan<double> row = r.Slice(order[i] * n, n), rotation = rotations.AsSpan(order[i] * n, n);
            double length = lengths[order[i]];
            rank = length > 0 ? i + 1 : rank;
            for (int j = 0; j < n; j++)
            {
                u[(j * n) + i] = rotation[j];
                vh[(i * n) + qr.Permutation[j]] = length > 0 ? row[j] / length : 0;
            }
        }

        qr.MultiplyByQ(u, n);
        Complete(vh, n, rank);
        return true;
    }

    private static double[] Identity(int n)
    {
        double[] identity = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            identity[(i * n) + i] = 1;
        }

        return identity;
    }

    /// <summary>Rotates pairs of rows until all are orthogonal to each other.</summary>
    private static bool Orthogonalize(Span<double> r, int n, Span<double> rotations)
    {
        double tolerance = Math.Sqrt(n) * VectorLoops.Epsilon;
        double[] squares = new double[n];
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            for (int i = 0; i < n; i++)
            {
                Span<double> row = r.Slice(i * n, n);
                squares[i] = VectorLoops.Dot(row, row);
                if (squares[i] < Vanishing * Vanishing)
                {
                    row.Clear();
                    squares[i] = 0;
                }
            }

            bool isDone = true;
            for (int p = 0; p < n - 1; p++)
            {
                for (int q = p + 1; q < n; q++)
                {
                    isDone &= !RotatePair(r, n, p, q, squares, tolerance, rotations);
                }
            }

            if (isDone)
            {
                return true;
            }
        }

        return false;
    }

    private static bool RotatePair(Span<double> r, int n, int p, int q, double[] squares, double tolerance, Span<double> rotations)
    {
        if (squares[p] <= 0 || squares[q] <= 0)
        {
            return false;
        }

        Span<double> first = r.Slice(p * n, n), second = r.Slice(q * n, n);
        double product = VectorLoops.Dot(first, second);
        if (Math.Abs(product) <= tolerance * Math.Sqrt(squares[p]) * Math.Sqrt(squares[q]))
        {
            return false;
        }

        // tan of the angle that makes the product 0, of the two the smaller one.
        double cotangent = (squares[q] - squares[p]) / (2 * product), size = Math.Abs(cotangent);
        double tangent = Math.CopySign(size > 1e100 ? 0.5 / size : 1 / (size + Math.Sqrt(1 + (size * size))), cotangent);
        double c = 1 / Math.Sqrt(1 + (tangent * tangent)), s = c * tangent;
        VectorLoops.Rotate(first, second, c, s);
        squares[p] -= tangent * product;
        squares[q] += tangent * product;
        if (!rotations.IsEmpty)
        {
            VectorLoops.Rotate(rotations.Slice(p * n, n), rotations.Slice(q * n, n), c, s);
        }

        return true;
    }

    /// <summary>Rows that belong to singular values of 0 become any that are orthogonal to the others and to each other.</summary>
    private static void Complete(Span<double> rows, int n, int rank)
    {
        if (rank == n)
        {
            return;
        }

        // How much of each unit vector the rows already span: the one with the least leaves the most.
        double[] spanned = new double[n];
        for (int i = 0; i < rank; i++)
        {
            ReadOnlySpan<double> row = rows.Slice(i * n, n);
            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(row, row, spanned, spanned);
        }

        for (int i = rank; i < n; i++)
        {
            Span<double> row = rows.Slice(i * n, n);
            row.Clear();
            row[System.Numerics.Tensors.TensorPrimitives.IndexOfMin<double>(spanned)] = 1;
            for (int pass = 0; pass < 2; pass++)
            {
                for (int k = 0; k < i; k++)
                {
                    ReadOnlySpan<double> other = rows.Slice(k * n, n);
                    VectorLoops.AddScaled(-VectorLoops.Dot(row, other), other, row);
                }
            }

            System.Numerics.Tensors.TensorPrimitives.Divide(row, VectorLoops.Norm(row), row);
            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(row, row, spanned, spanned);
        }
    }
}
