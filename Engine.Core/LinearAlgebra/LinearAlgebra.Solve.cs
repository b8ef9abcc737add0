namespace Engine;

public static partial class LinearAlgebra
{
    /// <summary>x with a·x = b, by LU factorisation with partial pivoting (LAPACK's gesv).</summary>
    /// <param name="a">[…, n, n].</param>
    /// <param name="b">[…, n, k], or vectors: [n], or the shape of a without its last axis. Batch axes are broadcast.</param>
    /// <returns>The shape of b, with a's batch.</returns>
    /// <remarks>db = a⁻ᵀ·dx, da = −db·xᵀ. The factors are kept for the backward pass. Whether x can be trusted says <see cref="Cond"/>.</remarks>
    /// <exception cref="SingularMatrixException">A pivot is 0.</exception>
    /// <exception cref="ShapeMismatchException">a is not square, or b has other rows.</exception>
    /// <exception cref="ArgumentException">An operand holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static Tensor Solve(this Tensor a, Tensor b)
    {
        CheckSquare(nameof(Solve), a);
        bool vectors = CheckRightSide(nameof(Solve), a, b);
        using TensorScope scope = TensorScope.Begin();
        (Tensor matrices, Tensor columns) = Broadcast(nameof(Solve), a, vectors ? b.Unsqueeze(-1) : b);
        LuFactors factors = Factorize(nameof(Solve), a, matrices);
        CheckFinite(nameof(Solve), HostMatrices.Read(columns), columns, nameof(b));
        Tensor x = SolveWith(factors, matrices, columns, transposed: false);
        return scope.Keep(vectors ? x.Squeeze(-1) : x);
    }

    /// <summary>
    /// x with a·x = b, or x·a = b, of a triangular matrix, by substitution; the other triangle of a is not looked at, and gets no gradient.
    /// </summary>
    /// <param name="a">[…, n, n].</param>
    /// <param name="b">[…, n, k], or for x·a = b […, k, n]. Batch axes are broadcast.</param>
    /// <param name="upper">Whether a is upper triangular, else lower.</param>
    /// <param name="left">Whether a stands to the left of x.</param>
    /// <param name="unitriangular">Whether the diagonal counts as 1, whatever its values are.</param>
    /// <remarks>With a on the left db = a⁻ᵀ·dx and da = −db·xᵀ, cut to the triangle; on the right db = dx·a⁻ᵀ, da = −xᵀ·db.</remarks>
    /// <exception cref="SingularMatrixException">There is a 0 on the diagonal.</exception>
    /// <exception cref="ShapeMismatchException">a is not square, or b does not fit.</exception>
    /// <exception cref="ArgumentException">An operand holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static Tensor SolveTriangular(this Tensor a, Tensor b, bool upper, bool left = true, bool unitriangular = false)
    {
        CheckSquare(nameof(SolveTriangular), a);
        bool vectors = CheckRightSide(nameof(SolveTriangular), a, b, left);
        using TensorScope scope = TensorScope.Begin();
        (Tensor matrices, Tensor sides) = Broadcast(nameof(SolveTriangular), a, vectors ? b.Unsqueeze(-1) : b);
        Tensor triangle = upper ? matrices.Detach().Triu(unitriangular ? 1 : 0) : matrices.Detach().Tril(unitriangular ? -1 : 0);
        CheckFinite(nameof(SolveTriangular), HostMatrices.Read(triangle), triangle, nameof(a));
        CheckFinite(nameof(SolveTriangular), HostMatrices.Read(sides), sides, nameof(b));
        Tensor x = SolveTriangle(nameof(SolveTriangular), matrices, sides, new Triangle(upper, left, unitriangular));
        return scope.Keep(vectors ? x.Squeeze(-1) : x);
    }

    /// <summary>a⁻¹, of each matrix […, n, n].</summary>
    /// <remarks>da = −yᵀ·dy·yᵀ, y = a⁻¹. For a⁻¹·b <see cref="Solve"/> is faster and more exact.</remarks>
    /// <exception cref="SingularMatrixException">A pivot of the LU factorisation is 0.</exception>
    /// <exception cref="ShapeMismatchException">x is not square.</exception>
    /// <exception cref="ArgumentException">x holds NaN or infinity.</exception>
    /// <exception cref="CaptureException">The step is being captured.</exception>
    public static Tensor Inverse(this Tensor x)
    {
        CheckSquare(nameof(Inverse), x);
        LuFactors factors = Factorize(nameof(Inverse), x, x);
        int n = x.Shape[-1];
        HostMatrices columns = HostMatrices.Zeros(nameof(Inverse), factors.Count, n, n);
        for (int i = 0; i < columns.Count; i++)
        {
            for (int j = 0; j < n; j++)
            {
                Span<double> column = columns[i].Slice(j * n, n);
                column[j] = 1;
                factors.Solve(i, column, transposed: false);
            }
        }

        Tensor y = columns.Transposed().ToTensor(x.Shape, x);
        if (Tensor.ShouldTrack(x))
        {
            _ = new InverseNode(x, y);
        }

        return y;
    }

    private static LuFactors Factorize(string op, Tensor x, Tensor matrices)
    {
        LuFactors factors = new(ReadFinite(op, matrices, op == nameof(Solve) ? "a" : "x"));
        for (int i = 0; i < factors.Count; i++)
        {
            if (factors.ZeroPivot(i) is >= 0 and int pivot)
            {
                ThrowSingular(op, x, i, pivot, op == nameof(Solve) ? "a" : "x");
            }
        }

        return factors;
    }

