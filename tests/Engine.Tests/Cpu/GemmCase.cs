using System.Numerics;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>How a matrix lies in memory.</summary>
internal enum MatrixLayout
{
    RowMajor,
    Transposed,
    PaddedRows,
    Strided,
    ReversedRows,
    ReversedColumns,
    SameRow,
    SameColumn,
}

/// <summary>One matrix product with its operands in guarded memory, and a loop in double to compare with.</summary>
internal sealed unsafe record GemmCase(int M, int N, int K)
{
    public MatrixLayout A { get; init; }

    public MatrixLayout B { get; init; }

    public MatrixLayout C { get; init; }

    public double Alpha { get; init; } = 1;

    public double Beta { get; init; }

    public bool BiasPerColumn { get; init; }

    public bool BiasPerRow { get; init; }

    public int BiasStride { get; init; } = 1;

    public bool Relu { get; init; }

    public int Batch { get; init; } = 1;

    /// <summary>Put NaN and infinities among the values.</summary>
    public bool Special { get; init; }

    /// <summary>Runs the product, compares every element with the loop, and checks that no byte beside C has changed.</summary>
    /// <returns>All values of C's memory.</returns>
    public T[] Check<T>(WorkerPool pool, SimdLevel level) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var random = new Random(HashCode(M, N, K));
        using var a = new Matrix<T>(M, K, A, Batch, random, Special);
        using var b = new Matrix<T>(K, N, B, Batch, random, Special);
        using var c = new Matrix<T>(M, N, C, Batch, random, Special);
        using var perColumn = new Matrix<T>(1, N, BiasStride == 1 ? MatrixLayout.RowMajor : MatrixLayout.Strided, 1, random, special: false);
        using var perRow = new Matrix<T>(1, M, BiasStride == 1 ? MatrixLayout.RowMajor : MatrixLayout.Strided, 1, random, special: false);
        if (Beta == 0)
        {
            c.Fill(T.NaN);
        }

        T[] expected = Expected(a, b, c, perColumn, perRow);
        var problem = new GemmProblem<T>
        {
            M = M,
            N = N,
            K = K,
            Alpha = T.CreateChecked(Alpha),
            Beta = T.CreateChecked(Beta),
            A = a.First,
            ARow = a.Row,
            AColumn = a.Column,
            B = b.First,
            BRow = b.Row,
            BColumn = b.Column,
            C = c.First,
            CRow = c.Row,
            CColumn = c.Column,
            BiasPerColumn = BiasPerColumn ? perColumn.First : null,
            BiasPerColumnStride = perColumn.Column,
            BiasPerRow = BiasPerRow ? perRow.First : null,
            BiasPerRowStride = perRow.Column,
            Relu = Relu,
        };
        var offsets = new GemmOffsets[Batch];
        for (int i = 0; i < Batch; i++)
        {
            offsets[i] = new GemmOffsets(i * a.ItemSize, i * b.ItemSize, i * c.ItemSize);
        }
        Gemm.Run(problem, offsets, level, pool);

        T[] actual = c.Memory.Span.ToArray();
        double tolerance = Tolerance<T>();
        for (int i = 0; i < actual.Length; i++)
        {
            double x = double.CreateChecked(actual[i]), y = double.CreateChecked(expected[i]);
            if (x.Equals(y) || Math.Abs(x - y) <= tolerance)
            {
                continue;
            }
            Assert.Fail($"{this}, {typeof(T).Name}, {level}, {pool.Threads} threads: element {i} of C's memory is {x}, expected {y} ± {tolerance}");
        }

