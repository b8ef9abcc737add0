namespace Engine.Gpu;

/// <summary>The loops of a reduction: over results, with all operands, and over the elements of a result, with the inputs.</summary>
/// <remarks>
/// Operands are the inputs, the element number where the prologue counts, the outputs, the result number where the epilogue counts. In the
/// loops over elements only the first two exist.
/// </remarks>
internal struct ReducePlan
{
    /// <summary>The loops over results.</summary>
    public IterationSpace Kept;

    /// <summary>The loops over the elements of a result; none where an axis is empty.</summary>
    public IterationSpace Reduced;

    /// <summary>Whether an axis is empty.</summary>
    public bool IsEmpty;

    private int _sources;

    /// <summary>Number of results.</summary>
    public readonly long Results => Kept.Count;

    /// <summary>Elements of a result.</summary>
    public readonly long Elements => IsEmpty ? 0 : Reduced.Count;

    /// <summary>The number of the first output among the operands of <see cref="Kept"/>.</summary>
    public readonly int FirstOutput => _sources;

    /// <summary>The loops of a call.</summary>
    public static ReducePlan Create(in ReduceArgs args)
    {
        Shape shape = args.Shape;
        AxisSet reducedAxes = args.Axes, keptAxes = new(AxisSet.All(shape.Rank).Bits & ~args.Axes.Bits);
        ReducePlan plan = default;
        plan.Kept = IterationSpace.Over(shape, keptAxes);
        plan.Reduced = IterationSpace.Over(shape, reducedAxes);
        foreach (ref readonly Operand input in args.Inputs)
        {
            plan.Kept.Add(shape, keptAxes, input.Layout.Strides, input.Layout.Offset);
            plan.Reduced.Add(shape, reducedAxes, input.Layout.Strides, 0);
        }

        if (ReduceBody.CountsElements(args.Program.Prologue))
        {
            Layout numbers = Layout.Contiguous(shape);
            plan.Kept.Add(shape, keptAxes, numbers.Strides, 0);
            plan.Reduced.Add(shape, reducedAxes, numbers.Strides, 0);
        }

        plan._sources = plan.Kept.Operands;
        foreach (ref readonly Operand output in args.Outputs)
        {
            plan.Kept.Add(shape, keptAxes, output.Layout.Strides, output.Layout.Offset);
        }

        if (ReduceBody.CountsElements(args.Program.Epilogue))
        {
            plan.Kept.Add(shape, keptAxes, Layout.Contiguous(args.Outputs[0].Shape).Strides, 0);
        }

        plan.Kept.OrderBy(plan._sources);
        plan.Kept.Coalesce();
        plan.IsEmpty = plan.Reduced.Count == 0;
        if (plan.IsEmpty)
        {
            int operands = plan.Reduced.Operands;
            plan.Reduced = IterationSpace.Over(Shape.Scalar, default);
            while (plan.Reduced.Operands < operands)
            {
                plan.Reduced.AddContiguous();
            }

            return plan;
        }

        // Indices of extremes count in row-major order.
        bool findsIndices = false;
        foreach (Combiner combiner in args.Program.Combiners)
        {
            findsIndices |= combiner.YieldsIndex();
        }

        if (!findsIndices && plan.Leading() is { } leading)
        {
            plan.Reduced.OrderBy(leading);
        }

        plan.Reduced.Coalesce();
        return plan;
    }

    /// <summary>Whether neighbouring results lie closer together in memory than neighbouring elements of a result.</summary>
    public readonly bool IsByColumns() =>
        Leading() is { } input && Kept.Rank > 0 && Reduced.Rank > 0
        && Math.Abs(Kept.InnerStride(input)) < Math.Abs(Reduced.InnerStride(input)) && Kept.InnerStride(input) != 0;

    /// <summary>Whether indices need 64 bits.</summary>
    public readonly bool Is64Bit()
    {
        bool isWide = Elements > MapPlan.MostElements;
        for (int i = 0; i < Kept.Operands; i++)
        {
            isWide |= Kept.Extent(i) + (i < Reduced.Operands ? Reduced.Extent(i) : 0) >= MapPlan.MostElements * 2;
        }

        return isWide;
    }

    /// <summary>The first input that varies over the elements of a result: the loops follow the order of its memory.</summary>
    private readonly int? Leading()
    {
        for (int i = 0; i < Reduced.Operands; i++)
        {
            if (!Reduced.IsUniform(i))
            {
                return i;
            }
        }

        return null;
    }
}
