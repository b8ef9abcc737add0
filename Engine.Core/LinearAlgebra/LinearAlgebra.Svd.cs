namespace Engine;

public static partial class LinearAlgebra
{
    /// <summary>x = U·diag(s)·Vh, the reduced singular value decomposition of matrices […, m, n]; k = min(m, n).</summary>
    /// <returns>U […, m, k], s […, k] ≥ 0, descending, and Vh […, k, n]. The signs of a pair of vectors are arbitrary together.</returns>
    /// <remarks>
    /// <para>By Jacobi's one-sided method, which gets small singular values as exactly as large ones.</para>
    /// <para>dx = U·((skew(Uᵀ·dU)/E)·S + S·(skew(Vᵀ·dV)/E) + diag(ds))·Vᵀ + (I − U·Uᵀ)·dU·S⁻¹·Vᵀ + U·S⁻¹·dVᵀ·(I − V·Vᵀ), skew(a) = a − aᵀ,
    /// Eᵢⱼ = sⱼ² − sᵢ² (Townsend, Differentiating the singular value decomposition, 2016).</para>
    /// <para>Vectors of equal singular values, and of those that are 0, are arbitrary in their plane and have no gradient: where singular values differ by no more than
    /// rounding, and a function looks at their vectors, its gradient is infinite or NaN. A gradient of the singular values alone is finite always.</para>
    /// </remarks>
    /// <exception cref="ShapeMismatchException">x has fewer than two axes.</exception>
    /// <exception cref="ArgumentException">x holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static (Tensor U, Tensor S, Tensor Vh) Svd(this Tensor x)
    {
        CheckMatrix(nameof(Svd), x);
        using TensorScope scope = TensorScope.Begin();
        SvdSizes sizes = new(x.Shape[-2], x.Shape[-1]);
        (Tensor u, Tensor s, Tensor vh) = sizes.Parts(PackedSvd(nameof(Svd), x, sizes, vectors: true));
        return (scope.Keep(u), scope.Keep(s), scope.Keep(vh));
    }

    /// <summary>The singular values of matrices […, m, n], descending: […, min(m, n)]. Without a gradient faster than <see cref="Svd"/>.</summary>
    /// <inheritdoc cref="Svd"/>
    public static Tensor Svdvals(this Tensor x)
    {
        CheckMatrix(nameof(Svdvals), x);
        return SingularValues(nameof(Svdvals), x);
    }

    /// <summary>How many singular values of matrices […, m, n] count, as int64 with the batch axes of x. There is no gradient.</summary>
    /// <param name="x">[…, m, n].</param>
    /// <param name="rtol">Singular values above rtol times the largest one count. By default max(m, n)·ε of the element type.</param>
    /// <exception cref="ArgumentOutOfRangeException">rtol is negative or not a number.</exception>
    /// <exception cref="ShapeMismatchException">x has fewer than two axes.</exception>
    /// <exception cref="ArgumentException">x holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static Tensor MatrixRank(this Tensor x, double? rtol = null)
    {
        CheckMatrix(nameof(MatrixRank), x);
        double part = RelativeTolerance(x, rtol);
        HostSvd svd = new(nameof(MatrixRank), x, vectors: false);
        long[] ranks = new long[svd.Count];
        for (int i = 0; i < ranks.Length; i++)
        {
            ranks[i] = svd.Rank(i, part);
        }

        return Tensor.From<long>(ranks, BatchOf(x), x.Device);
    }

