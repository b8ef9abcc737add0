using System.Numerics.Tensors;

namespace Engine.Nn;

/// <summary>Vectors of doubles on the host.</summary>
internal static class Vectors
{
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b) => TensorPrimitives.Dot(a, b);

    public static double Norm(ReadOnlySpan<double> a) => TensorPrimitives.Norm(a);

    public static double Distance(ReadOnlySpan<double> a, ReadOnlySpan<double> b) => a.IsEmpty ? 0 : TensorPrimitives.Distance(a, b);

    /// <summary>a + scale·b, as a new vector.</summary>
    public static double[] AddScaled(double[] a, double scale, double[] b)
    {
        double[] sum = new double[a.Length];
        TensorPrimitives.MultiplyAdd(b, scale, a, sum);
        return sum;
    }

    /// <summary>a − b, as a new vector.</summary>
    public static double[] Subtract(double[] a, double[] b)
    {
        double[] difference = new double[a.Length];
        TensorPrimitives.Subtract(a, b, difference);
        return difference;
    }

    /// <summary>scale·a, as a new vector.</summary>
    public static double[] Scale(double scale, double[] a)
    {
        double[] product = new double[a.Length];
        TensorPrimitives.Multiply(a, scale, product);
        return product;
    }
}
