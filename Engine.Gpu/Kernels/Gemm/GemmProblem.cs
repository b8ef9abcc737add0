namespace Engine.Gpu;

/// <summary>A matrix in memory: element (row, column) lies at the operand's offset + row · Row + column · Column.</summary>
internal readonly record struct MatrixView(Operand Operand, long Row, long Column)
{
    /// <summary>The transposed matrix.</summary>
    public MatrixView Transposed => new(Operand, Column, Row);

    /// <summary>The last two axes of an operand.</summary>
    public static MatrixView Of(in Operand operand)
    {
        ReadOnlySpan<long> strides = operand.Layout.Strides;
        return new MatrixView(operand, strides[^2], strides[^1]);
    }
}

/// <summary>A batched product with its epilogue, as the planner and the launches see it.</summary>
internal struct GemmProblem
{
    /// <summary>Operands of a product: A, B, C and the bias.</summary>
    public const int Operands = 4;

    /// <summary>Rows of C.</summary>
    public required int M { get; set; }

    /// <summary>Columns of C.</summary>
    public required int N { get; set; }

    /// <summary>Length of the sums.</summary>
    public required int K { get; set; }

    /// <summary>[M, K].</summary>
    public required MatrixView A { get; set; }

    /// <summary>[K, N].</summary>
    public required MatrixView B { get; set; }

    /// <summary>[M, N].</summary>
    public required MatrixView C { get; set; }

    /// <summary>[M, N], usually with strides 0.</summary>
    public MatrixView? Bias { get; set; }

    /// <summary>The leading axes.</summary>
    public BatchAxisList Batch { get; set; }

    /// <summary>The factor of the product.</summary>
    public double Alpha { get; set; }

    /// <summary>The factor of the old values of C.</summary>
    public double Beta { get; set; }

    /// <summary>A program with one input and one output, or null.</summary>
    public MapProgram? Activation { get; set; }

    /// <summary>How the bias varies over one matrix.</summary>
    public readonly BiasKind BiasKind =>
        Bias is not { } bias ? BiasKind.None : bias.Row == 0 || M == 1 ? BiasKind.PerColumn : bias.Column == 0 || N == 1 ? BiasKind.PerRow : BiasKind.Full;

    /// <summary>The epilogue as a part of a kernel's definition.</summary>
    public readonly Epilogue Epilogue =>
        new(Alpha != 1, Beta != 0, BiasKind, Bias?.Operand.DType ?? default, Activation);

    /// <summary>Reads the arguments of a call.</summary>
    public static GemmProblem From(in GemmArgs args)
    {
        Layout a = args.A.Layout, b = args.B.Layout, c = args.C.Layout;
        Layout bias = args.Bias?.Layout ?? c;
        int rank = c.Rank;
        BatchAxisList batch = default;
        for (int i = 0; i < rank - 2; i++)
        {
            batch.Add(new BatchAxis(c.Shape[i], a.Strides[i], b.Strides[i], c.Strides[i], args.Bias is null ? 0 : bias.Strides[i]));
        }

        return new GemmProblem
        {
            M = c.Shape[rank - 2],
            N = c.Shape[rank - 1],
            K = a.Shape[rank - 1],
            A = MatrixView.Of(args.A),
            B = MatrixView.Of(args.B),
            C = MatrixView.Of(args.C),
            Bias = args.Bias is { } given ? MatrixView.Of(given) : null,
            Batch = batch,
            Alpha = args.Alpha,
            Beta = args.Beta,
            Activation = args.Activation,
        };
    }

    /// <summary>Cᵀ = Bᵀ·Aᵀ.</summary>
    public void Transpose()
    {
        (M, N) = (N, M);
        (A, B) = (B.Transposed, A.Transposed);
        C = C.Transposed;
        Bias = Bias?.Transposed;
        BatchAxisList swapped = default;
        for (int i = 0; i < Batch.Count; i++)
        {
            BatchAxis axis = Batch[i];
            swapped.Add(axis with { A = axis.B, B = axis.A });
        }

        Batch = swapped;
    }

    /// <summary>Whether some operand spans more elements than 32 bits can count.</summary>
    public readonly bool Is64Bit =>
        Math.Max(
            Math.Max(Span(M, A.Row) + Span(K, A.Column) + Batch.Span(0), Span(K, B.Row) + Span(N, B.Column) + Batch.Span(1)),
            Math.Max(Span(M, C.Row) + Span(N, C.Column) + Batch.Span(2), Bias is { } bias ? Span(M, bias.Row) + Span(N, bias.Column) + Batch.Span(3) : 0))
        > int.MaxValue / 2;

    /// <summary>How many columns a tile stores at once.</summary>
    public readonly int StoreWidth => VectorWidth(2, C, N, C.Column, C.Row, TileMath.Fma);

    /// <summary>How a tile reads A.</summary>
    public readonly TileAccess LeftAccess(TileMath math) => Access(0, A, M, A.Row, A.Column, math);

    /// <summary>How a tile reads B.</summary>
    public readonly TileAccess RightAccess(TileMath math) => Access(1, B, N, B.Column, B.Row, math);

    /// <summary>The same product without its epilogue, its results stored one after another.</summary>
    public readonly GemmProblem IntoParts(in Operand parts)
    {
        BatchAxisList batch = default;
        long stride = (long)M * N * Batch.Total;
        for (int i = 0; i < Batch.Count; i++)
        {
            stride /= Batch[i].Size;
            batch.Add(Batch[i] with { C = stride, Bias = 0 });
        }

        return this with { C = new MatrixView(parts, N, 1), Bias = null, Batch = batch, Alpha = 1, Beta = 0, Activation = null };
    }

    private readonly TileAccess Access(int operand, in MatrixView view, int rows, long rowStride, long depthStride, TileMath math) =>
        Math.Abs(depthStride) < Math.Abs(rowStride) || rows == 1
            ? new TileAccess(AlongDepth: true, VectorWidth(operand, view, K, depthStride, rowStride, math))
            : new TileAccess(AlongDepth: false, VectorWidth(operand, view, rows, rowStride, depthStride, math));

    /// <summary>
    /// Elements that can be read at once along a direction with stride 1: every offset where a vector may begin is a multiple of it.
    /// </summary>
    /// <param name="operand">0 for A, 1 for B, 2 for C.</param>
    /// <param name="view">The operand.</param>
    /// <param name="length">Elements along the direction.</param>
    /// <param name="along">The stride along the direction.</param>
    /// <param name="across">The other stride of the matrix.</param>
    /// <param name="math">The units that multiply.</param>
    private readonly int VectorWidth(int operand, in MatrixView view, int length, long along, long across, TileMath math)
    {
        if (along != 1 || length == 0)
        {
            return 1;
        }

        long offsets = (uint)length | across | view.Operand.Layout.Offset;
        for (int i = 0; i < Batch.Count; i++)
        {
            offsets |= Batch[i].Stride(operand);
        }

        int width = TileAccess.Widest(view.Operand.DType, math);
        while (width > 1 && offsets % width != 0)
        {
            width = TileAccess.Narrower(width);
        }

        return width;
    }

    private static long Span(int size, long stride) => Math.Max(0, size - 1) * Math.Abs(stride);
}