    /// <summary>
    /// The condition number of matrices […, m, n]: their largest singular value by their smallest, with the batch axes of x. How many times a relative error of b
    /// may grow in <see cref="Solve"/>; of singular matrices infinite, or very large by rounding.
    /// </summary>
    /// <exception cref="ShapeMismatchException">x has fewer than two axes, or no elements.</exception>
    /// <exception cref="ArgumentException">x holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static Tensor Cond(this Tensor x)
    {
        CheckMatrix(nameof(Cond), x);
        if (x.Shape[-1] == 0 || x.Shape[-2] == 0)
        {
            throw new ShapeMismatchException($"Cond: x is {x.Shape}; a matrix without elements has no condition number.");
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor values = SingularValues(nameof(Cond), x);
        return scope.Keep(values.Select(-1, 0) / values.Select(-1, -1));
    }

    private static Tensor SingularValues(string op, Tensor x)
    {
        using TensorScope scope = TensorScope.Begin();
        SvdSizes sizes = new(x.Shape[-2], x.Shape[-1]);
        return scope.Keep(Part(PackedSvd(op, x, sizes, vectors: Tensor.ShouldTrack(x)), 0, sizes.K));
    }

    private static double RelativeTolerance(Tensor x, double? rtol, string name = "rtol")
    {
        double part = rtol ?? Math.Max(x.Shape[-1], x.Shape[-2]) * (x.DType == DType.Float64 ? VectorLoops.Epsilon : MathF.BitIncrement(1f) - 1);
        return part >= 0 ? part : throw new ArgumentOutOfRangeException(name, part, "The tolerance must be 0 or more.");
    }

    /// <summary>Values, then vectors, […, k + m·k + k·n], so that one step of the graph has all.</summary>
    private static Tensor PackedSvd(string op, Tensor x, SvdSizes sizes, bool vectors)
    {
        HostSvd svd = new(op, x, vectors);
        int length = Guard.Size(op, sizes.K + (vectors ? ((long)sizes.Rows + sizes.Columns) * sizes.K : 0));
        HostMatrices results = HostMatrices.Zeros(op, svd.Count, 1, length);
        for (int i = 0; i < svd.Count; i++)
        {
            Span<double> result = results[i];
            svd.Values(i).CopyTo(result);
            if (vectors)
            {
                svd.U[i].CopyTo(result[sizes.K..]);
                svd.Vh[i].CopyTo(result[(sizes.K + (sizes.Rows * sizes.K))..]);
            }
        }

        Tensor packed = results.ToTensor(BatchOf(x, length), x);
        if (Tensor.ShouldTrack(x))
        {
            _ = new SvdNode(x, packed, sizes);
        }

        return packed;
    }

    private readonly record struct SvdSizes(int Rows, int Columns)
    {
        public int K => Math.Min(Rows, Columns);

        public (Tensor U, Tensor S, Tensor Vh) Parts(Tensor packed) =>
            (Part(packed, K, Rows, K), Part(packed, 0, K), Part(packed, K + (Rows * K), K, Columns));
    }

    /// <summary>The decompositions of a batch in host memory.</summary>
    private sealed class HostSvd
    {
        private readonly HostMatrices _values;

        public HostSvd(string op, Tensor x, bool vectors, string name = "x")
        {
            HostMatrices matrices = ReadFinite(op, x, name);
            bool isWide = matrices.Columns > matrices.Rows;
            matrices = isWide ? matrices.Transposed() : matrices;
            int n = matrices.Columns;
            _values = HostMatrices.Zeros(op, matrices.Count, 1, n);
            HostMatrices left = HostMatrices.Zeros(op, vectors ? matrices.Count : 0, matrices.Rows, n), right = HostMatrices.Zeros(op, vectors ? matrices.Count : 0, n, n);
            for (int i = 0; i < matrices.Count; i++)
            {
                if (!JacobiSvd.Decompose(matrices[i], matrices.Rows, n, _values[i], vectors ? left[i] : default, vectors ? right[i] : default))
                {
                    ThrowUnconverged(op, x, i);
                }
            }

            // xᵀ = U·S·Vh: x = Vhᵀ·S·Uᵀ.
            (U, Vh) = isWide ? (right.Transposed(), left.Transposed()) : (left, right);
        }

        public int Count => _values.Count;

        public HostMatrices U { get; }

        public HostMatrices Vh { get; }

        public ReadOnlySpan<double> Values(int i) => _values[i];

        /// <summary>How many singular values are larger than a part of the largest.</summary>
        public int Rank(int i, double part)
        {
            ReadOnlySpan<double> values = _values[i];
            int rank = 0;
            while (rank < values.Length && values[rank] > part * values[0])
            {
                rank++;
            }

            return rank;
        }
    }

    private sealed class SvdNode : GradNode
    {
        private readonly SavedTensor _packed;
        private readonly SvdSizes _sizes;

        public override string Name => "Svd";

        public SvdNode(Tensor x, Tensor packed, SvdSizes sizes)
            : base(x)
        {
            packed.Record(this);
            (_packed, _sizes) = (SavedTensor.OfOutput(Name, packed), sizes);
        }

        internal override void Backward(Tensor dy, GradSink sink)
        {
            (Tensor u, Tensor s, Tensor vh) = _sizes.Parts(_packed.Value);
            (Tensor du, Tensor ds, Tensor dvh) = _sizes.Parts(dy);
            Tensor inner = Diagonal(ds);
            if (_sizes.K > 1)
            {
                Tensor squares = Gaps(s) * (s.Unsqueeze(-2) + s.Unsqueeze(-1));
                Tensor left = Ratio(WithoutDiagonal(u.T.MatMul(du)), squares), right = Ratio(WithoutDiagonal(vh.MatMul(dvh.T)), squares);
                inner = inner + ((left + left.T) * s.Unsqueeze(-2)) + ((right + right.T) * s.Unsqueeze(-1));
            }

            Tensor dx = u.MatMul(inner).MatMul(vh);
            if (_sizes.Rows > _sizes.K && _sizes.K > 0)
            {
                Tensor outside = Ratio(du - u.MatMul(u.T.MatMul(du)), Counting(s).Unsqueeze(-2));
                dx += outside.MatMul(vh);
            }

            if (_sizes.Columns > _sizes.K && _sizes.K > 0)
            {
                Tensor outside = Ratio(dvh - dvh.MatMul(vh.T).MatMul(vh), Counting(s).Unsqueeze(-1));
                dx += u.MatMul(outside);
            }

            sink.Add(0, dx);
        }

        private protected override bool SavesValues => true;

        private protected override void ReleaseSaved() => _packed.Release();

        /// <summary>The singular values, exactly 0 where they are no more than rounding.</summary>
        private static Tensor Counting(Tensor s)
        {
            double epsilon = s.DType == DType.Float64 ? VectorLoops.Epsilon : MathF.BitIncrement(1f) - 1;
            return s.MaskedFill(s.Detach() <= s.Detach().Max(-1, keepDims: true) * (4 * epsilon), 0);
        }
    }
}
