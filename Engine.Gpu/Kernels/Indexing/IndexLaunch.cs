namespace Engine.Gpu;

/// <summary>The common host code of gathering and scattering: loops in which one operand's axis is left to the index.</summary>
internal static class IndexLaunch
{
    /// <summary>Work-items of a processor's group.</summary>
    private const int ProcessorGroup = 16;

    /// <summary>Work-items of a group.</summary>
    public static int GroupSize(GpuTarget target) => target.IsProcessor ? Math.Min(ProcessorGroup, target.MaxGroupSize) : target.MaxGroupSize;

    /// <summary>Adds an operand with its strides, that of <paramref name="axis"/> (if any) taken as 0.</summary>
    public static void Add(ref IterationSpace space, Shape shape, AxisSet axes, in Operand operand, int axis = -1)
    {
        Span<long> strides = stackalloc long[Shape.MaxRank];
        operand.Layout.Strides.CopyTo(strides);
        if (axis >= 0)
        {
            strides[axis] = 0;
        }

        space.Add(shape, axes, strides, operand.Layout.Offset);
    }

    /// <summary>Whether offsets within the loops and along the axis need 64 bits.</summary>
    public static bool Is64Bit(in IterationSpace space, int axis, params ReadOnlySpan<Operand> operands)
    {
        bool isWide = false;
        for (int i = 0; i < operands.Length; i++)
        {
            Operand operand = operands[i];
            long along = operand.Shape[axis] * Math.Abs(operand.Layout.Strides[axis]);
            isWide |= space.Extent(i) + along >= MapPlan.MostElements * 2;
        }

        return isWide;
    }
}
