namespace Engine.Gpu;

/// <summary>A pointwise program for a class of operands; see the architecture notes on shape classes.</summary>
/// <param name="Program">The program to compute.</param>
/// <param name="Compute">The type of the arithmetic.</param>
/// <param name="Operands">Inputs, then outputs.</param>
/// <param name="Rank">Padded number of loops; 0 where no operand is found by coordinates.</param>
/// <param name="Width">Neighbouring elements of one item of work: 1, 2 or 4.</param>
/// <param name="Unroll">Items of work that a work-item carries out at once.</param>
/// <param name="Is64Bit">Whether indices and element numbers need 64 bits.</param>
/// <param name="Parameters">Where the parameters are.</param>
internal readonly record struct MapKernel(
    MapProgram Program, DType Compute, OperandClasses Operands, int Rank, int Width, int Unroll, bool Is64Bit, ParameterForm Parameters) : IKernelDefinition
{
    /// <summary>Work-items of a group: one on a processor, where it loops over its part.</summary>
    public static int GroupSize(GpuTarget target) => target.IsProcessor ? 1 : target.MaxGroupSize;

    /// <inheritdoc/>
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("map", target, GroupSize(target));
        MapBody body = new(k, this);
        Value items = body.Items;
        if (target.IsProcessor)
        {
            Value start = k.GroupX * body.ItemsOfGroup;
            k.For(start, k.Min(start + body.ItemsOfGroup, items), k.Int32(1), item => body.Run([item]));
            return k.Build();
        }

        int step = k.GroupSize, block = step * Unroll, unroll = Unroll;
        Value first = (k.GroupX * block) + k.LocalId;
        if (unroll == 1)
        {
            k.If(first < items, () => body.Run([first]));
        }
        else
        {
            k.If(
                (k.GroupX * block) + block <= items,
                () => body.Run([.. Enumerable.Range(0, unroll).Select(i => first + (i * step))]),
                () => k.For(first, items, k.Int32(step), item => body.Run([item])),
                uniform: true);
        }

        // Flat operands of a length that is no multiple of the width: a few elements are left over.
        if (Width > 1 && Rank == 0)
        {
            Value index = (items * Width) + k.LocalId;
            k.If(k.GroupX.Is(0) & (index < body.Elements), () => body.RunSingle(index));
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    /// <param name="arguments">The arguments of the launch.</param>
    /// <param name="args">The call.</param>
    /// <param name="space">The loops of this launch.</param>
    /// <param name="itemsOfGroup">Items of work of a group.</param>
    /// <param name="firstIndex">The number of the launch's first element.</param>
    public void Bind(ref ArgumentList arguments, in MapArgs args, in IterationSpace space, int itemsOfGroup, long firstIndex) =>
        MapBody.Bind(ref arguments, this, args, space, itemsOfGroup, firstIndex);
}
