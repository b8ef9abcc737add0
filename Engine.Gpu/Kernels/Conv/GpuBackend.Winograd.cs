namespace Engine.Gpu;

/// <summary>Launches of Winograd's convolution.</summary>
internal partial class GpuBackend
{
    /// <summary>An upright 3 × 3 correlation of step 1: points of images and filters, their products, results; a piece of the batch after the other where memory is bounded.</summary>
    internal void CorrelateByWinograd(in Correlation c, in WinogradPlan plan)
    {
        using TensorScope scope = TensorScope.Begin();
        Operand filters = PointsOf((long)c.InChannels * c.OutChannels);
        for (int start = 0; start < c.Batch; start += plan.ImagesAtATime)
        {
            using TensorScope piece = TensorScope.Begin();
            int images = Math.Min(plan.ImagesAtATime, c.Batch - start);
            CorrelateByWinograd(images == c.Batch ? c : Part(c, start, images), plan, filters, hasFilters: start == 0);
        }
    }

    private void CorrelateByWinograd(in Correlation c, in WinogradPlan plan, in Operand filters, bool hasFilters)
    {
        int tiles = plan.Tiles(c), ins = c.InChannels, outs = c.OutChannels;
        Operand pixels = PointsOf((long)tiles * ins), results = PointsOf((long)tiles * outs);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        var before = WinogradPointsKernel.Of(c, plan);
        before.Bind(ref arguments, Target, c, plan, pixels, filters);
        Launch(before, before.Grid(Target, c, plan, hasFilters), arguments.Span);

        BatchAxisList points = default;
        points.Add(new BatchAxis(WinogradLines.Points, (long)tiles * ins, (long)ins * outs, (long)tiles * outs, 0));
        Multiply(new GemmProblem
        {
            M = tiles,
            N = outs,
            K = ins,
            A = new MatrixView(pixels, ins, 1),
            B = plan.FiltersAlongIn ? new MatrixView(filters, 1, ins) : new MatrixView(filters, outs, 1),
            C = new MatrixView(results, outs, 1),
            Batch = points,
            Alpha = 1,
        });

        arguments.Clear();
        var after = WinogradResultsKernel.Of(c);
        after.Bind(ref arguments, c, plan, results);
        Launch(after, after.Grid(Target, c, plan), arguments.Span);
    }

    /// <summary>A matrix for each point. It belongs to the scope even among independent calls: three launches share it, and the last one sends those that were kept back.</summary>
    private Operand PointsOf(long matrix) => Tensor.Empty([checked((int)(WinogradLines.Points * matrix))], DType.Float32, _device).Operand;
}
