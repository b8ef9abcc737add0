namespace Engine.Gpu;

/// <summary>One factor of a batched product, to be rounded: where it lies, and how it will lie.</summary>
/// <remarks>
/// Neighbours stay neighbours, but where the tensor cores cannot read them so: factors of 32 bits across the depth, and lines that are no multiple of a vector. The depth is filled
/// with zeros up to such a multiple.
/// </remarks>
internal readonly record struct RoundedFactors
{
    // Sixteen bytes of half precision.
    private const int Vector = 8;

    private readonly bool _isLeft, _isAlongDepth;

    /// <summary>Of a product's left or right factor.</summary>
    public RoundedFactors(in GemmProblem problem, bool isLeft, TileMath format)
    {
        _isLeft = isLeft;
        MatrixView view = isLeft ? problem.A : problem.B.Transposed;
        int lines = isLeft ? problem.M : problem.N;
        _isAlongDepth = !format.IsHalf || lines % Vector != 0 || Math.Abs(view.Column) <= Math.Abs(view.Row);
        Source = _isAlongDepth ? view : view.Transposed;
        (Rows, Columns) = _isAlongDepth ? (lines, problem.K) : (problem.K, lines);
        int depth = PaddedDepth(problem);
        (AllRows, AllColumns) = _isAlongDepth ? (lines, depth) : (depth, lines);
        BatchAxisList batch = default;
        long[] strides = new long[problem.Batch.Count];
        long elements = (long)AllRows * AllColumns;
        for (int i = strides.Length - 1; i >= 0; i--)
        {
            // A factor that products share is rounded once.
            strides[i] = Stride(problem.Batch[i]) == 0 ? 0 : elements;
            elements *= strides[i] == 0 ? 1 : problem.Batch[i].Size;
        }

        for (int i = 0; i < strides.Length; i++)
        {
            if (strides[i] != 0)
            {
                batch.Add(new BatchAxis(problem.Batch[i].Size, 0, 0, Stride(problem.Batch[i]), strides[i]));
            }
        }

        (Batch, Elements, Strides) = (batch, elements, strides);
    }

    /// <summary>The factors, rows and columns as the result will have them.</summary>
    public MatrixView Source { get; }

    /// <summary>Rows that exist.</summary>
    public int Rows { get; }

    /// <summary>Columns that exist.</summary>
    public int Columns { get; }

    /// <summary>Rows with those of zeros.</summary>
    public int AllRows { get; }

    /// <summary>Columns with those of zeros.</summary>
    public int AllColumns { get; }

    /// <summary>The matrices: strides of the source as those of C, of the result as those of the bias.</summary>
    public BatchAxisList Batch { get; }

    /// <summary>Elements of the result.</summary>
    public long Elements { get; }

    /// <summary>The result's strides along the axes of the product's batch.</summary>
    public long[] Strides { get; }

    /// <summary>Whether the source can be read four elements at a time along its columns.</summary>
    public bool HasVectors
    {
        get
        {
            long offsets = (uint)Columns | Source.Row | Source.Operand.Layout.Offset;
            for (int i = 0; i < Batch.Count; i++)
            {
                offsets |= Batch[i].C;
            }

            return Source.Column == 1 && offsets % 4 == 0;
        }
    }

    /// <summary>Whether source or result spans more elements than 32 bits can count.</summary>
    public bool Is64Bit => Math.Max(Elements, ((Rows - 1) * Math.Abs(Source.Row)) + ((Columns - 1) * Math.Abs(Source.Column)) + Batch.Span(2)) > int.MaxValue / 2;

    /// <summary>A product's depth with the zeros.</summary>
    public static int PaddedDepth(in GemmProblem problem) => checked((problem.K + (Vector - 1)) / Vector * Vector);

    /// <summary>The result as the factor of the product.</summary>
    public MatrixView View(in Operand result)
    {
        MatrixView view = new(result, AllColumns, 1);
        return _isLeft == _isAlongDepth ? view : view.Transposed;
    }

    private long Stride(in BatchAxis axis) => axis.Stride(_isLeft ? 0 : 1);
}
