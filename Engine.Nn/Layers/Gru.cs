namespace Engine.Nn;

/// <summary>
/// Gated recurrent unit (Cho et al. 2014): <c>r = σ(xᵣ + hᵣ)</c>, <c>z = σ(x_z + h_z)</c>, <c>n = tanh(xₙ + r·hₙ)</c>,
/// <c>h' = (1 − z)·n + z·h</c>, where x and h are the terms of the input and of the hidden state in each gate, biases included.
/// </summary>
/// <remarks>
/// Shapes: x [L, N, in] (or [N, L, in] with batchFirst) → y [L, N, directions·hidden] (or [N, L, …]). Gate order r, z, n along the first axis
/// of the weights. <inheritdoc cref="Recurrent" path="/remarks"/>
/// </remarks>
/// <param name="inputSize">The last size of x.</param>
/// <param name="hiddenSize">The length of the hidden state.</param>
/// <param name="numLayers">How many layers are stacked.</param>
/// <param name="bias">Whether biases are added.</param>
/// <param name="batchFirst">Whether x is [N, L, in] instead of [L, N, in].</param>
/// <param name="dropout">The probability with which outputs are dropped between layers, while training.</param>
/// <param name="bidirectional">Whether the sequence is read backwards too.</param>
/// <param name="generator">The source of start values and dropout.</param>
public sealed class Gru(
    int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, bool batchFirst = false, double dropout = 0, bool bidirectional = false, Generator? generator = null)
    : Recurrent(3, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, 0, generator)
{
    private static readonly MapProgram s_step = Compile();

    /// <summary>The outputs of all steps, from a zero state.</summary>
    /// <exception cref="ShapeMismatchException">x does not have three axes or its last size is not inputSize.</exception>
    public override Tensor Forward(Tensor x) => Intercepts ? Call(x) : Forward(x, null).Output;

    /// <summary>The outputs of all steps and the last state, from a given state.</summary>
    /// <param name="x">The sequences.</param>
    /// <param name="hidden">[layers·directions, N, hidden], or null for 0.</param>
    public (Tensor Output, Tensor Hidden) Forward(Tensor x, Tensor? hidden)
    {
        (Tensor output, Tensor[] last) = Run(x, [hidden]);
        return (output, last[0]);
    }

    /// <summary>The outputs of sequences of several lengths and the last state of each, from a given state.</summary>
    /// <param name="x">The packed sequences (<see cref="Sequences"/>).</param>
    /// <param name="hidden">[layers·directions, N, hidden] in the order from before they were packed, or null for 0.</param>
    public (PackedSequence Output, Tensor Hidden) Forward(PackedSequence x, Tensor? hidden = null)
    {
        (PackedSequence output, Tensor[] last) = Run(x, [hidden]);
        return (output, last[0]);
    }

    /// <summary>The next hidden state from the shares of input and hidden state in gates r, z, n below one another.</summary>
    internal static Tensor Next(Tensor fromInput, Tensor fromHidden, Tensor hidden)
    {
        int size = hidden.Shape[1];
        Tensor Gate(Tensor all, int index) => all.Narrow(1, index * size, size);
        return Pointwise.Apply(
            "GruStep",
            s_step,
            [Gate(fromInput, 0), Gate(fromInput, 1), Gate(fromInput, 2), Gate(fromHidden, 0), Gate(fromHidden, 1), Gate(fromHidden, 2), hidden]);
    }

    private protected override RecurrentFunction AllSteps(bool reverse, bool keeps) => new GruFunction(reverse, keeps);

    private protected override void Step(Tensor fromInput, Tensor fromHidden, Tensor[] state, Tensor? projection) =>
        state[0] = Next(fromInput, fromHidden, state[0]);

    private static MapProgram Compile()
    {
        Expr reset = Expr.Sigmoid(Expr.Input(0) + Expr.Input(3));
        Expr update = Expr.Sigmoid(Expr.Input(1) + Expr.Input(4));
        Expr candidate = Expr.Tanh(Expr.Input(2) + (reset * Expr.Input(5)));
        return MapProgram.Compile(7, ((1 - update) * candidate) + (update * Expr.Input(6)));
    }
}
