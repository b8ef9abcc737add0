namespace Engine.Cpu;

/// <summary>Copies of a block's queries and of the gradients to their results, for the products with all tiles of keys.</summary>
internal readonly unsafe struct AttentionQueries<TVec> where TVec : struct, ISimd<TVec>
{
    /// <summary>Copies what the wanted gradients need.</summary>
    public AttentionQueries(float* panels, in AttentionProblem problem, in AttentionGradients gradients, int sample, int head, int query, int queries)
    {
        HeadMatrix rows = problem.Query, slopes = gradients.GradOutput;
        float* first = rows.Of(sample, head, query), slope = slopes.Of(sample, head, query);
        Columns = new SharedPanels<TVec>(panels, problem.Depth, problem.Depth, queries, first, rows.Column, rows.Row);
        panels += SharedPanels<TVec>.Size(problem.Depth, queries);
        if (!gradients.Query.IsNull || !gradients.Key.IsNull)
        {
            GradientColumns = new SharedPanels<TVec>(panels, problem.Width, problem.Width, queries, slope, slopes.Column, slopes.Row);
            panels += SharedPanels<TVec>.Size(problem.Width, queries);
        }

        if (!gradients.Key.IsNull)
        {
            Rows = new SharedPanels<TVec>(panels, queries, queries, problem.Depth, first, rows.Row, rows.Column);
            panels += SharedPanels<TVec>.Size(queries, problem.Depth);
        }

        if (!gradients.Value.IsNull)
        {
            GradientRows = new SharedPanels<TVec>(panels, queries, queries, problem.Width, slope, slopes.Row, slopes.Column);
        }
    }

    /// <summary>Qᵀ.</summary>
    public SharedPanels<TVec> Columns { get; }

    /// <summary>dOᵀ.</summary>
    public SharedPanels<TVec> GradientColumns { get; }

    /// <summary>Q.</summary>
    public SharedPanels<TVec> Rows { get; }

    /// <summary>dO.</summary>
    public SharedPanels<TVec> GradientRows { get; }

    /// <summary>How many numbers the copies take.</summary>
    public static nint Size(int queries, int depth, int width) =>
        SharedPanels<TVec>.Size(depth, queries) + SharedPanels<TVec>.Size(width, queries) + SharedPanels<TVec>.Size(queries, depth) + SharedPanels<TVec>.Size(queries, width);
}
