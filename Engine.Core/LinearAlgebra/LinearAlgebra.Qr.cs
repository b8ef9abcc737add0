namespace Engine;

public static partial class LinearAlgebra
{
    /// <summary>x = Q·R with orthonormal columns in Q and an upper triangular R, by Householder's reflections; k = min(m, n).</summary>
    /// <param name="x">[…, m, n].</param>
    /// <returns>Q […, m, k] and R […, k, n], with LAPACK's signs: the diagonal of R may be negative.</returns>
    /// <remarks>
    /// For m ≥ n dx = (dQ + Q·copy(R·dRᵀ − dQᵀ·Q))·R⁻ᵀ, where copy writes the lower triangle over the upper one (Walter, Lehmann and Lamour, On
    /// evaluating higher-order derivatives of the QR decomposition of tall matrices with full column rank, 2012). A wider matrix [X, Y] is Q·[U, Qᵀ·Y] with
    /// X = Q·U. The first k columns must be independent, or the backward pass is a <see cref="SingularMatrixException"/>.
    /// </remarks>
    /// <exception cref="ShapeMismatchException">x has fewer than two axes.</exception>
    /// <exception cref="ArgumentException">x holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static (Tensor Q, Tensor R) Qr(this Tensor x)
    {
        CheckMatrix(nameof(Qr), x);
        using TensorScope scope = TensorScope.Begin();
        int rows = x.Shape[-2], columns = x.Shape[-1];
        if (rows >= columns || !Tensor.ShouldTrack(x))
        {
            Tensor packed = PackedQr(x);
            int k = Math.Min(rows, columns);
            return (scope.Keep(Part(packed, 0, rows, k)), scope.Keep(Part(packed, rows * k, k, columns)));
        }

        // Factors keep their type, whatever products around them are computed in.
        using Autocast.Scope types = Autocast.Off();
        (Tensor q, Tensor first) = x.Narrow(-1, 0, rows).Qr();
        Tensor r = Tensor.Concat([first, q.T.MatMul(x.Narrow(-1, rows, columns - rows))], -1);
        return (scope.Keep(q), scope.Keep(r));
    }

    /// <summary>Q, then R, […, m·k + k·n], so that one step of the graph has both.</summary>
    private static Tensor PackedQr(Tensor x)
    {
        HostMatrices matrices = ReadFinite(nameof(Qr), x);
        int rows = matrices.Rows, columns = matrices.Columns, k = Math.Min(rows, columns);
        int length = Guard.Size(nameof(Qr), ((long)rows * k) + ((long)k * columns));
        HostMatrices results = HostMatrices.Zeros(nameof(Qr), matrices.Count, 1, length);
        for (int i = 0; i < matrices.Count; i++)
        {
            int exponent = VectorLoops.Normalize(matrices[i]);
            HouseholderQr qr = new(matrices[i], rows, columns);
            Span<double> q = results[i][..(rows * k)], r = results[i][(rows * k)..];
            for (int j = 0; j < k; j++)
            {
                q[(j * k) + j] = 1;
            }

            qr.MultiplyByQ(q, k);
            matrices[i][..(k * columns)].CopyTo(r);
            for (int j = 0; j < r.Length && exponent != 0; j++)
            {
                r[j] = Math.ScaleB(r[j], exponent);
            }
        }

        Tensor packed = results.ToTensor(BatchOf(x, length), x);
        if (Tensor.ShouldTrack(x))
        {
            _ = new QrNode(x, packed);
        }

        return packed;
    }

    private sealed class QrNode : GradNode
    {
        private readonly SavedTensor _packed;
        private readonly int _rows;
        private readonly int _columns;

        public override string Name => "Qr";

        public QrNode(Tensor x, Tensor packed)
            : base(x)
        {
            packed.Record(this);
            (_packed, _rows, _columns) = (SavedTensor.OfOutput(Name, packed), x.Shape[-2], x.Shape[-1]);
        }

        internal override void Backward(Tensor dy, GradSink sink)
        {
            (Tensor q, Tensor r) = Parts(_packed.Value);
            (Tensor dq, Tensor dr) = Parts(dy);
            Tensor inner = r.MatMul(dr.T) - dq.T.MatMul(q);
            Tensor copied = inner.Tril() + inner.Tril(-1).T;
            // y·r⁻ᵀ = x is x·rᵀ = y.
            sink.Add(0, SolveTriangle(Name, r.T, dq + q.MatMul(copied), new Triangle(Upper: false, Left: false, Unit: false)));
        }

        private protected override bool SavesValues => true;

        private protected override void ReleaseSaved() => _packed.Release();

        private (Tensor Q, Tensor R) Parts(Tensor packed) => (Part(packed, 0, _rows, _columns), Part(packed, _rows * _columns, _columns, _columns));
    }
}