    /// <summary>a⁻¹·b or a⁻ᵀ·b of matrices with one batch.</summary>
    private static Tensor SolveWith(LuFactors factors, Tensor a, Tensor b, bool transposed)
    {
        HostMatrices columns = HostMatrices.Read(b).Transposed();
        for (int i = 0; i < columns.Count; i++)
        {
            for (int j = 0; j < columns.Rows; j++)
            {
                factors.Solve(i, columns[i].Slice(j * columns.Columns, columns.Columns), transposed);
            }
        }

        Tensor x = columns.Transposed().ToTensor(b.Shape, b);
        if (Tensor.ShouldTrack(a, b))
        {
            _ = new SolveNode(factors, a, b, x, transposed);
        }

        return x;
    }

    private static Tensor SolveTriangle(string op, Tensor a, Tensor b, Triangle triangle)
    {
        HostMatrices matrices = HostMatrices.Read(a), sides = triangle.Left ? HostMatrices.Read(b).Transposed() : HostMatrices.Read(b);
        int n = matrices.Rows;
        for (int i = 0; i < matrices.Count; i++)
        {
            ReadOnlySpan<double> t = matrices[i];
            for (int j = 0; j < n && !triangle.Unit; j++)
            {
                if (t[(j * n) + j] == 0)
                {
                    throw new SingularMatrixException($"{op}: {Describe(a, i, "a")} has a 0 on its diagonal, at [{j}, {j}], so that it is singular.");
                }
            }

            for (int j = 0; j < sides.Rows; j++)
            {
                triangle.Solve(t, n, sides[i].Slice(j * n, n));
            }
        }

        Tensor x = (triangle.Left ? sides.Transposed() : sides).ToTensor(b.Shape, b);
        if (Tensor.ShouldTrack(a, b))
        {
            _ = new SolveTriangularNode(a, b, x, triangle);
        }

        return x;
    }

    /// <summary>Which triangle, on which side of x, and whether its diagonal counts.</summary>
    private readonly record struct Triangle(bool Upper, bool Left, bool Unit)
    {
        /// <summary>One right side in place. x·a = b is aᵀ·xᵀ = bᵀ.</summary>
        public void Solve(ReadOnlySpan<double> t, int n, Span<double> x)
        {
            switch (Upper, Left)
            {
                case (true, true):
                    TriangularLoops.Upper(t, n, x, Unit);
                    break;
                case (false, true):
                    TriangularLoops.Lower(t, n, x, Unit);
                    break;
                case (true, false):
                    TriangularLoops.UpperTransposed(t, n, x, Unit);
                    break;
                default:
                    TriangularLoops.LowerTransposed(t, n, x, Unit);
                    break;
            }
        }
    }

    private sealed class SolveNode : GradNode
    {
        private readonly SavedTensor _a;
        private readonly SavedTensor _x;
        private readonly bool _transposed;

        public override string Name => "Solve";

        private LuFactors? _factors;

        public SolveNode(LuFactors factors, Tensor a, Tensor b, Tensor x, bool transposed)
            : base(a, b)
        {
            x.Record(this);
            (_a, _x) = (new SavedTensor(Name, a), SavedTensor.OfOutput(Name, x));
            (_factors, _transposed) = (factors, transposed);
        }

        internal override void Backward(Tensor dy, GradSink sink)
        {
            Tensor x = _x.Value, db = SolveWith(_factors!, _a.Value, dy, !_transposed);
            sink.Add(1, db);
            if (sink.Needs(0))
            {
                sink.Add(0, _transposed ? -x.MatMul(db.T) : -db.MatMul(x.T));
            }
        }

        private protected override bool SavesValues => true;

        private protected override void ReleaseSaved()
        {
            _a.Release();
            _x.Release();
            _factors = null;
        }
    }

    private sealed class SolveTriangularNode : GradNode
    {
        private readonly SavedTensor _a;
        private readonly SavedTensor _x;
        private readonly Triangle _triangle;

        public override string Name => "SolveTriangular";

        public SolveTriangularNode(Tensor a, Tensor b, Tensor x, Triangle triangle)
            : base(a, b)
        {
            x.Record(this);
            (_a, _x, _triangle) = (new SavedTensor(Name, a), SavedTensor.OfOutput(Name, x), triangle);
        }

        internal override void Backward(Tensor dy, GradSink sink)
        {
            Tensor x = _x.Value, db = SolveTriangle(Name, _a.Value.T, dy, _triangle with { Upper = !_triangle.Upper });
            sink.Add(1, db);
            if (sink.Needs(0))
            {
                Tensor da = _triangle.Left ? -db.MatMul(x.T) : -x.T.MatMul(db);
                int diagonal = _triangle.Unit ? 1 : 0;
                sink.Add(0, _triangle.Upper ? da.Triu(diagonal) : da.Tril(-diagonal));
            }
        }

        private protected override bool SavesValues => true;

        private protected override void ReleaseSaved()
        {
            _a.Release();
            _x.Release();
        }
    }

    private sealed class InverseNode : GradNode
    {
        private readonly SavedTensor _y;

        public override string Name => "Inverse";

        public InverseNode(Tensor x, Tensor y)
            : base(x)
        {
            y.Record(this);
            _y = SavedTensor.OfOutput(Name, y);
        }

        internal override void Backward(Tensor dy, GradSink sink)
        {
            Tensor y = _y.Value.T;
            sink.Add(0, -y.MatMul(dy).MatMul(y));
        }

        private protected override bool SavesValues => true;

        private protected override void ReleaseSaved() => _y.Release();
    }
}
