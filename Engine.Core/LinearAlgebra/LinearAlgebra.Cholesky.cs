namespace Engine;

public static partial class LinearAlgebra
{
    /// <summary>The lower triangular L with L·Lᵀ = x, of symmetric, positive definite matrices […, n, n].</summary>
    /// <remarks>
    /// <para>Of a matrix that is not symmetric the symmetric part (x + xᵀ)/2 is taken, and the gradient is symmetric.</para>
    /// <para>dx = sym(L⁻ᵀ·Φ(Lᵀ·dL)·L⁻¹), Φ the lower triangle with half of the diagonal (Murray, Differentiation of the Cholesky decomposition,
    /// 2016).</para>
    /// </remarks>
    /// <exception cref="NotPositiveDefiniteException">A matrix has an eigenvalue of 0 or less.</exception>
    /// <exception cref="ShapeMismatchException">x is not square.</exception>
    /// <exception cref="ArgumentException">x holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static Tensor Cholesky(this Tensor x)
    {
        CheckSquare(nameof(Cholesky), x);
        HostMatrices matrices = ReadFinite(nameof(Cholesky), x);
        for (int i = 0; i < matrices.Count; i++)
        {
            Symmetrize(matrices[i], matrices.Rows);
            if (CholeskyLoop.Factorize(matrices[i], matrices.Rows) is >= 0 and int row)
            {
                throw new NotPositiveDefiniteException(
                    $"Cholesky: {Describe(x, i)} is not positive definite: its leading {row + 1} rows and columns have a determinant that is not positive. Eigvalsh shows the eigenvalues; adding a multiple of Eye({matrices.Rows}) raises them.");
            }
        }

        Tensor l = matrices.ToTensor(x.Shape, x);
        if (Tensor.ShouldTrack(x))
        {
            _ = new CholeskyNode(x, l);
        }

        return l;
    }

    /// <summary>(a + aᵀ)/2 in place; a/2 and aᵀ/2 are added, so that nothing overflows.</summary>
    private static void Symmetrize(Span<double> a, int n)
    {
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++)
            {
                double mean = a[(i * n) + j] == a[(j * n) + i] ? a[(i * n) + j] : (a[(i * n) + j] / 2) + (a[(j * n) + i] / 2);
                (a[(i * n) + j], a[(j * n) + i]) = (mean, mean);
            }
        }
    }

    private static Tensor SymmetricPart(Tensor x) => (x + x.T) * 0.5;

    private sealed class CholeskyNode : GradNode
    {
        private readonly SavedTensor _l;

        public override string Name => "Cholesky";

        public CholeskyNode(Tensor x, Tensor l)
            : base(x)
        {
            l.Record(this);
            _l = SavedTensor.OfOutput(Name, l);
        }

        internal override void Backward(Tensor dy, GradSink sink)
        {
            Tensor l = _l.Value, upper = l.T, product = upper.MatMul(dy);
            Tensor inner = (product.Tril() + product.Tril(-1)) * 0.5;
            Triangle before = new(Upper: true, Left: true, Unit: false), behind = new(Upper: false, Left: false, Unit: false);
            sink.Add(0, SymmetricPart(SolveTriangle(Name, l, SolveTriangle(Name, upper, inner, before), behind)));
        }

        private protected override bool SavesValues => true;

        private protected override void ReleaseSaved() => _l.Release();
    }
}
