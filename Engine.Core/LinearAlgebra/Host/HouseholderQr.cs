namespace Engine;

/// <summary>
/// A·P = Q·R by Householder's reflections, with the signs of LAPACK's dgeqrf, with or without pivoting of columns (Golub and Van Loan, Matrix
/// Computations, 5.2.2 and 5.4.2).
/// </summary>
internal sealed class HouseholderQr
{
    private readonly int _rows;
    private readonly int _count;
    private readonly double[] _vectors;
    private readonly double[] _factors;

    /// <summary>Factorises a matrix in place: afterwards R is its upper triangle, with zeros below.</summary>
    public HouseholderQr(Span<double> a, int rows, int columns, bool pivoted = false)
    {
        (_rows, _count) = (rows, Math.Min(rows, columns));
        _vectors = new double[_count * rows];
        _factors = new double[_count];
        Permutation = new int[columns];
        for (int j = 0; j < columns; j++)
        {
            Permutation[j] = j;
        }

        double[] squares = pivoted ? ColumnSquares(a, rows, columns) : [];
        double[] original = [.. squares];
        double[] work = new double[columns];
        for (int k = 0; k < _count; k++)
        {
            if (pivoted)
            {
                Pivot(a, columns, k, squares, original);
            }

            Span<double> v = _vectors.AsSpan((k * rows) + k, rows - k);
            for (int i = k; i < rows; i++)
            {
                v[i - k] = a[(i * columns) + k];
            }

            (_factors[k], double diagonal) = Reflect(v);
            a[(k * columns) + k] = diagonal;
            for (int i = k + 1; i < rows; i++)
            {
                a[(i * columns) + k] = 0;
            }

            Apply(v, _factors[k], a[(k * columns)..], columns, k + 1, work);
            for (int j = k + 1; j < columns && pivoted; j++)
            {
                Downdate(a, columns, k, j, squares, original);
            }
        }
    }

    /// <summary>Column j of the factorised matrix was column <c>Permutation[j]</c> of the given one.</summary>
    public int[] Permutation { get; }

    /// <summary>Multiplies a matrix of as many rows from the left with Q.</summary>
    public void MultiplyByQ(Span<double> x, int columns)
    {
        double[] work = new double[columns];
        for (int k = _count - 1; k >= 0; k--)
        {
            Apply(_vectors.AsSpan((k * _rows) + k, _rows - k), _factors[k], x[(k * columns)..], columns, 0, work);
        }
    }

    /// <summary>
    /// Makes of x the vector v, v₀ = 1, and gives τ so that (I − τ·v·vᵀ)·x = (β, 0, …), and β. Its sign is not x₀'s, so that nothing cancels.
    /// </summary>
    public static (double Factor, double Diagonal) Reflect(Span<double> x)
    {
        double first = x[0], rest = VectorLoops.Norm(x[1..]);
        x[0] = 1;
        if (rest == 0)
        {
            return (0, first);
        }

        double length = -Math.CopySign(double.Hypot(first, rest), first);
        System.Numerics.Tensors.TensorPrimitives.Divide(x[1..], first - length, x[1..]);
        return ((length - first) / length, length);
    }

    /// <summary>A ← A − τ·v·(vᵀ·A) for the columns from <paramref name="from"/> on; two passes over rows.</summary>
    private static void Apply(ReadOnlySpan<double> v, double factor, Span<double> a, int columns, int from, Span<double> work)
    {
        int width = columns - from;
        if (factor == 0 || width == 0)
        {
            return;
        }

        Span<double> products = work[..width];
        products.Clear();
        for (int i = 0; i < v.Length; i++)
        {
            VectorLoops.AddScaled(v[i], a.Slice((i * columns) + from, width), products);
        }

        for (int i = 0; i < v.Length; i++)
        {
            VectorLoops.AddScaled(-factor * v[i], products, a.Slice((i * columns) + from, width));
        }
    }

    private static double[] ColumnSquares(ReadOnlySpan<double> a, int rows, int columns)
    {
        double[] squares = new double[columns];
        for (int i = 0; i < rows; i++)
        {
            ReadOnlySpan<double> row = a.Slice(i * columns, columns);
            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(row, row, squares, squares);
        }

        return squares;
    }

    private void Pivot(Span<double> a, int columns, int k, double[] squares, double[] original)
    {
        int best = k;
        for (int j = k + 1; j < columns; j++)
        {
            best = squares[j] > squares[best] ? j : best;
        }

        if (best == k)
        {
            return;
        }

        for (int i = 0; i < _rows; i++)
        {
            (a[(i * columns) + k], a[(i * columns) + best]) = (a[(i * columns) + best], a[(i * columns) + k]);
        }

        (Permutation[k], Permutation[best]) = (Permutation[best], Permutation[k]);
        (squares[best], original[best]) = (squares[k], original[k]);
    }

    /// <summary>Takes row k out of a column's sum of squares. After cancellation the sum is computed anew.</summary>
    private void Downdate(ReadOnlySpan<double> a, int columns, int k, int j, double[] squares, double[] original)
    {
        double top = a[(k * columns) + j];
        squares[j] -= top * top;
        if (squares[j] <= 1e-8 * original[j])
        {
            double sum = 0;
            for (int i = k + 1; i < _rows; i++)
            {
                double value = a[(i * columns) + j];
                sum += value * value;
            }

            squares[j] = original[j] = sum;
        }
    }
}
