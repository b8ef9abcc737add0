namespace Engine.Gpu;

/// <summary>Convolutions as problems that a plan is chosen for.</summary>
internal static class ConvPlanKeys
{
    /// <summary>A convolution, forward or its gradient to the images.</summary>
    public static PlanKey OfCorrelation(in Correlation c, int m, int n, DType compute, TileFactors factors) =>
        new(PlanKind.Correlation, compute, c.In.DType, c.Groups, m, n, c.Depth, factors, WindowOf(c));

    /// <summary>The gradient to the filters.</summary>
    public static PlanKey OfWeightGradient(in Correlation c, DType compute, TileFactors factors) =>
        new(PlanKind.WeightGradient, compute, c.In.DType, c.Groups, c.OutChannels, c.Depth, (int)c.Pixels, factors, WindowOf(c));

    private static PlanWindow WindowOf(in Correlation c) =>
        new(c.Rows.Taps, c.Columns.Taps, c.Rows.Step, c.Columns.Step, c.Taps == TapOrder.ChannelLast, c.WritesChannelsLast);
}
