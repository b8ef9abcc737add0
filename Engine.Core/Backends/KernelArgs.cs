namespace Engine;

/// <summary>A pointwise program over operands of one shape: outputs[o][i] = program(inputs[0][i], …).</summary>
/// <remarks>Inputs are broadcast by stride 0 where needed. An output may be the same memory, element for element, as an input.</remarks>
public readonly ref struct MapArgs
{
    /// <summary>What to compute.</summary>
    public required MapProgram Program { get; init; }

    /// <summary>The type in which every instruction is carried out: float32, float64, int32 or int64.</summary>
    public required DType ComputeType { get; init; }

    /// <summary>The common shape of all operands.</summary>
    public required Shape Shape { get; init; }

    /// <summary>What is read, converted to <see cref="ComputeType"/> at load.</summary>
    public required ReadOnlySpan<Operand> Inputs { get; init; }

    /// <summary>What is written, converted from <see cref="ComputeType"/> at store.</summary>
    public required ReadOnlySpan<Operand> Outputs { get; init; }

    /// <summary>The values of the program's parameters; empty where they are in <see cref="ParameterMemory"/>.</summary>
    public required ReadOnlySpan<double> Parameters { get; init; }

    /// <summary>
    /// The values of the program's parameters in device memory, read when the kernel runs: one contiguous axis of <see cref="ComputeType"/>,
    /// at least as long as the program asks for. Null where <see cref="Parameters"/> has them. Never given to a program that draws random
    /// numbers, whose keys need all 32 bits.
    /// </summary>
    public Operand? ParameterMemory { get; init; }

    /// <summary>
    /// One int64 in device memory, read when the kernel runs and added (modulo 2⁶⁴) to the draw number of every <see cref="Expr.Random"/>,
    /// which is its third parameter plus 2³² times its fourth. Null stands for 0. It is how a recorded draw gives new numbers each time.
    /// </summary>
    public Operand? DrawOffset { get; init; }
}

/// <summary>A reduction: prologue per element, combination over <see cref="Axes"/>, epilogue per result.</summary>
public readonly ref struct ReduceArgs
{
    /// <summary>What to compute.</summary>
    public required ReduceProgram Program { get; init; }

    /// <summary>The type of all arithmetic; float32 sums may be accumulated in more bits.</summary>
    public required DType ComputeType { get; init; }

    /// <summary>The axes that vanish.</summary>
    public required AxisSet Axes { get; init; }

    /// <summary>The common shape of all inputs.</summary>
    public required Shape Shape { get; init; }

    /// <summary>What is read.</summary>
    public required ReadOnlySpan<Operand> Inputs { get; init; }

    /// <summary>What is written: the rank of the inputs, size 1 at each axis in <see cref="Axes"/>.</summary>
    public required ReadOnlySpan<Operand> Outputs { get; init; }

    /// <summary>The values of the parameters of prologue and epilogue.</summary>
    public required ReadOnlySpan<double> Parameters { get; init; }
}

/// <summary>C = activation(alpha·A·B + beta·C + bias), batched over the leading axes.</summary>
/// <remarks>All three have one rank; any strides, also 0 in batch axes. With beta = 0, C is not read. With K = 0 the product is 0.</remarks>
public readonly ref struct GemmArgs
{
    /// <summary>[…, M, K].</summary>
    public required Operand A { get; init; }

    /// <summary>[…, K, N].</summary>
    public required Operand B { get; init; }

    /// <summary>[…, M, N].</summary>
    public required Operand C { get; init; }

    /// <summary>The factor of the product.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>The factor of what C held before.</summary>
    public double Beta { get; init; }

    /// <summary>Added before the activation; has the shape of C, usually with strides 0.</summary>
    public Operand? Bias { get; init; }

    /// <summary>A program with one input and one output, or null.</summary>
    public MapProgram? Activation { get; init; }

    /// <summary>Starts from alpha 1, beta 0, no epilogue.</summary>
    public GemmArgs()
    {
    }
}

