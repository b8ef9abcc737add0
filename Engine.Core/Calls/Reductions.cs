namespace Engine.Backends;

/// <summary>Runs reduce programs over tensors: how they become a call of <see cref="Backend.Reduce"/>. Nothing is recorded.</summary>
public static class Reductions
{
    /// <summary>Runs a reduction with one input and one output; the result keeps the axes with size 1 unless told otherwise.</summary>
    internal static Tensor Reduce(this Tensor x, ReduceProgram program, AxisSet axes, DType result, ReadOnlySpan<double> parameters, bool keepDims = true)
    {
        Tensor y = Tensor.Allocate(x.ReducedShape(axes, keepDims), result, x.Device);
        Into(program, axes, [x], [y], parameters);
        return y;
    }

    /// <summary>Runs a reduction into given destinations, which keep the axes with size 1, or are contiguous and leave them out.</summary>
    /// <param name="program">The program to compute.</param>
    /// <param name="axes">The axes that are reduced.</param>
    /// <param name="inputs">The tensors that are read; all are broadcast to the shape of the first.</param>
    /// <param name="outputs">The tensors that are written, one a result of the program.</param>
    /// <param name="parameters">Values of the program's parameters.</param>
    /// <exception cref="ArgumentException">Inputs, outputs or parameters are not as many as the program has.</exception>
    /// <exception cref="ShapeMismatchException">An input does not broadcast to the first one, or an output has another shape than the result.</exception>
    /// <exception cref="DeviceMismatchException">The tensors are on several devices.</exception>
    public static void Into(ReduceProgram program, AxisSet axes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ReadOnlySpan<double> parameters)
    {
        Check(program, axes, inputs, outputs, parameters.Length);
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
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes that are reduced.</param>
    /// <param name="keepDims">Whether they stay with size 1.</param>
    public static Shape ReducedShape(this Tensor x, AxisSet axes, bool keepDims)
    {
        ArgumentNullException.ThrowIfNull(x);
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
    internal static long CountOver(this Tensor x, AxisSet axes)
    {
        long count = 1;
        for (int i = 0; i < x.Rank; i++)
        {
            count *= axes.Contains(i) ? x.Shape[i] : 1;
        }

        return count;
    }

    /// <summary>Records the node on the result that keeps its axes, then drops them.</summary>
    internal static Tensor Finish(this Tensor x, Tensor y, AxisSet axes, bool keepDims, GradNode? node)
    {
        if (node is not null)
        {
            y.Record(node);
        }

        return keepDims ? y : y.ReshapeOrSelf(x.ReducedShape(axes, keepDims: false)).InsteadOf(y);
    }

    private static void Check(ReduceProgram program, AxisSet axes, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, int parameters)
    {
        ArgumentNullException.ThrowIfNull(program);
        Guard.NoNulls(inputs);
        Guard.NoNulls(outputs);
        if (inputs.Length != program.InputCount || inputs.IsEmpty || outputs.Length != program.OutputCount || parameters < program.ParameterCount)
        {
            throw new ArgumentException(
                $"`{program}` has {program.InputCount} inputs, {program.OutputCount} outputs and {program.ParameterCount} parameters; "
                + $"{inputs.Length} inputs, {outputs.Length} outputs and {parameters} parameters were given.", nameof(program));
        }

        Pointwise.CheckType(program.Prologue, inputs[0].DType);
        Pointwise.CheckBroadcast("Reductions.Into", inputs, inputs[0].Shape);
        Shape kept = inputs[0].ReducedShape(axes, keepDims: true);
        foreach (Tensor output in outputs)
        {
            Guard.Writable("Reductions.Into", output);
            if (output.Rank == kept.Rank ? output.Shape != kept : !output.IsContiguous || output.ElementCount != kept.ElementCount)
            {
                throw new ShapeMismatchException($"Reductions.Into: an output is {output.Shape}{(output.IsContiguous ? string.Empty : ", not contiguous")}; the result is {kept}, or without the reduced axes.");
            }
        }
    }
}
