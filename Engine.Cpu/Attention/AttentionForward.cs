namespace Engine.Cpu;

/// <summary>
/// Attention block by block of the queries of a head: their scores to all keys that they see, in a block that stays in the second-level cache, each row's
/// exponentials, and their product with the values. The rows of the result are divided by their sums, since they are shorter than those of the weights.
/// </summary>
/// <param name="problem">The operands.</param>
/// <param name="output">O.</param>
/// <param name="rows">Queries of a block.</param>
internal readonly unsafe struct AttentionForward<TVec>(AttentionProblem problem, HeadMatrix output, int rows) : IRowKernel
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Scores of a block, half a second-level cache of 512 KiB, and the bounds of its queries. Before the diagonal less is wasted with few.</summary>
    private const int Scores = 64 << 10, FewestRows = 16, MostRows = 128, MostCausalRows = 64;

    /// <summary>Multiply-adds that take as long as reading and writing a number.</summary>
    private const int ProductsPerElement = 8;

    /// <summary>Runs all blocks. Their sizes follow from those of the operands, so threads change no bit.</summary>
    public static void Run(in AttentionProblem problem, in HeadMatrix output, WorkerPool pool)
    {
        int rows = Math.Clamp(Scores / Math.Max(1, problem.Keys), FewestRows, problem.Causal ? MostCausalRows : MostRows) / FewestRows * FewestRows;
        nint blocks = Blocks(problem, rows) * problem.Products;
        long row = problem.Keys * (SoftmaxCost.Exp + (((long)problem.Depth + problem.Width) / ProductsPerElement));
        RowLoop<AttentionForward<TVec>>.Run(new(problem, output, rows), blocks, row * Math.Min(rows, problem.Queries), pool);
    }

    public void Run(nint row)
    {
        nint blocks = Blocks(problem, rows);
        (nint product, nint place) = Math.DivRem(row, blocks);
        (int sample, int head) = Math.DivRem((int)product, problem.Heads);

        // First and last blocks alternate, so that shares of one head take as long where each block sees more keys than the one before.
        int block = (int)(place % 2 == 0 ? place / 2 : blocks - 1 - (place / 2));
        int first = block * rows, count = Math.Min(rows, problem.Queries - first), seen = problem.Seen(first + count - 1);
        nint stride = Stride(seen);
        using ScratchLease lease = Scratch.Rent<float>((count * stride) + count);
        float* scores = lease.As<float>(), factors = scores + (count * stride);
        GemmLoop<float, TVec>.RunAlone(new GemmProblem<float>
        {
            M = count,
            N = seen,
            K = problem.Depth,
            Alpha = problem.Scale,
            A = problem.Query.Of(sample, head, first),
            ARow = problem.Query.Row,
            AColumn = problem.Query.Column,
            B = problem.Key.Of(sample, head),
            BRow = problem.Key.Column,
            BColumn = problem.Key.Row,
            C = scores,
            CRow = stride,
            CColumn = 1,
        });

        float* sums = problem.LogSumExp + (product * problem.Queries) + first;
        for (int i = 0; i < count; i++)
        {
            float* s = scores + (i * stride);
            int visible = problem.Seen(first + i);
            if (!problem.Mask.IsNull)
            {
                problem.Hide(s, visible, problem.MaskAt(sample, head, first + i, 0), problem.Mask.Column);
            }

            (sums[i], factors[i]) = Exponentials(s, visible);
            new Span<float>(s + visible, seen - visible).Clear();
        }

        float* y = output.Of(sample, head, first);
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
        for (int i = 0; i < count; i++)
        {
            ScaleRow(y + (i * output.Row), factors[i]);
        }
    }

    private static nint Blocks(in AttentionProblem problem, int rows) => ((nint)problem.Queries + rows - 1) / rows;

    /// <summary>Rows that begin a multiple of 2 KiB apart compete in the first-level cache, and the product would copy them.</summary>
    private static nint Stride(int seen) => (((nint)seen + 15) & -16) + 16;

    /// <summary>Replaces scores by their exponentials; the log-sum-exp, and what makes weights of them: 0 where nothing is seen.</summary>
    private static (float LogSumExp, float Factor) Exponentials(float* scores, int count)
    {
        float max = RowExp<float, TVec>.Max(scores, count);
        if (float.IsNegativeInfinity(max))
        {
            new Span<float>(scores, count).Clear();
            return (float.PositiveInfinity, 0);
        }

        double sum = RowExp<float, TVec>.Sum(scores, count, max, scores);
        return ((float)(max + Math.Log(sum)), (float)(1 / sum));
    }

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
