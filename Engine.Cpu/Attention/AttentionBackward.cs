namespace Engine.Cpu;

/// <summary>What the gradients are computed from, beside the problem, and where they go; null where one is not wanted.</summary>
internal struct AttentionGradients
{
    public HeadMatrix Output, GradOutput, Query, Key, Value;
}

/// <summary>
/// Gradients of attention: the weights are computed again, a tile of keys × queries at a time that stays in the second-level cache with the gradient to its
/// scores. With keys as rows the products for keys and values read the tiles as they lie.
/// </summary>
/// <param name="problem">The operands.</param>
/// <param name="gradients">The results.</param>
/// <param name="division">Which queries of which head a part has.</param>
internal readonly unsafe struct AttentionBackward<TVec>(AttentionProblem problem, AttentionGradients gradients, AttentionDivision division) : IRowKernel
    where TVec : struct, ISimd<TVec>
{
    /// <summary>
    /// Keys of a tile, whole register tiles of any kind. Two tiles, the panels of their queries, and the keys, values and gradients that stream past take half of a second-level cache of 512 KiB at
    /// 64 columns: two threads may share it.
    /// </summary>
    private const int TileKeys = 96, TileQueries = AttentionDivision.TileQueries;

    /// <summary>Room for whole panels. Rows of a tile are an odd number of cache lines apart, so that they begin in all sets of the first-level cache.</summary>
    private const int Stride = TileQueries + 16;

    private bool WantsSlopes => !gradients.Query.IsNull || !gradients.Key.IsNull;

    public void Run(nint row)
    {
        (int product, int chunk) = Math.DivRem((int)row, division.Chunks);
        (int sample, int head) = Math.DivRem(product, problem.Heads);
        (HeadMatrix gradKey, HeadMatrix gradValue) = division.Sums(problem, gradients, chunk);
        using ScratchLease lease = Scratch.Rent<float>((2 * TileKeys * Stride) + TileQueries);
        using ScratchLease panels = Scratch.Rent<float>(AttentionQueries<TVec>.Size(TileQueries, problem.Depth, problem.Width));
        using ScratchLease keyPanels = Scratch.Rent<float>(SharedPanels<TVec>.Size(TileKeys, problem.Depth));
        float* weights = lease.As<float>(), slopes = weights + (TileKeys * Stride), means = slopes + (TileKeys * Stride);
        (int first, int end) = division.Queries(problem, chunk);

        // From the last block on, which sees the most keys: it writes, the others add.
        int begun = 0;
        for (int block = end - 1; block >= first; block--)
        {
            int query = block * TileQueries, queries = Math.Min(TileQueries, problem.Queries - query), seen = problem.Seen(query + queries - 1);
            if (WantsSlopes)
            {
                Means(sample, head, query, queries, means);
            }

            AttentionQueries<TVec> copies = new(panels.As<float>(), problem, gradients, sample, head, query, queries);
            for (int key = 0; key < seen; key += TileKeys)
            {
                int keys = Math.Min(TileKeys, seen - key);
                Weights(copies, sample, head, query, queries, key, keys, weights, slopes, means);
                if (!gradValue.IsNull)
                {
                    copies.GradientRows.Multiply(weights, Stride, 1, keys, queries, gradValue.Of(sample, head, key), gradValue.Row, gradValue.Column, problem.Width, begun > 0);
                }

                if (!gradKey.IsNull)
                {
                    copies.Rows.Multiply(slopes, Stride, 1, keys, queries, gradKey.Of(sample, head, key), gradKey.Row, gradKey.Column, problem.Depth, begun > 0);
                }

                if (!gradients.Query.IsNull)
                {
                    HeadMatrix from = problem.Key, to = gradients.Query;
                    SharedPanels<TVec> keyRows = new(keyPanels.As<float>(), keys, keys, problem.Depth, from.Of(sample, head, key), from.Row, from.Column);
                    keyRows.Multiply(slopes, 1, Stride, queries, keys, to.Of(sample, head, query), to.Row, to.Column, problem.Depth, key > 0);
                }
            }

            begun = Math.Max(begun, seen);
        }

        if (chunk == division.Chunks - 1)
        {
            Clear(gradKey, sample, head, begun, problem.Depth);
            Clear(gradValue, sample, head, begun, problem.Width);
        }

        if (problem.Keys == 0 && !gradients.Query.IsNull)
        {
            for (int i = first * TileQueries; i < Math.Min(end * TileQueries, problem.Queries); i++)
            {
                ClearRow(gradients.Query, gradients.Query.Of(sample, head, i), problem.Depth);
            }
        }
    }

    /// <summary>Σ O·dO of each query: the mean of the slopes of its weights.</summary>
    private void Means(int sample, int head, int query, int queries, float* means)
    {
        (HeadMatrix output, HeadMatrix gradient) = (gradients.Output, gradients.GradOutput);
        for (int i = 0; i < queries; i++)
        {
            float* y = output.Of(sample, head, query + i), dy = gradient.Of(sample, head, query + i);
            if (output.Column == 1 && gradient.Column == 1)
            {
                means[i] = (float)RowSums<float, TVec>.Dot(y, dy, problem.Width);
                continue;
            }

            double sum = 0;
            for (int c = 0; c < problem.Width; c++)
            {
                sum += (double)y[c * output.Column] * dy[c * gradient.Column];
            }

            means[i] = (float)sum;
        }
    }

    /// <summary>A tile of weights and, if wanted, of the gradient to the scores before they were scaled.</summary>
    private void Weights(
        in AttentionQueries<TVec> copies, int sample, int head, int query, int queries, int key, int keys, float* weights, float* slopes, float* means)
    {
        HeadMatrix from = problem.Key, values = problem.Value;
        int columns = SharedPanels<TVec>.Filled(queries);
        copies.Columns.Multiply(from.Of(sample, head, key), from.Row, from.Column, keys, problem.Depth, weights, Stride, 1, columns, adds: false);
        if (WantsSlopes)
        {
            copies.GradientColumns.Multiply(values.Of(sample, head, key), values.Row, values.Column, keys, problem.Width, slopes, Stride, 1, columns, adds: false);
        }

        float* sums = problem.LogSumExp + ((((nint)sample * problem.Heads) + head) * problem.Queries) + query;
        for (int j = 0; j < keys; j++)
        {
            float* w = weights + (j * (nint)Stride), g = slopes + (j * (nint)Stride);
            int hidden = problem.Causal ? Math.Clamp(key + j - query, 0, queries) : 0;
            new Span<float>(w, hidden).Clear();
            float scale = problem.Prepare(w + hidden, queries - hidden, sample, head, query + hidden, key + j, problem.Mask.Row);
            if (WantsSlopes)
            {
                new Span<float>(g, hidden).Clear();
                AttentionSlopes<TVec>.Run(w + hidden, g + hidden, sums + hidden, means + hidden, queries - hidden, scale, problem.Scale);
            }
            else
            {
                AttentionSlopes<TVec>.Exponentials(w + hidden, sums + hidden, queries - hidden, scale);
            }
        }
    }

    private void Clear(in HeadMatrix matrix, int sample, int head, int from, int columns)
    {
        for (int j = from; j < problem.Keys && !matrix.IsNull; j++)
        {
            ClearRow(matrix, matrix.Of(sample, head, j), columns);
        }
    }

    private static void ClearRow(in HeadMatrix matrix, float* row, int columns)
    {
        for (int c = 0; c < columns; c++)
        {
            row[c * matrix.Column] = 0;
        }
    }
}
