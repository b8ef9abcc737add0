namespace Engine;

public static partial class LinearAlgebra
{
    /// <summary>
    /// The x that makes ‖a·x − b‖ least; of several the one of least norm, so that a may have any shape and rank (LAPACK's gelsd).
    /// </summary>
    /// <param name="a">[…, m, n].</param>
    /// <param name="b">[…, m, k], or vectors: [m], or the shape of a without its last axis. Batch axes are broadcast.</param>
    /// <param name="rcond">Singular values below this part of the largest count as 0. By default max(m, n)·ε of the element type.</param>
    /// <returns>[…, n, k], or […, n] for vectors.</returns>
    /// <remarks>
    /// With the residual r = b − a·x, z = a⁺ᵀ·dx, y = a⁺·z and v = a⁺ᵀ·x: db = z and da = r·yᵀ − z·xᵀ + v·(dx − aᵀ·z)ᵀ (Golub and Pereyra,
    /// The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate, 1973). That holds while the rank
    /// does not change.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">rcond is negative or not a number.</exception>
    /// <exception cref="ShapeMismatchException">b has other rows than a.</exception>
    /// <exception cref="ArgumentException">An operand holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static Tensor LstSq(this Tensor a, Tensor b, double? rcond = null)
    {
        CheckMatrix(nameof(LstSq), a);
        bool vectors = CheckRightSide(nameof(LstSq), a, b);
        using TensorScope scope = TensorScope.Begin();
        (Tensor matrices, Tensor columns) = Broadcast(nameof(LstSq), a, vectors ? b.Unsqueeze(-1) : b);
        CheckFinite(nameof(LstSq), HostMatrices.Read(columns), columns, nameof(b));
        PseudoInverse inverse = new(nameof(LstSq), matrices, RelativeTolerance(a, rcond, nameof(rcond)));
        Tensor x = LeastSquares(inverse, matrices, columns, transposed: false);
        return scope.Keep(vectors ? x.Squeeze(-1) : x);
    }

    /// <summary>The pseudo-inverse x⁺ of Moore and Penrose: […, m, n] becomes […, n, m]. It is the inverse where there is one.</summary>
    /// <param name="x">[…, m, n].</param>
    /// <param name="rcond">Singular values below this part of the largest count as 0. By default max(m, n)·ε of the element type.</param>
    /// <remarks>The solution of <see cref="LstSq"/> for the identity, with its gradient.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">rcond is negative or not a number.</exception>
    /// <exception cref="ShapeMismatchException">x has fewer than two axes.</exception>
    /// <exception cref="ArgumentException">x holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static Tensor Pinv(this Tensor x, double? rcond = null)
    {
        CheckMatrix(nameof(Pinv), x);
        using TensorScope scope = TensorScope.Begin();
        PseudoInverse inverse = new(nameof(Pinv), x, RelativeTolerance(x, rcond, nameof(rcond)));
        int rows = x.Shape[-2];
        return scope.Keep(LeastSquares(inverse, x, Tensor.Eye(rows, dtype: x.DType, device: x.Device).ExpandOrSelf(BatchOf(x, rows, rows)), transposed: false));
    }

    /// <summary>a⁺·b or a⁺ᵀ·b of matrices with one batch.</summary>
    private static Tensor LeastSquares(PseudoInverse inverse, Tensor a, Tensor b, bool transposed)
    {
        int length = a.Shape[transposed ? -2 : -1];
        HostMatrices sides = HostMatrices.Read(b).Transposed(), solutions = HostMatrices.Zeros(nameof(LstSq), sides.Count, sides.Rows, length);
        for (int i = 0; i < sides.Count; i++)
        {
            for (int j = 0; j < sides.Rows; j++)
            {
                inverse.Apply(i, sides[i].Slice(j * sides.Columns, sides.Columns), solutions[i].Slice(j * length, length), transposed);
            }
        }

        Tensor x = solutions.Transposed().ToTensor(b.Shape.With(-2, length), b);
        if (Tensor.ShouldTrack(a, b))
        {
            _ = new LstSqNode(inverse, a, b, x, transposed);
        }

        return x;
    }

    /// <summary>A batch of pseudo-inverses, kept as the singular vectors of the values that count.</summary>
    private sealed class PseudoInverse
    {
        private readonly HostSvd _svd;
        private readonly HostMatrices _columns;
        private readonly double _part;

        public PseudoInverse(string op, Tensor x, double part)
        {
            (_svd, _part) = (new HostSvd(op, x, vectors: true, op == nameof(LstSq) ? "a" : "x"), part);
            _columns = _svd.U.Transposed();
            SmallestRank = int.MaxValue;
            for (int i = 0; i < _svd.Count; i++)
            {
                SmallestRank = Math.Min(SmallestRank, _svd.Rank(i, part));
            }
        }

        public int SmallestRank { get; }

        /// <summary>y = Σ vᵢ·(uᵢᵀ·x)/sᵢ; transposed, u and v are exchanged.</summary>
        public void Apply(int matrix, ReadOnlySpan<double> x, Span<double> y, bool transposed)
        {
            HostMatrices from = transposed ? _svd.Vh : _columns, to = transposed ? _columns : _svd.Vh;
            ReadOnlySpan<double> values = _svd.Values(matrix);
            int rank = _svd.Rank(matrix, _part);
            for (int i = 0; i < rank; i++)
            {
                double product = VectorLoops.Dot(from[matrix].Slice(i * from.Columns, from.Columns), x);
                VectorLoops.AddScaled(product / values[i], to[matrix].Slice(i * to.Columns, to.Columns), y);
            }
        }
    }

    private sealed class LstSqNode : GradNode
    {
        private readonly SavedTensor _a;
        private readonly SavedTensor _b;
        private readonly SavedTensor _x;
        private readonly bool _transposed;

        public override string Name => "LstSq";

        private PseudoInverse? _inverse;

        public LstSqNode(PseudoInverse inverse, Tensor a, Tensor b, Tensor x, bool transposed)
            : base(a, b)
        {
            x.Record(this);
            (_a, _b, _x) = (new SavedTensor(Name, a), new SavedTensor(Name, b), SavedTensor.OfOutput(Name, x));
            (_inverse, _transposed) = (inverse, transposed);
        }

        internal override void Backward(Tensor dy, GradSink sink)
        {
            Tensor a = _a.Value, x = _x.Value;
            PseudoInverse inverse = _inverse!;
            Tensor z = LeastSquares(inverse, a, dy, !_transposed);
            sink.Add(1, z);
            if (!sink.Needs(0))
            {
                return;
            }

            // Of the matrix that was inverted: a, or aᵀ.
            Tensor m = _transposed ? a.T : a, dm = -z.MatMul(x.T);
            if (inverse.SmallestRank < m.Shape[-2])
            {
                dm += (_b.Value - m.MatMul(x)).MatMul(LeastSquares(inverse, a, z, _transposed).T);
            }

            if (inverse.SmallestRank < m.Shape[-1])
            {
                dm += LeastSquares(inverse, a, x, !_transposed).MatMul((dy - m.T.MatMul(z)).T);
            }

            sink.Add(0, _transposed ? dm.T : dm);
        }

        private protected override bool SavesValues => true;

        private protected override void ReleaseSaved()
        {
            _a.Release();
            _b.Release();
            _x.Release();
            _inverse = null;
        }
    }
}
