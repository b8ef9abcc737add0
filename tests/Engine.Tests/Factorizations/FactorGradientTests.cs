using Engine.Tests.Comparison;
using Engine.Tests.Gradients;
using NUnit.Framework;

namespace Engine.Tests.Factorizations;

/// <summary>Gradients where they are not ordinary: equal values, missing rank, singular matrices. The ordinary ones are rows of the table of operations.</summary>
internal sealed class FactorGradientTests
{
    [Test]
    public void Eigvalsh_EqualValues_ASymmetricFunctionHasItsGradient()
    {
        // Σ w² = ‖x‖², whatever is equal.
        Tensor x = Matrices.From(new double[,] { { 2, 0, 0 }, { 0, 2, 0 }, { 0, 0, 5 } }).WithGrad();
        Close.AssertAll("gradient", x.Detach() * 2, Autograd.Grad(x.Eigvalsh().Square().Sum(), x), 0, 1e-14);
        Close.AssertAll("gradient", x.Detach() * 2, Autograd.Grad(x.Svdvals().Square().Sum(), x), 0, 1e-14);
    }

    [Test]
    public void Eigh_VectorOfASingleValue_AmongEqualOthers_HasItsGradient()
    {
        Tensor x = Matrices.From(new double[,] { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 3 } });
        // The projection on the top vector: v·vᵀ, whose derivative along a symmetric E is (E·v)⊥·vᵀ/(3 − 1) + its transpose.
        Assert.That(Gradcheck.Check(static t => Projection(t), x), Is.LessThan(1e-6));
        // The top eigenvalue's second derivative in the plane of 0 and 2 is 2/(3 − 1), halved twice for the symmetric part.
        Tensor hessian = Autograd.Hessian(static t => t.Eigvalsh().Select(0, 2), x);
        Assert.That(hessian[0, 2, 0, 2].Item(), Is.EqualTo(0.25).Within(1e-12));
        Assert.That(hessian[0, 1, 0, 1].Item(), Is.Zero);