        return actual;
    }

    /// <summary>Values are at most 1 in size; every one of K products and a few more terms may be rounded by half a unit of the sum.</summary>
    private double Tolerance<T>()
    {
        double unit = typeof(T) == typeof(float) ? Math.ScaleB(1, -24) : Math.ScaleB(1, -53);
        return (K + 4) * unit * (Math.Abs(Alpha) * Math.Sqrt(K + 1) * 2 + Math.Abs(Beta) + 2);
    }

    private static int HashCode(int m, int n, int k) => (m * 31 + n) * 31 + k;

    private T[] Expected<T>(Matrix<T> a, Matrix<T> b, Matrix<T> c, Matrix<T> perColumn, Matrix<T> perRow) where T : unmanaged, IFloatingPointIeee754<T>
    {
        T[] expected = c.Memory.Span.ToArray();
        double[] rowsOfB = new double[K * N], sums = new double[N];
        for (int item = 0; item < Batch; item++)
        {
            for (int k = 0; k < K; k++)
            {
                for (int j = 0; j < N; j++)
                {
                    rowsOfB[(k * N) + j] = b[item, k, j];
                }
            }
            for (int i = 0; i < M; i++)
            {
                // A whole row of sums at a time, each in the order of k: sums that do not wait for one another take a third of the time.
                Array.Clear(sums);
                for (int k = 0; k < K; k++)
                {
                    double factor = a[item, i, k];
                    ReadOnlySpan<double> row = rowsOfB.AsSpan(k * N, N);
                    for (int j = 0; j < row.Length; j++)
                    {
                        sums[j] += factor * row[j];
                    }
                }
                for (int j = 0; j < N; j++)
                {
                    double value = K == 0 ? 0 : Alpha * sums[j];
                    if (Beta != 0)
                    {
                        value += Beta * c[item, i, j];
                    }
                    if (BiasPerColumn)
                    {
                        value += perColumn[0, 0, j];
                    }
                    if (BiasPerRow)
                    {
                        value += perRow[0, 0, i];
                    }
                    if (Relu && value <= 0)
                    {
                        value = 0;
                    }
                    expected[c.IndexOf(item, i, j)] = T.CreateChecked(value);
                }
            }
        }

        return expected;
    }

    private sealed class Matrix<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
    {
        private readonly int _rows;
        private readonly int _columns;
        private readonly int _batch;
        private readonly int _start;

        public Matrix(int rows, int columns, MatrixLayout layout, int batch, Random random, bool special)
        {
            (_rows, _columns, _batch) = (rows, columns, batch);
            (Row, Column) = layout switch
            {
                MatrixLayout.RowMajor => (columns, 1),
                MatrixLayout.Transposed => (1, rows),
                MatrixLayout.PaddedRows => (columns + 5, 1),
                MatrixLayout.Strided => (2 * columns + 3, 2),
                MatrixLayout.ReversedRows => (-columns, 1),
                MatrixLayout.ReversedColumns => (columns, -1),
                MatrixLayout.SameRow => (0, 1),
                _ => (1, 0),
            };
            int lastRow = Math.Max(rows - 1, 0), lastColumn = Math.Max(columns - 1, 0);
            int extent = lastRow * (int)Math.Abs(Row) + lastColumn * (int)Math.Abs(Column) + 1;
            ItemSize = extent + 3;
            _start = (Row < 0 ? lastRow * (int)-Row : 0) + (Column < 0 ? lastColumn * (int)-Column : 0);
            Memory = new GuardedMemory<T>(rows * columns == 0 ? 0 : (batch - 1) * (int)ItemSize + extent);
            foreach (ref T value in Memory.Span)
            {
                value = T.CreateChecked((float)(random.NextDouble() * 2 - 1));
                if (special && random.Next(50) == 0)
                {
                    value = random.Next(3) switch { 0 => T.NaN, 1 => T.PositiveInfinity, _ => T.NegativeInfinity };
                }
            }
        }

        public GuardedMemory<T> Memory { get; }

        public nint Row { get; }

        public nint Column { get; }

        public nint ItemSize { get; }

        public T* First => Memory.Pointer + _start;

        public double this[int item, int row, int column] => double.CreateChecked(Memory.Span[IndexOf(item, row, column)]);

        public int IndexOf(int item, int row, int column) => (int)(item * ItemSize + _start + row * Row + column * Column);

        public void Fill(T value)
        {
            for (int item = 0; item < _batch; item++)
            {
                for (int i = 0; i < _rows; i++)
                {
                    for (int j = 0; j < _columns; j++)
                    {
                        Memory.Span[IndexOf(item, i, j)] = value;
                    }
                }
            }
        }

        public void Dispose() => Memory.Dispose();
    }
}
