using System.Numerics;
using System.Numerics.Tensors;

namespace Engine;

/// <summary>The loops over rows that the factorisations are made of. Rows lie without gaps, so that each is one vectorised pass.</summary>
internal static class VectorLoops
{
    /// <summary>2⁻⁵², the distance of 1 from the next double.</summary>
    public const double Epsilon = 2.220446049250313e-16;

    /// <summary>y ← y + a·x.</summary>
    public static void AddScaled(double a, ReadOnlySpan<double> x, Span<double> y) => TensorPrimitives.MultiplyAdd(x, a, y, y);

    /// <summary>Σ xᵢ·yᵢ.</summary>
    public static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y) => x.IsEmpty ? 0 : TensorPrimitives.Dot(x, y);

    /// <summary>√Σxᵢ²; no square overflows, and none is lost that matters.</summary>
    public static double Norm(ReadOnlySpan<double> x)
    {
        double largest = LargestMagnitude(x);
        if (largest == 0 || (largest > 1e-120 && largest < 1e120))
        {
            return Math.Sqrt(Dot(x, x));
        }

        double sum = 0;
        foreach (double value in x)
        {
            double part = value / largest;
            sum += part * part;
        }

        return largest * Math.Sqrt(sum);
    }

    /// <summary>max |xᵢ|, 0 of nothing.</summary>
    public static double LargestMagnitude(ReadOnlySpan<double> x) => x.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(x));

    /// <summary>A plane rotation of two rows: p ← c·p − s·q, q ← s·p + c·q.</summary>
    public static void Rotate(Span<double> p, Span<double> q, double c, double s)
    {
        int i = 0, width = Vector<double>.Count;
        for (; i <= p.Length - width; i += width)
        {
            Vector<double> x = new(p[i..]), y = new(q[i..]);
            ((x * c) - (y * s)).CopyTo(p[i..]);
            ((x * s) + (y * c)).CopyTo(q[i..]);
        }

        for (; i < p.Length; i++)
        {
            double x = p[i], y = q[i];
            p[i] = (c * x) - (s * y);
            q[i] = (s * x) + (c * y);
        }
    }

    /// <summary>
    /// Multiplies a matrix by a power of two, so that its largest element comes near 1 and squares of elements neither overflow nor vanish. Exact.
    /// </summary>
    /// <returns>The exponent by which results are to be scaled back with <see cref="Math.ScaleB"/>.</returns>
    public static int Normalize(Span<double> x)
    {
        double largest = LargestMagnitude(x);
        if (largest == 0 || (largest > 1e-60 && largest < 1e60))
        {
            return 0;
        }

        int exponent = Math.ILogB(largest);
        foreach (ref double value in x)
        {
            value = Math.ScaleB(value, -exponent);
        }

        return exponent;
    }
}
