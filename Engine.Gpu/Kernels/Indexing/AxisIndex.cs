namespace Engine.Gpu;

/// <summary>Index values of <see cref="Backend.Gather"/> and <see cref="Backend.ScatterAdd"/> inside kernels.</summary>
internal static class AxisIndex
{
    /// <summary>Whether an index lies in [low, high), both Int32.</summary>
    public static Value IsIn(Value index, Value low, Value high) => (index >= low.To(index.Type)) & (index < high.To(index.Type));
}
