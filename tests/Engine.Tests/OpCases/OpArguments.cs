namespace Engine.Tests.OpCases;

/// <summary>Random operands of a row, the same in every run: they follow from the row's name, the size and the operand's number.</summary>
internal static class OpArguments
{
    /// <summary>The operands of a row on a device, those with gradients marked.</summary>
    /// <param name="row">The row.</param>
    /// <param name="size">n.</param>
    /// <param name="layout">The layout of each operand by its number.</param>
    /// <param name="dtype">Of the real operands.</param>
    /// <param name="device">Where.</param>
    public static Tensor[] Make(OpCase row, int size, Func<int, LayoutKind> layout, DType dtype, Device device)
    {
        OpInput[] inputs = row.Inputs(size);
        var tensors = new Tensor[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            OpInput input = inputs[i];
            DType type = input.Kind switch { OpInputKind.Index => DType.Int64, OpInputKind.Truth => DType.Bool, _ => dtype };
            tensors[i] = Layouts.Make(Values(input, $"{row.Name}/{size}/{i}"), input.Shape, layout(i), type, device);
            if (row.Differentiable && input.Kind == OpInputKind.Real)
            {
                tensors[i].RequiresGrad = true;
            }
        }

        return tensors;
    }

    /// <summary>The same values on another device, row-major, those with gradients marked.</summary>
    public static Tensor[] CopyTo(Tensor[] tensors, Device device) => Array.ConvertAll(tensors, x =>
    {
        Tensor copy = Tensor.From<double>(x.ToArray<double>(), x.Shape, device).To(x.DType);
        copy.RequiresGrad = x.RequiresGrad;
        return copy;
    });

    /// <summary>A random gradient for a result.</summary>
    public static double[] Gradient(OpCase row, int size, Shape shape) => Values(new OpInput(shape), $"{row.Name}/{size}/dy");

    private static double[] Values(OpInput input, string name)
    {
        var random = new Random(StableSeed(name));
        var values = new double[input.Shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            double u = random.NextDouble();
            values[i] = input.Kind switch
            {
                OpInputKind.Truth => u < 0.5 ? 0 : 1,
                OpInputKind.Index => Math.Floor(input.Low + (u * (input.High - input.Low))),
                // float32 holds it exactly, so that both types compute on the same numbers.
                _ => (float)(input.Low + (u * (input.High - input.Low))),
            };
        }

        return values;
    }

    // string.GetHashCode differs from run to run.
    private static int StableSeed(string name) => name.Aggregate(17, (hash, c) => unchecked((hash * 31) + c));
}
