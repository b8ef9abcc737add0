namespace Engine.Cpu;

/// <summary>
/// A matrix product <c>C = relu(Alpha·A·B + Beta·C + bias)</c> with A [M, K], B [K, N] and C [M, N]; all strides count elements.
/// </summary>
/// <remarks>
/// A and B may have any strides: transposed, 0 (broadcast), negative. The elements of C must be distinct and overlap neither A, B
/// nor the biases. Where Beta is 0, C is not read; where K is 0, the product is 0. NaN and ±∞ go their way as in a plain loop.
/// </remarks>
internal unsafe struct GemmProblem<T> where T : unmanaged
{
    /// <summary>Rows of A and C.</summary>
    public int M;

    /// <summary>Columns of B and C.</summary>
    public int N;

    /// <summary>Columns of A and rows of B.</summary>
    public int K;

    /// <summary>Factor of the product.</summary>
    public T Alpha;

    /// <summary>Factor of the old C.</summary>
    public T Beta;

    /// <summary>Element (0, 0) of A.</summary>
    public T* A;

    /// <summary>Distance between rows of A.</summary>
    public nint ARow;

    /// <summary>Distance between columns of A.</summary>
    public nint AColumn;

    /// <summary>Element (0, 0) of B.</summary>
    public T* B;

    /// <summary>Distance between rows of B.</summary>
    public nint BRow;

    /// <summary>Distance between columns of B.</summary>
    public nint BColumn;

    /// <summary>Element (0, 0) of C.</summary>
    public T* C;

    /// <summary>Distance between rows of C.</summary>
    public nint CRow;

    /// <summary>Distance between columns of C.</summary>
    public nint CColumn;

    /// <summary>N values, one added to each column, or null.</summary>
    public T* BiasPerColumn;

    /// <summary>Distance between the values of <see cref="BiasPerColumn"/>.</summary>
    public nint BiasPerColumnStride;

    /// <summary>M values, one added to each row, or null.</summary>
    public T* BiasPerRow;

    /// <summary>Distance between the values of <see cref="BiasPerRow"/>.</summary>
    public nint BiasPerRowStride;

    /// <summary>Ends with max(x, 0).</summary>
    public bool Relu;

    /// <summary>The same product with all matrices transposed: Cᵀ = Bᵀ·Aᵀ.</summary>
    public readonly GemmProblem<T> Transposed() => this with
    {
        M = N,
        N = M,
        A = B,
        ARow = BColumn,
        AColumn = BRow,
        B = A,
        BRow = AColumn,
        BColumn = ARow,
        CRow = CColumn,
        CColumn = CRow,
        BiasPerColumn = BiasPerRow,
        BiasPerColumnStride = BiasPerRowStride,
        BiasPerRow = BiasPerColumn,
        BiasPerRowStride = BiasPerColumnStride,
    };

    /// <summary>
    /// The same product in the form that kernels prefer: columns of C with unit stride if C has any, one row rather than one column, and
    /// handy values for strides that are never used.
    /// </summary>
    /// <param name="transposed">A and B are exchanged.</param>
    public readonly GemmProblem<T> Normalized(out bool transposed)
    {
        transposed = M > 1 && (N == 1 || (CColumn != 1 && CRow == 1));
        GemmProblem<T> p = transposed ? Transposed() : this;
        if (p.M == 1)
        {
            p.ARow = p.K;
            p.CRow = p.N;
        }

        if (p.N == 1)
        {
            p.BColumn = 1;
            p.CColumn = 1;
        }

        if (p.K == 1)
        {
            p.AColumn = 1;
            p.BRow = p.N;
        }

        return p;
    }

    /// <summary>Rows [row, row + rows) and columns [column, column + columns) of C.</summary>
    public readonly GemmProblem<T> Part(int row, int rows, int column, int columns) => this with
    {
        M = rows,
        N = columns,
        A = A + row * ARow,
        B = B + column * BColumn,
        C = C + row * CRow + column * CColumn,
        BiasPerColumn = BiasPerColumn == null ? null : BiasPerColumn + column * BiasPerColumnStride,
        BiasPerRow = BiasPerRow == null ? null : BiasPerRow + row * BiasPerRowStride,
    };
}
