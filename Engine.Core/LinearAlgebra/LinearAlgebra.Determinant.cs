namespace Engine;

public static partial class LinearAlgebra
{
    // Below this the inverse loses half of the digits; cofactors from singular values lose none.
    private const double NearlySingular = 1e-8;

    /// <summary>The determinant of each matrix […, n, n]; of an empty one 1.</summary>
    /// <returns>The batch axes of x, no axis for one matrix.</returns>
    /// <remarks>
    /// dx = dy·det(x)·x⁻ᵀ, the matrix of cofactors, which exists for singular matrices too. There it can be had once only: a second derivative at a singular matrix is
    /// a <see cref="GradientException"/>. Of large matrices the determinant leaves the range of its type; see <see cref="SlogDet"/>.
    /// </remarks>
    /// <exception cref="ShapeMismatchException">x is not square.</exception>
    /// <exception cref="ArgumentException">x holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static Tensor Determinant(this Tensor x)
    {
        CheckSquare(nameof(Determinant), x);
        LuFactors factors = new(ReadFinite(nameof(Determinant), x));
        double[] values = new double[factors.Count];
        bool isRegular = true, isSafe = true;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = factors.Determinant(i);
            isRegular &= factors.PivotRatio(i) > x.Shape[-1] * VectorLoops.Epsilon;
            isSafe &= factors.PivotRatio(i) > NearlySingular;
        }

        Tensor y = HostMatrices.ToTensor(values, BatchOf(x), x);
        if (Tensor.ShouldTrack(x))
        {
            _ = new DeterminantNode(x, y, isRegular, isSafe);
        }

        return y;
    }

    /// <summary>The sign of the determinant of each matrix […, n, n] and log |det|, which does not overflow: det = sign·exp(logAbsDet).</summary>
    /// <returns>Both with the batch axes of x. A singular matrix has the sign 0 and −∞.</returns>
    /// <remarks>dx = d(logAbsDet)·x⁻ᵀ; the sign has no gradient. That of a singular matrix is a <see cref="SingularMatrixException"/> in the backward pass.</remarks>
    /// <exception cref="ShapeMismatchException">x is not square.</exception>
    /// <exception cref="ArgumentException">x holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static (Tensor Sign, Tensor LogAbsDet) SlogDet(this Tensor x)
    {
        CheckSquare(nameof(SlogDet), x);
        LuFactors factors = new(ReadFinite(nameof(SlogDet), x));
        double[] signs = new double[factors.Count], logs = new double[factors.Count];
        for (int i = 0; i < signs.Length; i++)
        {
            (signs[i], logs[i]) = factors.SignAndLog(i);
        }

        Tensor log = HostMatrices.ToTensor(logs, BatchOf(x), x);
        if (Tensor.ShouldTrack(x))
        {
            log.Record(new SlogDetNode(x));
        }

        return (HostMatrices.ToTensor(signs, BatchOf(x), x), log);
    }

    /// <summary>det(x)·x⁻ᵀ without a division by det(x): of x = U·diag(s)·Vᵀ it is det(U)·det(V)·U·diag(Πⱼ≠ᵢ sⱼ)·Vᵀ.</summary>
    private static Tensor Cofactors(Tensor x)
    {
        HostMatrices matrices = HostMatrices.Read(x);
        int n = matrices.Rows;
        HostMatrices results = HostMatrices.Zeros(nameof(Determinant), matrices.Count, n, n), left = HostMatrices.Zeros(nameof(Determinant), 1, n, n), right = HostMatrices.Zeros(nameof(Determinant), 1, n, n);
        double[] values = new double[n];
        for (int i = 0; i < matrices.Count; i++)
        {
            if (!JacobiSvd.Decompose(matrices[i], n, n, values, left[0], right[0]))
            {
                ThrowUnconverged(nameof(Determinant), x, i);
            }

            double sign = SignOf(left) * SignOf(right);
            for (int k = 0; k < n; k++)
            {
                double product = sign;
                for (int j = 0; j < n; j++)
                {
                    product *= j == k ? 1 : values[j];
                }

                for (int row = 0; row < n; row++)
                {
                    VectorLoops.AddScaled(product * left[0][(row * n) + k], right[0].Slice(k * n, n), results[i].Slice(row * n, n));
                }
            }
        }

        return results.ToTensor(x.Shape, x);

        static double SignOf(HostMatrices orthogonal)
        {
            HostMatrices copy = HostMatrices.Zeros(nameof(Determinant), 1, orthogonal.Rows, orthogonal.Columns);
            orthogonal[0].CopyTo(copy[0]);
            return Math.Sign(new LuFactors(copy).Determinant(0));
        }
    }

    private sealed class DeterminantNode : GradNode
    {
        private readonly SavedTensor _x;
        private readonly SavedTensor _y;
        private readonly bool _isRegular;
        private readonly bool _isSafe;

        public override string Name => "Determinant";

        public DeterminantNode(Tensor x, Tensor y, bool isRegular, bool isSafe)
            : base(x)
        {
            y.Record(this);
            (_x, _y, _isRegular, _isSafe) = (new SavedTensor(Name, x), SavedTensor.OfOutput(Name, y), isRegular, isSafe);
        }

        internal override void Backward(Tensor dy, GradSink sink)
        {
            if (!_isSafe && !GradMode.IsEnabled)
            {
                sink.Add(0, dy.Unsqueeze(-1).Unsqueeze(-1) * Cofactors(_x.Value));
                return;
            }

            if (!_isRegular)
            {
                throw new GradientException("Determinant: the gradient at a singular matrix cannot be differentiated again. Call Backward or Autograd.Grad without createGraph.");
            }

            sink.Add(0, (dy * _y.Value).Unsqueeze(-1).Unsqueeze(-1) * _x.Value.Inverse().T);
        }

        private protected override bool SavesValues => true;

        private protected override void ReleaseSaved()
        {
            _x.Release();
            _y.Release();
        }
    }

    private sealed class SlogDetNode(Tensor x) : GradNode(x)
    {
        private readonly SavedTensor _x = new("SlogDet", x);

        public override string Name => "SlogDet";

        internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.Unsqueeze(-1).Unsqueeze(-1) * _x.Value.Inverse().T);

        private protected override bool SavesValues => true;

        private protected override void ReleaseSaved() => _x.Release();
    }
}
