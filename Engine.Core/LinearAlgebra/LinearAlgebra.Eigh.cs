namespace Engine;

public static partial class LinearAlgebra
{
    /// <summary>x = V·diag(w)·Vᵀ: eigenvalues and orthonormal eigenvectors of symmetric matrices […, n, n].</summary>
    /// <returns>w […, n], ascending, and V […, n, n] with the eigenvectors as columns, whose signs are arbitrary.</returns>
    /// <remarks>
    /// <para>Of a matrix that is not symmetric the symmetric part (x + xᵀ)/2 is taken, and the gradient is symmetric.</para>
    /// <para>dx = sym(V·(diag(dw) + (Vᵀ·dV)/E)·Vᵀ), Eᵢⱼ = wⱼ − wᵢ off the diagonal (Giles 2008, 3.1).</para>
    /// <para>Vectors of equal eigenvalues are arbitrary in their plane and have no gradient: where eigenvalues differ by no more than rounding, and a function
    /// looks at their vectors, its gradient is infinite or NaN. A gradient of the eigenvalues alone is finite always (one of many, where they are equal), and so is
    /// one of vectors whose eigenvalue is single.</para>
    /// </remarks>
    /// <exception cref="ShapeMismatchException">x is not square.</exception>
    /// <exception cref="ArgumentException">x holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static (Tensor Values, Tensor Vectors) Eigh(this Tensor x)
    {
        CheckSquare(nameof(Eigh), x);
        using TensorScope scope = TensorScope.Begin();
        int n = x.Shape[-1];
        Tensor packed = PackedEigh(nameof(Eigh), x, vectors: true);
        return (scope.Keep(Part(packed, 0, n)), scope.Keep(Part(packed, n, n, n)));
    }

    /// <summary>The eigenvalues of symmetric matrices […, n, n], ascending: […, n]. Without a gradient faster than <see cref="Eigh"/>.</summary>
    /// <inheritdoc cref="Eigh"/>
    public static Tensor Eigvalsh(this Tensor x)
    {
        CheckSquare(nameof(Eigvalsh), x);
        using TensorScope scope = TensorScope.Begin();
        return scope.Keep(Part(PackedEigh(nameof(Eigvalsh), x, vectors: Tensor.ShouldTrack(x)), 0, x.Shape[-1]));
    }

    /// <summary>Values, then vectors, […, n + n²], so that one step of the graph has both.</summary>
    private static Tensor PackedEigh(string op, Tensor x, bool vectors)
    {
        HostMatrices matrices = ReadFinite(op, x);
        int n = matrices.Rows, length = Guard.Size(op, n + (vectors ? (long)n * n : 0));
        HostMatrices results = HostMatrices.Zeros(op, matrices.Count, 1, length);
        for (int i = 0; i < matrices.Count; i++)
        {
            Symmetrize(matrices[i], n);
            if (!SymmetricEigen.Diagonalize(matrices[i], n, results[i][..n], results[i][n..]))
            {
                ThrowUnconverged(op, x, i);
            }
        }

        Tensor packed = results.ToTensor(BatchOf(x, length), x);
        if (Tensor.ShouldTrack(x))
        {
            _ = new EighNode(x, packed);
        }

        return packed;
    }

    private sealed class EighNode : GradNode
    {
        private readonly SavedTensor _packed;
        private readonly int _n;

        public override string Name => "Eigh";

        public EighNode(Tensor x, Tensor packed)
            : base(x)
        {
            packed.Record(this);
            (_packed, _n) = (SavedTensor.OfOutput(Name, packed), x.Shape[-1]);
        }

        internal override void Backward(Tensor dy, GradSink sink)
        {
            (Tensor values, Tensor vectors) = Parts(_packed.Value);
            (Tensor dValues, Tensor dVectors) = Parts(dy);
            Tensor inner = Diagonal(dValues);
            if (_n > 1)
            {
                inner += Ratio(WithoutDiagonal(vectors.T.MatMul(dVectors)), Gaps(values));
            }

            sink.Add(0, SymmetricPart(vectors.MatMul(inner).MatMul(vectors.T)));
        }

        private protected override bool SavesValues => true;

        private protected override void ReleaseSaved() => _packed.Release();

        private (Tensor Values, Tensor Vectors) Parts(Tensor packed) => (Part(packed, 0, _n), Part(packed, _n, _n, _n));
    }
}
