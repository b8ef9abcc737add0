using Engine.Tests.Comparison;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;
using NUnit.Framework;

namespace Engine.Tests.Factorizations;

/// <summary>Against Math.NET Numerics, of many sizes.</summary>
internal sealed class MathNetTests
{
    private static readonly int[] s_sizes = [1, 2, 3, 5, 17, 64, 150];

    [TestCaseSource(nameof(s_sizes))]
    public void Solve_Inverse_Determinant(int n)
    {
        Tensor a = Matrices.Random(n, n, n) + (Matrices.Identity(n) * 3), b = Matrices.Random(n + 1, n, 3);
        Matrix<double> oracle = ToMathNet(a);
        AssertEqual("Solve", oracle.Solve(ToMathNet(b)), a.Solve(b), 1e-11);
        AssertEqual("Inverse", oracle.Inverse(), a.Inverse(), 1e-11);
        Assert.That(a.Determinant().Item(), Is.EqualTo(oracle.Determinant()).Within(1e-8).Percent);
        Assert.That(a.MatrixRank().Item<long>(), Is.EqualTo(oracle.Rank()));
        Assert.That(a.Cond().Item(), Is.EqualTo(oracle.ConditionNumber()).Within(1e-7).Percent);
    }

    [TestCaseSource(nameof(s_sizes))]
    public void Cholesky(int n)
    {
        Tensor a = Matrices.Definite(n, n);
        AssertEqual("Cholesky", ToMathNet(a).Cholesky().Factor, a.Cholesky(), 1e-12);
    }

    [TestCaseSource(nameof(s_sizes))]
    public void Qr(int n)
    {
        Tensor a = Matrices.Random(n, n + 3, n);
        QR<double> oracle = ToMathNet(a).QR(QRMethod.Thin);
        (Tensor q, Tensor r) = a.Qr();
        // Up to the sign of each row of R.
        Tensor signs = (r * ToTensor(oracle.R)).Sum(1).Sign();
        AssertEqual("R", oracle.R, r * signs.Unsqueeze(1), 1e-11);
        AssertEqual("Q", oracle.Q, q * signs, 1e-11);
    }

    [TestCaseSource(nameof(s_sizes))]
    public void Eigh(int n)
    {
        Tensor a = Matrices.Symmetric(n, n);
        Evd<double> oracle = ToMathNet(a).Evd(Symmetricity.Symmetric);
        (Tensor values, Tensor vectors) = a.Eigh();
        Close.AssertAll("values", [.. oracle.EigenValues.Select(static z => z.Real)], values.ToArray<double>(), 0, 1e-13 * n);
        Tensor expected = ToTensor(oracle.EigenVectors);
        Matrices.AssertEqual("vectors", expected, vectors * (expected * vectors).Sum(0).Sign(), 1e-9);
    }

    [TestCaseSource(nameof(s_sizes))]
    public void Svd(int n)
    {
        foreach (Tensor a in (Tensor[])[Matrices.Random(n, n + 4, n), Matrices.Random(n, n, n + 4)])
        {
            Svd<double> oracle = ToMathNet(a).Svd();
            (Tensor u, Tensor s, Tensor vh) = a.Svd();
            Close.AssertAll("s", [.. oracle.S], s.ToArray<double>(), 0, 1e-13 * n);
            Tensor expectedU = ToTensor(oracle.U.SubMatrix(0, a.Shape[0], 0, n)), expectedVh = ToTensor(oracle.VT.SubMatrix(0, n, 0, a.Shape[1]));
            Tensor signs = (expectedU * u).Sum(0).Sign();
            Matrices.AssertEqual("u", expectedU, u * signs, 1e-8);
            Matrices.AssertEqual("vh", expectedVh, vh * signs.Unsqueeze(1), 1e-8);
        }
    }

    [TestCaseSource(nameof(s_sizes))]
    public void LeastSquares_PseudoInverse(int n)
    {
        Tensor a = Matrices.Random(n, n + 5, n), b = Matrices.Random(n + 1, n + 5, 2);
        AssertEqual("LstSq", ToMathNet(a).QR(QRMethod.Thin).Solve(ToMathNet(b)), a.LstSq(b), 1e-10);
        AssertEqual("Pinv", ToMathNet(a).PseudoInverse(), a.Pinv(), 1e-10);
    }

    private static Matrix<double> ToMathNet(Tensor x) => Matrix<double>.Build.DenseOfRowMajor(x.Shape[0], x.Shape[1], x.ToArray<double>());

    private static Tensor ToTensor(Matrix<double> x) => Matrices.From(x.ToArray());

    private static void AssertEqual(string what, Matrix<double> expected, Tensor actual, double relative) => Matrices.AssertEqual(what, ToTensor(expected), actual, relative);
}
