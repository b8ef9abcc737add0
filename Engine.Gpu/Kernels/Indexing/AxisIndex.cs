namespace Engine.Gpu;

/// <summary>Index values of <see cref="Backend.Gather"/> and <see cref="Backend.ScatterAdd"/> inside kernels.</summary>
internal static class AxisIndex
{
    /// <summary>The place along an axis that an index names: negative numbers count from the end. It may still lie outside.</summary>
    public static Value Resolve(KernelBuilder k, Value index, Value size)
    {
        Value wide = size.To(index.Type);
        return k.Select(index < 0, index + wide, index);
    }

    /// <summary>Whether a resolved index lies in [low, high), both Int32.</summary>
    public static Value IsIn(Value index, Value low, Value high) => (index >= low.To(index.Type)) & (index < high.To(index.Type));
}
