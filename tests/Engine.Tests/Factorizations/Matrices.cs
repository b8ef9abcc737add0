using Engine.Tests.Comparison;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Factorizations;

/// <summary>Random matrices in double precision, and what is asserted of factors.</summary>
internal static class Matrices
{
    public static Tensor From(double[] values, params ReadOnlySpan<int> shape) => Tensor.From<double>(values, new Shape(shape), ReferenceDevice.Shared);

    public static Tensor From(double[,] values) => Tensor.From(values, ReferenceDevice.Shared);

    public static Tensor Identity(int n) => Tensor.Eye(n, dtype: DType.Float64, device: ReferenceDevice.Shared);

    /// <summary>Numbers in [−1, 1).</summary>
    public static Tensor Random(int seed, params ReadOnlySpan<int> shape)
    {
        Random random = new(seed);
        Shape of = new(shape);
        return Tensor.From<double>([.. Enumerable.Range(0, (int)of.ElementCount).Select(_ => (random.NextDouble() * 2) - 1)], of, ReferenceDevice.Shared);
    }

    public static Tensor Symmetric(int seed, int n)
    {
        Tensor x = Random(seed, n, n);
        return x + x.T;
    }

    /// <summary>Symmetric with eigenvalues of at least 1.</summary>
    public static Tensor Definite(int seed, int n)
    {
        Tensor x = Random(seed, n, n);
        return x.MatMul(x.T) + Identity(n);
    }

    /// <summary>Asserts that two matrices differ by no more than a part of the largest element.</summary>
    public static void AssertEqual(string what, Tensor expected, Tensor actual, double relative = 1e-12)
    {
        double scale = expected.ElementCount == 0 ? 0 : expected.ToArray<double>().Max(Math.Abs);
        Close.AssertAll(what, expected, actual, 0, relative * scale);
    }

    /// <summary>Asserts that xᵀ·x is the identity.</summary>
    public static void AssertOrthonormalColumns(string what, Tensor x)
    {
        Assert.That(x.DType, Is.EqualTo(DType.Float64));
        Close.AssertAll(what, Identity(x.Shape[-1]), x.T.MatMul(x), 0, 1e-13 * Math.Max(1, x.Shape[-1]));
    }

    /// <summary>v·diag(s)·w.</summary>
    public static Tensor Compose(Tensor v, Tensor s, Tensor w) => (v * s.Unsqueeze(-2)).MatMul(w);
}
