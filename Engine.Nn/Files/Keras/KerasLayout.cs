namespace Engine.Nn;

/// <summary>From Keras's layouts of weights to those of the engine, which are PyTorch's.</summary>
/// <remarks>
/// Biases and the weights of normalisations and embeddings are alike; their order in a Keras 3 file is <c>vars/0</c> γ, 1 β, 2 the moving mean, 3 the moving variance. Keras's ε is 10⁻³ in normalisations unless it is set, and its momentum
/// is 0.99, which is the engine's 0.01. A flattened image has Keras's order of axes, height, width, channels: a <see cref="Dense(Tensor, int, int, int)"/> behind it takes the sizes.
/// </remarks>
public static class KerasLayout
{
    /// <summary>The kernel of a <c>Dense</c> layer: [in, out] → [out, in].</summary>
    /// <exception cref="ShapeMismatchException">It has other axes.</exception>
    public static Tensor Dense(Tensor kernel) => Turned(kernel, nameof(Dense), "[in, out]", 1, 0);

    /// <summary>The kernel of a <c>Dense</c> layer behind a <c>Flatten</c> of images: [H·W·C, out] → [out, C·H·W].</summary>
    /// <param name="kernel">[H·W·C, out].</param>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <exception cref="ShapeMismatchException">It has other axes, or another first size.</exception>
    public static Tensor Dense(Tensor kernel, int channels, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        return kernel.Rank == 2 && kernel.Shape[0] == (long)channels * height * width
            ? kernel.Reshape(height, width, channels, kernel.Shape[1]).Permute(3, 2, 0, 1).Reshape(kernel.Shape[1], kernel.Shape[0])
            : throw new ShapeMismatchException($"KerasLayout.Dense: the kernel is {kernel.Shape}; behind images of {height} × {width} pixels and {channels} channels it must be [{(long)channels * height * width}, out].");
    }

    /// <summary>The kernel of a <c>Conv1D</c>: [L, in, out] → [out, in, L].</summary>
    /// <exception cref="ShapeMismatchException">It has other axes.</exception>
    public static Tensor Conv1d(Tensor kernel) => Turned(kernel, nameof(Conv1d), "[L, in, out]", 2, 1, 0);

    /// <summary>The kernel of a <c>Conv2D</c>: [H, W, in, out] → [out, in, H, W]. That of a <c>Conv2DTranspose</c>, [H, W, out, in], becomes [in, out, H, W] by the same turn.</summary>
    /// <exception cref="ShapeMismatchException">It has other axes.</exception>
    public static Tensor Conv2d(Tensor kernel) => Turned(kernel, nameof(Conv2d), "[H, W, in, out]", 3, 2, 0, 1);

    /// <summary>The kernel of a <c>Conv3D</c>: [D, H, W, in, out] → [out, in, D, H, W].</summary>
    /// <exception cref="ShapeMismatchException">It has other axes.</exception>
    public static Tensor Conv3d(Tensor kernel) => Turned(kernel, nameof(Conv3d), "[D, H, W, in, out]", 4, 3, 0, 1, 2);

    /// <summary>The kernel of a <c>DepthwiseConv2D</c>: [H, W, C, multiplier] → [C·multiplier, 1, H, W], of a convolution in C groups.</summary>
    /// <exception cref="ShapeMismatchException">It has other axes.</exception>
    public static Tensor DepthwiseConv2d(Tensor kernel)
    {
        Tensor turned = Turned(kernel, nameof(DepthwiseConv2d), "[H, W, C, multiplier]", 2, 3, 0, 1);
        return turned.Reshape(turned.Shape[0] * turned.Shape[1], 1, turned.Shape[2], turned.Shape[3]);
    }

    /// <summary>The weights of an <c>LSTM</c> for an <see cref="Nn.Lstm"/> of one layer: weight_ih_l0, weight_hh_l0, bias_ih_l0 and bias_hh_l0, which is 0. The gates have the same order, i, f, g, o.</summary>
    /// <param name="kernel">[in, 4·units].</param>
    /// <param name="recurrentKernel">[units, 4·units].</param>
    /// <param name="bias">[4·units]; null where there is none.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not belong together.</exception>
    public static Dictionary<string, Tensor> Lstm(Tensor kernel, Tensor recurrentKernel, Tensor? bias)
    {
        CheckGates(nameof(Lstm), kernel, recurrentKernel, 4);
        Dictionary<string, Tensor> state = new() { ["weight_ih_l0"] = Dense(kernel), ["weight_hh_l0"] = Dense(recurrentKernel) };
        if (bias is not null)
        {
            if (bias.Shape != new Shape(kernel.Shape[1]))
            {
                throw new ShapeMismatchException($"KerasLayout.Lstm: the bias is {bias.Shape}; it must be [{kernel.Shape[1]}].");
            }

            state["bias_ih_l0"] = bias.Clone();
            state["bias_hh_l0"] = Tensor.Zeros(bias.Shape, bias.DType, bias.Device);
        }

        return state;
    }

    /// <summary>The weights of a <c>GRU</c> with <c>reset_after=True</c>, Keras's default, for an <see cref="Nn.Gru"/> of one layer. The gates z, r, h are put into the order r, z, n.</summary>
    /// <remarks>Keras's <c>reset_after=False</c> is another function, which no layer here computes.</remarks>
    /// <param name="kernel">[in, 3·units].</param>
    /// <param name="recurrentKernel">[units, 3·units].</param>
    /// <param name="bias">[2, 3·units]; null where there is none.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not belong together.</exception>
    public static Dictionary<string, Tensor> Gru(Tensor kernel, Tensor recurrentKernel, Tensor? bias)
    {
        CheckGates(nameof(Gru), kernel, recurrentKernel, 3);
        Dictionary<string, Tensor> state = new() { ["weight_ih_l0"] = Swapped(Dense(kernel)), ["weight_hh_l0"] = Swapped(Dense(recurrentKernel)) };
        if (bias is not null)
        {
            if (bias.Shape != new Shape(2, kernel.Shape[1]))
            {
                throw new ShapeMismatchException($"KerasLayout.Gru: the bias is {bias.Shape}; it must be [2, {kernel.Shape[1]}], as reset_after=True has it.");
            }

            state["bias_ih_l0"] = Swapped(bias.Select(0, 0));
            state["bias_hh_l0"] = Swapped(bias.Select(0, 1));
        }

        return state;
    }

    private static void CheckGates(string layer, Tensor kernel, Tensor recurrentKernel, int gates)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(recurrentKernel);
        if (kernel.Rank != 2 || recurrentKernel.Rank != 2 || recurrentKernel.Shape[1] != (long)gates * recurrentKernel.Shape[0] || kernel.Shape[1] != recurrentKernel.Shape[1])
        {
            throw new ShapeMismatchException($"KerasLayout.{layer}: the kernels are {kernel.Shape} and {recurrentKernel.Shape}; they must be [in, {gates}·units] and [units, {gates}·units].");
        }
    }

    /// <summary>The first third behind the second.</summary>
    private static Tensor Swapped(Tensor gates)
    {
        int units = gates.Shape[0] / 3;
        return Tensor.Concat([gates.Narrow(0, units, units), gates.Narrow(0, 0, units), gates.Narrow(0, 2 * units, units)]);
    }

    private static Tensor Turned(Tensor kernel, string layer, string axes, params int[] order)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return kernel.Rank == order.Length
            ? kernel.Permute(order).Contiguous()
            : throw new ShapeMismatchException($"KerasLayout.{layer}: the kernel is {kernel.Shape}; it must be {axes}.");
    }
}