/// <summary>One of the three directions of a convolution; which operand is written is the direction's choice.</summary>
public readonly ref struct ConvArgs
{
    /// <summary>The sizes.</summary>
    public required ConvGeometry Geometry { get; init; }

    /// <summary>The images, or their gradient.</summary>
    public required Operand X { get; init; }

    /// <summary>The filters, or their gradient.</summary>
    public required Operand W { get; init; }

    /// <summary>The output, or its gradient.</summary>
    public required Operand Y { get; init; }

    /// <summary>Forward only: one number per output channel, shape [K].</summary>
    public Operand? Bias { get; init; }

    /// <summary>Forward only: a program with one input and one output, or null.</summary>
    public MapProgram? Activation { get; init; }
}

/// <summary>What a pooling window computes.</summary>
public enum PoolKind : byte
{
    /// <summary>The largest value; NaN wins.</summary>
    Max,

    /// <summary>The mean.</summary>
    Average,
}

/// <summary>The window of a 2-D pooling.</summary>
public readonly record struct PoolGeometry
{
    /// <summary>Height of the window.</summary>
    public required int KernelH { get; init; }

    /// <summary>Width of the window.</summary>
    public required int KernelW { get; init; }

    /// <summary>Vertical step.</summary>
    public required int StrideH { get; init; }

    /// <summary>Horizontal step.</summary>
    public required int StrideW { get; init; }

    /// <summary>Rows added above and below; never chosen as a maximum.</summary>
    public int PadH { get; init; }

    /// <summary>Columns added left and right; never chosen as a maximum.</summary>
    public int PadW { get; init; }

    /// <summary>Vertical distance between the cells of a window.</summary>
    public int DilationH { get; init; } = 1;

    /// <summary>Horizontal distance between the cells of a window.</summary>
    public int DilationW { get; init; } = 1;

    /// <summary>Whether an average divides by the whole window, padding included (PyTorch's default), or by the cells inside the image.</summary>
    public bool CountIncludePad { get; init; } = true;

    /// <summary>Starts from no padding and dilation 1.</summary>
    public PoolGeometry()
    {
    }
}

/// <summary>Pooling of [N, C, H, W] to [N, C, P, Q].</summary>
public readonly ref struct PoolArgs
{
    /// <summary>Maximum or average.</summary>
    public required PoolKind Kind { get; init; }

    /// <summary>The window.</summary>
    public required PoolGeometry Geometry { get; init; }

    /// <summary>The images, or the gradient that is written.</summary>
    public required Operand X { get; init; }

    /// <summary>The result that is written, or its gradient.</summary>
    public required Operand Y { get; init; }

    /// <summary>Maximum only, int32, the shape of Y: where in its image (row · W + column) each maximum lies. Written forward unless null, read backward.</summary>
    public Operand? Indices { get; init; }
}

/// <summary>Cross-entropy of rows of logits [N, C] against class numbers [N].</summary>
/// <remarks>
/// loss[i] = −Σ_c q_c·w_c·log softmax(z_i)_c with q = (1 − s)·onehot(t_i) + s/C, s the label smoothing; 0 where t_i is
/// <see cref="IgnoreIndex"/>. Core has checked that other targets lie in [0, C) where they are in host memory.
/// </remarks>
public readonly ref struct CrossEntropyArgs
{
    /// <summary>[N, C].</summary>
    public required Operand Logits { get; init; }

    /// <summary>[N], int64.</summary>
    public required Operand Targets { get; init; }

    /// <summary>[C] or null for 1.</summary>
    public Operand? ClassWeights { get; init; }

    /// <summary>s in [0, 1].</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The class number that is skipped.</summary>
    public long IgnoreIndex { get; init; }

    /// <summary>[N]: log Σ exp z; written forward, read backward.</summary>
    public required Operand LogSumExp { get; init; }

    /// <summary>[N], written forward.</summary>
    public Operand? Losses { get; init; }

    /// <summary>[N] (often stride 0), read backward: the gradient to each loss.</summary>
    public Operand? GradLosses { get; init; }

    /// <summary>[N, C], written backward.</summary>
    public Operand? GradLogits { get; init; }
}
