using System.Numerics;
using System.Numerics.Tensors;

namespace Engine.Cpu;

/// <summary>
/// Products of int32 and int64 matrices, exact modulo 2³² and 2⁶⁴. Integers in a network are counts and indices: one row of C at a time, as sums of
/// rows of B where those are contiguous, will do.
/// </summary>
internal static unsafe class IntegerGemm
{
    /// <summary>Columns whose sums stay in the nearest cache.</summary>
    private const int Columns = 1024;

    public static void Run<T>(in GemmProblem<T> problem, ReadOnlySpan<GemmOffsets> batch, WorkerPool pool) where T : unmanaged, IBinaryInteger<T>
    {
        fixed (GemmOffsets* offsets = batch)
        {
            Rows<T> kernel = new(problem, offsets);
            RowLoop<Rows<T>>.Run(kernel, (nint)batch.Length * problem.M, (long)problem.N * Math.Max(problem.K, 1), pool);
        }
    }

    /// <summary>One row of one product.</summary>
    private readonly struct Rows<T>(GemmProblem<T> problem, GemmOffsets* offsets) : IRowKernel where T : unmanaged, IBinaryInteger<T>
    {
        public void Run(nint index)
        {
            nint row = index % problem.M;
            GemmOffsets at = offsets[index / problem.M];
            T* a = problem.A + at.A + (row * problem.ARow), b = problem.B + at.B, c = problem.C + at.C + (row * problem.CRow);
            Span<T> sums = stackalloc T[Columns];
            for (int first = 0; first < problem.N; first += Columns)
            {
                Span<T> part = sums[..Math.Min(Columns, problem.N - first)];
                part.Clear();
                Sum(a, b + (first * problem.BColumn), part);
                Store(part, first, row, c);
            }
        }

        private void Sum(T* a, T* b, Span<T> sums)
        {
            for (int k = 0; k < problem.K; k++, a += problem.AColumn, b += problem.BRow)
            {
                if (problem.BColumn == 1)
                {
                    TensorPrimitives.MultiplyAdd(new ReadOnlySpan<T>(b, sums.Length), *a, sums, sums);
                    continue;
                }

                T* p = b;
                for (int j = 0; j < sums.Length; j++, p += problem.BColumn)
                {
                    sums[j] = unchecked(sums[j] + (*a * *p));
                }
            }
        }

        private void Store(ReadOnlySpan<T> sums, int first, nint row, T* c)
        {
            for (int j = 0; j < sums.Length; j++)
            {
                nint column = first + j;
                T* target = c + (column * problem.CColumn);
                T value = unchecked(problem.Alpha * sums[j]);
                if (!T.IsZero(problem.Beta))
                {
                    value = unchecked(value + (problem.Beta * *target));
                }
                if (problem.BiasPerColumn != null)
                {
                    value = unchecked(value + problem.BiasPerColumn[column * problem.BiasPerColumnStride]);
                }
                if (problem.BiasPerRow != null)
                {
                    value = unchecked(value + problem.BiasPerRow[row * problem.BiasPerRowStride]);
                }
                *target = problem.Relu ? T.Max(value, T.Zero) : value;
            }
        }
    }
}
