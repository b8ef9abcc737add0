using System.Runtime.CompilerServices;

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
    /// <summary>Keys of a tile: two tiles of 256 × 64 are a quarter of a second-level cache of 512 KiB.</summary>
    private const int TileKeys = 256, TileQueries = AttentionDivision.TileQueries;

    public void Run(nint row)
    {
        (int product, int chunk) = Math.DivRem((int)row, division.Chunks);
        (int sample, int head) = Math.DivRem(product, problem.Heads);
        (HeadMatrix gradKey, HeadMatrix gradValue) = division.Sums(problem, gradients, chunk);
        using ScratchLease lease = Scratch.Rent<float>((2 * TileKeys * TileQueries) + TileQueries);
        float* weights = lease.As<float>(), slopes = weights + (TileKeys * TileQueries), means = slopes + (TileKeys * TileQueries);
        (int first, int end) = division.Queries(problem, chunk);

        // From the last block on, which sees the most keys: it writes, the others add.
        int begun = 0;
        for (int block = end - 1; block >= first; block--)
        {
            int query = block * TileQueries, queries = Math.Min(TileQueries, problem.Queries - query), seen = problem.Seen(query + queries - 1);
            if (!gradients.Query.IsNull || !gradients.Key.IsNull)
            {
                Means(sample, head, query, queries, means);
            }

            for (int key = 0; key < seen; key += TileKeys)
            {
                int keys = Math.Min(TileKeys, seen - key);
                Weights(sample, head, query, queries, key, keys, weights, slopes, means);
                float beta = begun > 0 ? 1 : 0;
                Accumulate(weights, keys, queries, problem.Width, gradients.GradOutput, gradients.GradOutput.Of(sample, head, query), gradValue, sample, head, key, beta);
                Accumulate(slopes, keys, queries, problem.Depth, problem.Query, problem.Query.Of(sample, head, query), gradKey, sample, head, key, beta);
                if (!gradients.Query.IsNull)
                {
                    GemmLoop<float, TVec>.RunAlone(new GemmProblem<float>
                    {
                        M = queries,
                        N = problem.Depth,
                        K = keys,
                        Alpha = 1,
                        Beta = key > 0 ? 1 : 0,
                        A = slopes,
                        ARow = 1,
                        AColumn = TileQueries,
                        B = problem.Key.Of(sample, head, key),
                        BRow = problem.Key.Row,
                        BColumn = problem.Key.Column,
                        C = gradients.Query.Of(sample, head, query),
                        CRow = gradients.Query.Row,
                        CColumn = gradients.Query.Column,
                    });
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
    private void Weights(int sample, int head, int query, int queries, int key, int keys, float* weights, float* slopes, float* means)
    {
        bool wantsSlopes = !gradients.Query.IsNull || !gradients.Key.IsNull;
        Multiply(problem.Key, problem.Query, problem.Depth, problem.Scale, sample, head, query, queries, key, keys, weights);
        if (wantsSlopes)
        {
            Multiply(problem.Value, gradients.GradOutput, problem.Width, 1, sample, head, query, queries, key, keys, slopes);
        }

        float* sums = problem.LogSumExp + ((((nint)sample * problem.Heads) + head) * problem.Queries) + query;
        for (int j = 0; j < keys; j++)
        {
            float* w = weights + (j * (nint)TileQueries), g = slopes + (j * (nint)TileQueries);
            int hidden = problem.Causal ? Math.Clamp(key + j - query, 0, queries) : 0;
            new Span<float>(w, hidden).Clear();
            if (!problem.Mask.IsNull)
            {
                problem.Hide(w + hidden, queries - hidden, problem.MaskAt(sample, head, query + hidden, key + j), problem.Mask.Row);
            }

            if (wantsSlopes)
            {
                new Span<float>(g, hidden).Clear();
                Slopes(w, g, sums, means, hidden, queries, problem.Scale);
            }
            else
            {
                Exponentials(w, sums, hidden, queries);
            }
        }
    }

    /// <summary>Rows of keys times rows of queries, [keys, queries].</summary>
    private static void Multiply(
        in HeadMatrix a, in HeadMatrix b, int terms, float factor, int sample, int head, int query, int queries, int key, int keys, float* tile) =>
        GemmLoop<float, TVec>.RunAlone(new GemmProblem<float>
        {
            M = keys,
            N = queries,
            K = terms,
            Alpha = factor,
            A = a.Of(sample, head, key),
            ARow = a.Row,
            AColumn = a.Column,
            B = b.Of(sample, head, query),
            BRow = b.Column,
            BColumn = b.Row,
            C = tile,
            CRow = TileQueries,
            CColumn = 1,
        });

    /// <summary>Writes, or adds, a tile times rows of queries to rows of keys.</summary>
    private static void Accumulate(
        float* tile, int keys, int queries, int columns, in HeadMatrix rows, float* firstRow, in HeadMatrix sums, int sample, int head, int key, float beta)
    {
        if (sums.IsNull)
        {
            return;
        }

        GemmLoop<float, TVec>.RunAlone(new GemmProblem<float>
        {
            M = keys,
            N = columns,
            K = queries,
            Alpha = 1,
            Beta = beta,
            A = tile,
            ARow = TileQueries,
            AColumn = 1,
            B = firstRow,
            BRow = rows.Row,
            BColumn = rows.Column,
            C = sums.Of(sample, head, key),
            CRow = sums.Row,
            CColumn = sums.Column,
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Slopes(float* w, float* g, float* sums, float* means, nint first, nint end, float scale)
    {
        TVec factor = TVec.Broadcast(&scale);
        for (nint i = first; i < end; i += TVec.Count)
        {
            nint left = end - i;
            TVec weight = VectorMath.Exp(Tail.Load<TVec>(w + i, left) - Tail.Load<TVec>(sums + i, left));
            TVec slope = weight * (Tail.Load<TVec>(g + i, left) - Tail.Load<TVec>(means + i, left)) * factor;
            Tail.Store(weight, w + i, left);
            Tail.Store(slope, g + i, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Exponentials(float* w, float* sums, nint first, nint end)
    {
        for (nint i = first; i < end; i += TVec.Count)
        {
            nint left = end - i;
            Tail.Store(VectorMath.Exp(Tail.Load<TVec>(w + i, left) - Tail.Load<TVec>(sums + i, left)), w + i, left);
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
