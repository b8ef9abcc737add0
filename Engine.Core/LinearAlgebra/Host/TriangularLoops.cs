namespace Engine;

/// <summary>Solves triangular systems in place, for one right side that lies without gaps. T is [n, n], row by row; only its triangle is read.</summary>
internal static class TriangularLoops
{
    /// <summary>x ← L⁻¹·x, from the first row down.</summary>
    public static void Lower(ReadOnlySpan<double> t, int n, Span<double> x, bool unit)
    {
        for (int i = 0; i < n; i++)
        {
            double rest = x[i] - VectorLoops.Dot(t.Slice(i * n, i), x[..i]);
            x[i] = unit ? rest : rest / t[(i * n) + i];
        }
    }

    /// <summary>x ← U⁻¹·x, from the last row up.</summary>
    public static void Upper(ReadOnlySpan<double> t, int n, Span<double> x, bool unit)
    {
        for (int i = n - 1; i >= 0; i--)
        {
            double rest = x[i] - VectorLoops.Dot(t[((i * n) + i + 1)..((i + 1) * n)], x[(i + 1)..n]);
            x[i] = unit ? rest : rest / t[(i * n) + i];
        }
    }

    /// <summary>x ← L⁻ᵀ·x: each known element of x is taken out of the others row by row, so that L is still read in its own order.</summary>
    public static void LowerTransposed(ReadOnlySpan<double> t, int n, Span<double> x, bool unit)
    {
        for (int i = n - 1; i >= 0; i--)
        {
            x[i] = unit ? x[i] : x[i] / t[(i * n) + i];
            VectorLoops.AddScaled(-x[i], t.Slice(i * n, i), x[..i]);
        }
    }

    /// <summary>x ← U⁻ᵀ·x.</summary>
    public static void UpperTransposed(ReadOnlySpan<double> t, int n, Span<double> x, bool unit)
    {
        for (int i = 0; i < n; i++)
        {
            x[i] = unit ? x[i] : x[i] / t[(i * n) + i];
            VectorLoops.AddScaled(-x[i], t[((i * n) + i + 1)..((i + 1) * n)], x[(i + 1)..n]);
        }
    }
}