        static Tensor Projection(Tensor t)
        {
            Tensor v = t.Eigh().Vectors.Narrow(1, 2, 1);
            return v.MatMul(v.T);
        }
    }

    [Test]
    public void Eigh_VectorsOfEqualValues_HaveNoGradient()
    {
        Tensor x = Matrices.Identity(3).WithGrad();
        Tensor weights = Matrices.Random(3, 3, 3);
        double[] gradient = Autograd.Grad((x.Eigh().Vectors * weights).Sum(), x).ToArray<double>();
        Assert.That(gradient, Has.Some.Matches<double>(static g => !double.IsFinite(g)));
    }

    [Test]
    public void Svd_VectorsOfEqualValues_HaveNoGradient()
    {
        Tensor x = Matrices.Identity(3).WithGrad();
        Tensor weights = Matrices.Random(3, 3, 3);
        double[] gradient = Autograd.Grad((x.Svd().U * weights).Sum(), x).ToArray<double>();
        Assert.That(gradient, Has.Some.Matches<double>(static g => !double.IsFinite(g)));
    }

    [Test]
    public void Eigvalsh_SecondDerivativeAtEqualValues_IsNotFinite()
    {
        // It exists for some functions, but not for the values one by one; nothing wrong is given in its place.
        Tensor x = Matrices.Identity(2).WithGrad();
        Tensor gradient = Autograd.Grad((x.Eigvalsh() * Matrices.From([1, 2], 2)).Sum(), x, createGraph: true);
        double[] second = Autograd.Grad((gradient * Matrices.Random(4, 2, 2)).Sum(), x).ToArray<double>();
        Assert.That(second, Has.Some.Matches<double>(static g => !double.IsFinite(g)));
    }

    [Test]
    public void Svdvals_OfAMatrixWithoutFullRank_HaveAFiniteGradient()
    {
        Tensor x = Matrices.Random(1, 5, 2).MatMul(Matrices.Random(2, 2, 4)).WithGrad();
        Tensor gradient = Autograd.Grad(x.Svdvals().Narrow(0, 0, 2).Sum(), x);
        // ∂Σs/∂x = U·Vh over the values that count.
        (Tensor u, _, Tensor vh) = x.Detach().Svd();
        Close.AssertAll("gradient", u.Narrow(1, 0, 2).MatMul(vh.Narrow(0, 0, 2)), gradient, 0, 1e-12);
    }

    [Test]
    public void Determinant_OfSingularMatrices_HasTheCofactorsForAGradient()
    {
        Tensor x = Matrices.From(new double[,] { { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 } }).WithGrad();
        Tensor expected = Matrices.From(new double[,] { { -3, 6, -3 }, { 6, -12, 6 }, { -3, 6, -3 } });
        Close.AssertAll("cofactors", expected, Autograd.Grad(x.Determinant(), x), 0, 1e-13);
        // Of rank n − 2 all are 0.
        Tensor ones = Tensor.Ones([3, 3], DType.Float64, x.Device).WithGrad();
        Close.AssertAll("cofactors", new double[9], Autograd.Grad(ones.Determinant(), ones).ToArray<double>(), 0, 1e-14);
        Assert.That(() => Autograd.Grad(x.Determinant(), x, createGraph: true), Throws.TypeOf<GradientException>().With.Message.Contains("Determinant"));
    }

    [Test]
    public void SlogDet_OfASingularMatrix_HasNoGradient()
    {
        Tensor x = Matrices.From(new double[,] { { 1, 2 }, { 2, 4 } }).WithGrad();
        Tensor log = x.SlogDet().LogAbsDet;
        Assert.That(log.Item(), Is.EqualTo(double.NegativeInfinity));
        Assert.That(() => log.Backward(), Throws.TypeOf<SingularMatrixException>());
    }

    [Test]
    public void LstSq_OfMatricesWithoutFullRank_FirstAndSecondDerivative()
    {
        // a = p·q keeps its rank of 2 while p moves.
        Tensor p = Matrices.Random(1, 4, 2).WithGrad(), q = Matrices.Random(2, 2, 3).WithGrad(), b = Matrices.Random(3, 4, 2).WithGrad();
        GradientCheck.First(static x => x[0].MatMul(x[1]).LstSq(x[2]), [p, q, b]);
        GradientCheck.Second(static x => x[0].MatMul(x[1]).LstSq(x[2]), [p, q, b]);
        GradientCheck.First(static x => x[0].MatMul(x[1]).Pinv(), [p, q]);
        GradientCheck.Second(static x => x[0].MatMul(x[1]).Pinv(), [p, q]);
    }

    [Test]
    public void Factors_Together_FirstAndSecondDerivative()
    {
        // Functions that use several results of one call, so that all parts of a rule meet.
        Tensor x = Matrices.Random(5, 4, 3).WithGrad(), s = Matrices.Symmetric(6, 3).WithGrad();
        Check(static t => t.Qr() is var (q, r) ? q.MatMul(r.Square()) : t, x);
        Check(static t => t.Svd() is var (u, v, w) ? u.Square().MatMul(v.Exp().Unsqueeze(-1) * w.Square()) : t, x);
        Check(static t => t.Eigh() is var (w, v) ? (v * w.Exp()).MatMul(v.T) : t, s);
        Check(static t => t.Eigh() is var (w, v) ? v.Square() * w : t, s);

        static void Check(Func<Tensor, Tensor> f, Tensor x)
        {
            GradientCheck.First(t => f(t[0]), [x]);
            GradientCheck.Second(t => f(t[0]), [x]);
        }
    }

    [Test]
    public void Eigh_OfAMatrixFunction_MatchesTheSeriesOfTheExponential()
    {
        // d tr(e^x·c)/dx of a symmetric x by eigenvectors, against 25 terms of the series differentiated as plain products.
        Tensor x = (Matrices.Symmetric(7, 4) * 0.5).WithGrad(), c = Matrices.Random(8, 4, 4);
        Tensor symmetric = (x + x.T) * 0.5, series = Matrices.Identity(4), term = Matrices.Identity(4);
        for (int k = 1; k <= 25; k++)
        {
            term = term.MatMul(symmetric) / k;
            series += term;
        }

        (Tensor w, Tensor v) = x.Eigh();
        Tensor byVectors = (v * w.Exp()).MatMul(v.T);
        Close.AssertAll("e^x", series, byVectors, 0, 1e-13);
        Close.AssertAll("gradient", Autograd.Grad((series * c).Sum(), x), Autograd.Grad((byVectors * c).Sum(), x), 0, 1e-12);
    }

    [Test]
    public void Qr_OfDependentColumns_HasNoGradient()
    {
        Tensor x = Matrices.From(new double[,] { { 1, 0 }, { 0, 0 }, { 0, 0 } }).WithGrad();
        Assert.That(() => x.Qr().R.Sum().Backward(), Throws.TypeOf<SingularMatrixException>().With.Message.Contains("Qr"));
    }

    [Test]
    public void Backward_Twice_SaysThatTheGraphWasConsumed()
    {
        Tensor x = Matrices.Definite(1, 3).WithGrad(), b = Matrices.Random(1, 3, 2);
        foreach (Func<Tensor> f in (Func<Tensor>[])[() => x.Solve(b), () => x.SolveTriangular(b, upper: false), x.Inverse, x.Determinant, () => x.SlogDet().LogAbsDet, x.Cholesky, x.Eigvalsh, x.Svdvals, () => x.LstSq(b), () => x.Qr().R])
        {
            Tensor y = f().Sum();
            y.Backward();
            Assert.That(() => y.Backward(), Throws.TypeOf<GradientException>().With.Message.Contains("consumed"));
        }
    }
}
