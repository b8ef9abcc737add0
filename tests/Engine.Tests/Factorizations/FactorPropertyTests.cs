using Engine.Tests.Comparison;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Factorizations;

/// <summary>What defines the factors, on matrices that are hard: large, graded, close to singular, with equal values; and sizes 0 and 1.</summary>
internal sealed class FactorPropertyTests
{
    private static IEnumerable<TestCaseData> Hard()
    {
        yield return Row("500 rows", Matrices.Random(1, 500, 500));
        yield return Row("all equal", Tensor.Ones([30, 30], DType.Float64, Matrices.Identity(1).Device));
        yield return Row("identity", Matrices.Identity(40));
        yield return Row("reflection", Matrices.Identity(12).Flip(0).Clone());
        yield return Row("rank 3 of 40", Matrices.Random(2, 40, 3).MatMul(Matrices.Random(3, 3, 40)));
        yield return Row("hilbert 12", Hilbert(12));
        yield return Row("graded over 110 orders", Graded(12, 10));
        yield return Row("subnormal", Matrices.Random(4, 6, 6) * 1e-310);
        yield return Row("near overflow", Matrices.Random(5, 6, 6) * 1e307);
        yield return Row("bidiagonal of Kahan", Kahan(40));
        yield return Row("zeros", Tensor.Zeros([7, 7], DType.Float64, Matrices.Identity(1).Device));
        yield return Row("one entry", Matrices.From([0, 0, 0, 0, 7, 0, 0, 0, 0], 3, 3));
        yield return Row("empty", Matrices.Random(6, 0, 0));
        yield return Row("1 row", Matrices.Random(7, 1, 1));

        static TestCaseData Row(string name, Tensor x) => new TestCaseData(x).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Hard))]
    public void Svd_OfHardMatrices_IsOneToRounding(Tensor x)
    {
        (Tensor u, Tensor s, Tensor vh) = x.Svd();
        Matrices.AssertOrthonormalColumns("u", u);
        Matrices.AssertOrthonormalColumns("v", vh.T);
        Matrices.AssertEqual("u·s·vh", x, Matrices.Compose(u, s, vh), 1e-13 * Math.Max(1, x.Shape[0]));
        double[] values = s.ToArray<double>();
        Assert.That(values, Is.Ordered.Descending);
        Assert.That(values, Is.All.GreaterThanOrEqualTo(0));
        Matrices.AssertEqual("Svdvals", s, x.Svdvals(), 1e-15);
    }

    [TestCaseSource(nameof(Hard))]
    public void Eigh_OfHardMatrices_IsOneToRounding(Tensor x)
    {
        Tensor symmetric = (x * 0.5) + (x.T * 0.5);
        (Tensor w, Tensor v) = x.Eigh();
        Matrices.AssertOrthonormalColumns("v", v);
        Matrices.AssertEqual("v·w·vᵀ", symmetric, Matrices.Compose(v, w, v.T), 1e-13 * Math.Max(1, x.Shape[0]));
        Assert.That(w.ToArray<double>(), Is.Ordered.Ascending);
        Matrices.AssertEqual("Eigvalsh", w, x.Eigvalsh(), 1e-15);
    }

    [TestCaseSource(nameof(Hard))]
    public void Qr_OfHardMatrices_IsOneToRounding(Tensor x)
    {
        foreach (Tensor a in (Tensor[])[x, x.Narrow(1, 0, x.Shape[1] / 2), x.Narrow(0, 0, x.Shape[0] / 2)])
        {
            (Tensor q, Tensor r) = a.Qr();
            Matrices.AssertOrthonormalColumns("q", q);
            Matrices.AssertEqual("q·r", a, q.MatMul(r), 1e-13 * Math.Max(1, x.Shape[0]));
            Assert.That(r.ToArray<double>(), Is.EqualTo(r.Triu().ToArray<double>()));
        }
    }

    [Test]
    public void Svdvals_OfAGradedMatrix_SmallOnesAreAsExactAsLargeOnes()
    {
        // B·D, B well conditioned: each singular value is known to rounding, though the condition is 1e110. They multiply to |det|.
        Tensor x = Graded(12, 10);
        double[] s = x.Svdvals().ToArray<double>();
        Assert.That(s[0] / s[^1], Is.GreaterThan(1e100));
        Assert.That(s.Sum(Math.Log), Is.EqualTo(x.SlogDet().LogAbsDet.Item()).Within(1e-10));
    }

    [Test]
    public void Inverse_OfAHilbertMatrix_MatchesTheIntegersOfItsFormula()
    {
        int n = 6;
        double[] expected = new double[n * n];
        for (int i = 1; i <= n; i++)
        {
            for (int j = 1; j <= n; j++)
            {
                double c = Binomial(i + j - 2, i - 1);
                expected[((i - 1) * n) + j - 1] = ((i + j) % 2 == 0 ? 1 : -1) * (i + j - 1) * Binomial(n + i - 1, n - j) * Binomial(n + j - 1, n - i) * c * c;
            }
        }

        Matrices.AssertEqual("inverse", Matrices.From(expected, n, n), Hilbert(n).Inverse(), 1e-9);

        static double Binomial(int m, int k)
        {
            double result = 1;
            for (int i = 1; i <= k; i++)
            {
                result = result * (m - k + i) / i;
            }
            return Math.Round(result);
        }
    }

    [Test]
    public void Eigvalsh_OfASecondDifference_MatchesTheFormula()
    {
        // 2 on the diagonal, −1 beside it: 2 − 2·cos(kπ/(n + 1)).
        int n = 60;
        Tensor x = (Matrices.Identity(n) * 2) - Matrices.Identity(n + 1).Narrow(0, 0, n).Narrow(1, 1, n) - Matrices.Identity(n + 1).Narrow(0, 1, n).Narrow(1, 0, n);
        double[] expected = [.. Enumerable.Range(1, n).Select(k => 2 - (2 * Math.Cos(k * Math.PI / (n + 1))))];
        Close.AssertAll("eigenvalues", expected, x.Eigvalsh().ToArray<double>(), 0, 1e-14);
    }

    [Test]
    public void Determinant_OfAVandermondeMatrix_IsTheProductOfDifferences()
    {
        double[] nodes = [0.5, -1, 2, 3, -2.5];
        Tensor x = Matrices.From([.. nodes.SelectMany(static t => Enumerable.Range(0, 5).Select(k => Math.Pow(t, k)))], 5, 5);
        double expected = 1;
        for (int i = 0; i < 5; i++)
        {
            for (int j = i + 1; j < 5; j++)
            {
                expected *= nodes[j] - nodes[i];
            }
        }

        Assert.That(x.Determinant().Item(), Is.EqualTo(expected).Within(1e-12).Percent);
        (Tensor sign, Tensor log) = x.SlogDet();
        Assert.That((sign * log.Exp()).Item(), Is.EqualTo(expected).Within(1e-11).Percent);
    }

    [Test]
    public void SlogDet_WhereTheDeterminantOverflows_IsFinite()
    {
        Tensor x = Matrices.Identity(400) * -100;
        Assert.That(x.Determinant().Item(), Is.EqualTo(double.PositiveInfinity));
        Assert.That(x.SlogDet().Sign.Item(), Is.EqualTo(1));
        Assert.That(x.SlogDet().LogAbsDet.Item(), Is.EqualTo(400 * Math.Log(100)).Within(1e-9));
    }

    [Test]
    public void Empty_Matrices_HaveEmptyFactorsAndTheDeterminant1()
    {
        Tensor x = Matrices.Random(1, 3, 0, 0);
        Assert.Multiple(() =>
        {
            Assert.That(x.Determinant().ToArray<double>(), Is.EqualTo(new double[] { 1, 1, 1 }));
            Assert.That(x.SlogDet().LogAbsDet.ToArray<double>(), Is.EqualTo(new double[3]));
            Assert.That(x.Inverse().Shape, Is.EqualTo(x.Shape));
            Assert.That(x.Cholesky().Shape, Is.EqualTo(x.Shape));
            Assert.That(x.Eigh().Values.Shape, Is.EqualTo(new Shape(3, 0)));
            Assert.That(x.MatrixRank().ToArray<long>(), Is.EqualTo(new long[3]));
            Assert.That(Matrices.Random(1, 4, 0).Svd().U.Shape, Is.EqualTo(new Shape(4, 0)));
            Assert.That(Matrices.Random(1, 0, 4).Qr().R.Shape, Is.EqualTo(new Shape(0, 4)));
            Assert.That(Matrices.Random(1, 0, 4).LstSq(Matrices.Random(1, 0, 2)).ToArray<double>(), Is.EqualTo(new double[8]));
            Assert.That(Matrices.Random(1, 0, 0, 5).Pinv().Shape, Is.EqualTo(new Shape(0, 5, 0)));
            Assert.That(Matrices.Random(1, 0, 3, 3).Solve(Matrices.Random(1, 0, 3, 2)).Shape, Is.EqualTo(new Shape(0, 3, 2)));
            Assert.That(Matrices.Random(1, 3, 3).Solve(Matrices.Random(1, 3, 0)).Shape, Is.EqualTo(new Shape(3, 0)));
        });
    }

    [Test]
    public void Float32_IsComputedInDoubleAndRoundedOnce()
    {
        Tensor x = Hilbert(6), y = x.To(DType.Float32);
        Assert.That(y.Inverse().DType, Is.EqualTo(DType.Float32));
        // Of the same numbers; only the result is rounded.
        Assert.That(y.Inverse().ToArray<float>(), Is.EqualTo(y.To(DType.Float64).Inverse().To(DType.Float32).ToArray<float>()));
    }

    [Test]
    public void Results_Disposed_LeaveNothingElseBehind()
    {
        ReferenceDevice device = new();
        Tensor x = Matrices.Definite(1, 5).To(device), b = Matrices.Random(2, 5, 2).To(device);
        long before = device.Pool.Report.InUse;
        foreach (Tensor result in (Tensor[])
            [x.Solve(b), x.SolveTriangular(b, upper: true), x.Inverse(), x.Determinant(), x.Cholesky(), x.Eigvalsh(), x.Svdvals(), x.LstSq(b), x.Pinv(), x.Cond(), x.MatrixRank()])
        {
            result.Dispose();
        }

        (Tensor q, Tensor r) = x.Qr();
        (Tensor w, Tensor v) = x.Eigh();
        (Tensor u, Tensor s, Tensor vh) = x.Svd();
        foreach (Tensor result in (Tensor[])[q, r, w, v, u, s, vh])
        {
            result.Dispose();
        }
        Assert.That(device.Pool.Report.InUse, Is.EqualTo(before));
    }

    private static Tensor Hilbert(int n) => Matrices.From([.. Enumerable.Range(0, n * n).Select(i => 1.0 / ((i / n) + (i % n) + 1))], n, n);

    private static Tensor Graded(int n, int orders) =>
        Matrices.Random(9, n, n) * Matrices.From([.. Enumerable.Range(0, n).Select(i => Math.Pow(10, -i * orders))], n);

    private static Tensor Kahan(int n)
    {
        double c = 0.3;
        double s = Math.Sqrt(1 - (c * c));
        return Matrices.From([.. Enumerable.Range(0, n * n).Select(k => Math.Pow(s, k / n) * (k / n == k % n ? 1 : k / n < k % n ? -c : 0))], n, n);
    }
}
