namespace Engine.Backends;

/// <summary>How tensors become a call of <see cref="Backend.Reduce"/>. Nothing is recorded.</summary>
internal static class Reductions
{
    /// <summary>Runs a reduction with one input and one output; the result keeps the axes with size 1 unless told otherwise.</summary>
    public static Tensor Reduce(this Tensor x, ReduceProgram program, AxisSet axes, DType result, ReadOnlySpan<double> parameters, bool keepDims = true)
    {
        Tensor y = Tensor.Allocate(x.ReducedShape(axes, keepDims), result, x.Device);
        Into(program, axes, [x], [y], parameters);
        return y;
    }

    /// <summary>Runs a reduction into given destinations, which keep the axes with size 1, or are contiguous and leave them out.</summary>
    public static void Into(ReduceProgram program, AxisSet axes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ReadOnlySpan<double> parameters)
    {
        if (outputs[0].ElementCount == 0)
        {
            return;
        }

        Operand[] ins = new Operand[inputs.Length], outs = new Operand[outputs.Length];
        for (int i = 0; i < ins.Length; i++)
        {
            Operand operand = inputs[i].Operand;
            ins[i] = operand.With(operand.Layout.Expand(inputs[0].Shape));
        }

        DType compute = inputs[0].DType.ComputeType();
        for (int i = 0; i < outs.Length; i++)
        {
            Operand operand = outputs[i].Operand;
            outs[i] = operand.Layout.Rank == inputs[0].Rank ? operand : operand.With(Layout.Contiguous(inputs[0].ReducedShape(axes, keepDims: true), operand.Layout.Offset));
        }

        // Integer sums are carried out in the type of their result.
        if (!compute.IsFloatingPoint() && outputs[0].DType == DType.Int64)
        {
            compute = DType.Int64;
        }

        outputs[0].Device.Backend.Reduce(new ReduceArgs
        {
            Program = program,
            ComputeType = compute,
            Axes = axes,
            Shape = inputs[0].Shape,
            Inputs = ins,
            Outputs = outs,
            Parameters = parameters,
        });
    }

    /// <summary>The shape of a tensor after a reduction.</summary>
    public static Shape ReducedShape(this Tensor x, AxisSet axes, bool keepDims)
    {
        Span<int> sizes = stackalloc int[x.Rank];
        int count = 0;
        for (int i = 0; i < x.Rank; i++)
        {
            if (!axes.Contains(i))
            {
                sizes[count++] = x.Shape[i];
            }
            else if (keepDims)
            {
                sizes[count++] = 1;
            }
        }

        return new Shape(sizes[..count]);
    }

    /// <summary>How many elements go into one result.</summary>
    public static long CountOver(this Tensor x, AxisSet axes)
    {
        long count = 1;
        for (int i = 0; i < x.Rank; i++)
        {
            count *= axes.Contains(i) ? x.Shape[i] : 1;
        }

        return count;
    }

    /// <summary>Records the node on the result that keeps its axes, then drops them.</summary>
    public static Tensor Finish(this Tensor x, Tensor y, AxisSet axes, bool keepDims, GradNode? node)
    {
        if (node is not null)
        {
            y.Record(node);
        }

        return keepDims ? y : y.ReshapeOrSelf(x.ReducedShape(axes, keepDims: false)).InsteadOf(y);
    }
}
