using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// Attention block by block of the queries of a head: their scores to all keys that they see, in a block that stays in the second-level cache, each row's
/// exponentials, and their product with the values. The rows of the result are divided by their sums, since they are shorter than those of the weights.
/// </summary>
/// <param name="problem">The operands.</param>
/// <param name="output">O.</param>
/// <param name="rows">Queries of a block.</param>
/// <param name="together">Blocks of a part, which share copies of the keys and values.</param>
internal readonly unsafe struct AttentionForward<TVec>(AttentionProblem problem, HeadMatrix output, int rows, int together) : IRowKernel
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Scores of a block, a quarter of a second-level cache of 512 KiB beside panels of as many keys and values, and the bounds of its queries, multiples of all register tiles.</summary>
    private const int Scores = 32 << 10, FewestRows = 12, MostRows = 96;

    /// <summary>Queries of a part where heads are many, since each part copies keys and values.</summary>
    private const int PartRows = 512;

    /// <summary>With fewer queries copies of keys and values do not pay.</summary>
    private const int FewQueries = 12;

    /// <summary>Multiply-adds that take as long as reading and writing a number.</summary>
    private const int ProductsPerElement = 8;

    /// <summary>Runs all blocks. Their sizes follow from those of the operands, so threads change no bit.</summary>
    public static void Run(in AttentionProblem problem, in HeadMatrix output, WorkerPool pool)
    {
        int rows = Math.Clamp(Scores / Math.Max(1, problem.Keys), FewestRows, MostRows) / FewestRows * FewestRows;
        int blocks = (int)Parts(problem.Queries, rows);
        nint most = Math.Clamp(blocks * (nint)problem.Products / (Partition.PartsPerThread * pool.Threads), 1, Parts(PartRows, rows));
        int together = (int)Parts(blocks, (int)Parts(blocks, (int)most));
        nint parts = Parts(problem.Queries, rows * together) * problem.Products;
        long row = problem.Keys * (SoftmaxCost.Exp + (((long)problem.Depth + problem.Width) / ProductsPerElement));
        RowLoop<AttentionForward<TVec>>.Run(new(problem, output, rows, together), parts, row * Math.Min(rows * together, problem.Queries), pool);
    }

    public void Run(nint row)
    {
        nint parts = Parts(problem.Queries, rows * together);
        (nint product, nint place) = Math.DivRem(row, parts);
        (int sample, int head) = Math.DivRem((int)product, problem.Heads);

        // First and last parts alternate, so that shares of one head take as long where each part sees more keys than the one before.
        int part = (int)(place % 2 == 0 ? place / 2 : parts - 1 - (place / 2));
        int first = part * rows * together, end = Math.Min(first + (rows * together), problem.Queries), seen = problem.Seen(end - 1);
        bool copies = problem.Queries >= FewQueries;
        using ScratchLease keyLease = Scratch.Rent<float>(copies ? SharedPanels<TVec>.Size(problem.Depth, seen) : 0);
        using ScratchLease valueLease = Scratch.Rent<float>(copies ? SharedPanels<TVec>.Size(seen, problem.Width) : 0);
        using ScratchLease scoreLease = Scratch.Rent<float>((rows * Stride(seen)) + rows);
        float* key = problem.Key.Of(sample, head), value = problem.Value.Of(sample, head);
        SharedPanels<TVec> keys = copies ? new(keyLease.As<float>(), problem.Depth, problem.Depth, seen, key, problem.Key.Column, problem.Key.Row) : default;
        SharedPanels<TVec> values = copies ? new(valueLease.As<float>(), problem.Keys, seen, problem.Width, value, problem.Value.Row, problem.Value.Column) : default;
        for (; first < end; first += rows)
        {
            Block(sample, head, first, Math.Min(rows, end - first), keys, values, copies, scoreLease.As<float>());
        }
    }

    private void Block(int sample, int head, int first, int count, in SharedPanels<TVec> keys, in SharedPanels<TVec> values, bool copies, float* scores)
    {
        int seen = problem.Seen(first + count - 1);
        nint stride = Stride(seen);
        HeadMatrix query = problem.Query;
        if (copies)
        {
            keys.Multiply(query.Of(sample, head, first), query.Row, query.Column, count, problem.Depth, scores, stride, 1, SharedPanels<TVec>.Filled(seen), adds: false);
        }
        else
        {
            GemmLoop<float, TVec>.RunAlone(new GemmProblem<float>
            {
                M = count,
                N = seen,
                K = problem.Depth,
                Alpha = 1,
                A = query.Of(sample, head, first),
                ARow = query.Row,
                AColumn = query.Column,
                B = problem.Key.Of(sample, head),
                BRow = problem.Key.Column,
                BColumn = problem.Key.Row,
                C = scores,
                CRow = stride,
                CColumn = 1,
            });
        }

        float* factors = scores + (count * stride), sums = problem.LogSumExp + ((((nint)sample * problem.Heads) + head) * problem.Queries) + first;
        for (int i = 0; i < count; i++)
        {
            float* s = scores + (i * stride);
            int visible = problem.Seen(first + i);
            float scale = problem.Prepare(s, visible, sample, head, first + i, 0, problem.Mask.Column);
            (sums[i], factors[i]) = Exponentials(s, visible, scale);
            new Span<float>(s + visible, seen - visible).Clear();
        }

        float* y = output.Of(sample, head, first);
        if (copies)
        {
            values.Multiply(scores, stride, 1, count, seen, y, output.Row, output.Column, problem.Width, adds: false);
        }
        else
        {
            GemmLoop<float, TVec>.RunAlone(new GemmProblem<float>
            {
                M = count,
                N = problem.Width,
                K = seen,
                Alpha = 1,
                A = scores,
                ARow = stride,
                AColumn = 1,
                B = problem.Value.Of(sample, head),
                BRow = problem.Value.Row,
                BColumn = problem.Value.Column,
                C = y,
                CRow = output.Row,
                CColumn = output.Column,
            });
        }

        for (int i = 0; i < count; i++)
        {
            ScaleRow(y + (i * output.Row), factors[i]);
        }
    }

    private static nint Parts(int total, int size) => (total + Math.Max(1, size) - (nint)1) / Math.Max(1, size);

    /// <summary>Room for whole panels. Rows are an odd number of cache lines apart where keys are a multiple of 32, so that they begin in all sets of the first-level cache.</summary>
    private static nint Stride(int seen) => (((nint)seen + 15) & -16) + 16;

    /// <summary>Replaces scores by the exponentials of their multiples; the log-sum-exp, and what makes weights of them: 0 where nothing is seen.</summary>
    private static (float LogSumExp, float Factor) Exponentials(float* scores, int count, float scale)
    {
        float max = RowExp<float, TVec>.Max(scores, count);
        if (float.IsNegativeInfinity(max))
        {
            new Span<float>(scores, count).Clear();
            return (float.PositiveInfinity, 0);
        }

        double sum = RowExp<float, TVec>.ScaledSum(scores, count, max, scale, scores);
        return ((float)(((double)max * scale) + Math.Log(sum)), (float)(1 / sum));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScaleRow(float* y, float factor)
    {
        if (output.Column != 1 || factor == 0)
        {
            for (int i = 0; i < problem.Width; i++)
            {
                // 0 also where a value is NaN or infinite.
                y[i * output.Column] = factor == 0 ? 0 : y[i * output.Column] * factor;
            }

            return;
        }

        TVec each = TVec.Broadcast(&factor);
        for (nint i = 0; i < problem.Width; i += TVec.Count)
        {
            nint left = problem.Width - i;
            Tail.Store(Tail.Load<TVec>(y + i, left) * each, y + i, left);
        }
    }
}

/// <summary>Attention on vectors of any width.</summary>
internal readonly struct AttentionForwardKernel(AttentionProblem problem, HeadMatrix output, WorkerPool pool) : ISimdKernel
{
    public void Run<TVec>() where TVec : unmanaged, ISimd<TVec> => AttentionForward<TVec>.Run(problem, output, pool);
}
