namespace Engine.Nn;

/// <summary>
/// Long short-term memory (Hochreiter and Schmidhuber 1997): with gates i, f, g, o from input and hidden state,
/// <c>c' = σ(f)·c + σ(i)·tanh(g)</c>, <c>h' = σ(o)·tanh(c')</c>.
/// </summary>
/// <remarks>
/// Shapes: x [L, N, in] (or [N, L, in] with batchFirst) → y [L, N, directions·hidden] (or [N, L, …]). Gate order i, f, g, o along the first
/// axis of the weights. <inheritdoc cref="Recurrent" path="/remarks"/>
/// </remarks>
/// <param name="inputSize">The last size of x.</param>
/// <param name="hiddenSize">The length of hidden and cell state.</param>
/// <param name="numLayers">How many layers are stacked.</param>
/// <param name="bias">Whether biases are added.</param>
/// <param name="batchFirst">Whether x is [N, L, in] instead of [L, N, in].</param>
/// <param name="dropout">The probability with which outputs are dropped between layers, while training.</param>
/// <param name="bidirectional">Whether the sequence is read backwards too.</param>
/// <param name="projSize">If above 0, the hidden state is projected to this length, less than hiddenSize (Sak et al. 2014); outputs and hidden state then have it, the cell keeps hiddenSize.</param>
/// <param name="generator">The source of start values and dropout.</param>
public sealed class Lstm(
    int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, bool batchFirst = false, double dropout = 0, bool bidirectional = false, int projSize = 0, Generator? generator = null)
    : Recurrent(4, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, projSize, generator)
{
    private static readonly MapProgram s_cell = MapProgram.Compile(
        4, (Expr.Sigmoid(Expr.Input(1)) * Expr.Input(3)) + (Expr.Sigmoid(Expr.Input(0)) * Expr.Tanh(Expr.Input(2))));

    private static readonly MapProgram s_hidden = MapProgram.Compile(2, Expr.Sigmoid(Expr.Input(0)) * Expr.Tanh(Expr.Input(1)));

    /// <summary>The outputs of all steps, from zero states.</summary>
    /// <exception cref="ShapeMismatchException">x does not have three axes or its last size is not inputSize.</exception>
    public override Tensor Forward(Tensor x) => Intercepts ? Call(x) : Forward(x, null, null).Output;

    /// <summary>The outputs of all steps and the last states, from given states.</summary>
    /// <param name="x">The sequences.</param>
    /// <param name="hidden">[layers·directions, N, hidden], or null for 0.</param>
    /// <param name="cell">The same.</param>
    public (Tensor Output, Tensor Hidden, Tensor Cell) Forward(Tensor x, Tensor? hidden, Tensor? cell)
    {
        (Tensor output, Tensor[] last) = Run(x, [hidden, cell]);
        return (output, last[0], last[1]);
    }

    /// <summary>The outputs of sequences of several lengths and the last state of each, from given states.</summary>
    /// <param name="x">The packed sequences (<see cref="Sequences"/>).</param>
    /// <param name="hidden">[layers·directions, N, hidden] in the order from before they were packed, or null for 0.</param>
    /// <param name="cell">The same.</param>
    public (PackedSequence Output, Tensor Hidden, Tensor Cell) Forward(PackedSequence x, Tensor? hidden = null, Tensor? cell = null)
    {
        (PackedSequence output, Tensor[] last) = Run(x, [hidden, cell]);
        return (output, last[0], last[1]);
    }

    /// <summary>The next hidden and cell state from gates i, f, g, o below one another.</summary>
    internal static (Tensor Hidden, Tensor Cell) Next(Tensor gates, Tensor cell)
    {
        int size = cell.Shape[1];
        Tensor next = Pointwise.Apply("LstmCell", s_cell, [gates.Narrow(1, 0, size), gates.Narrow(1, size, size), gates.Narrow(1, 2 * size, size), cell]);
        return (Pointwise.Apply("LstmHidden", s_hidden, [gates.Narrow(1, 3 * size, size), next]), next);
    }

    private protected override RecurrentFunction AllSteps(bool reverse, bool keeps) => new LstmFunction(reverse, keeps);

    private protected override void Step(Tensor fromInput, Tensor fromHidden, Tensor[] state, Tensor? projection)
    {
        (state[0], state[1]) = Next(fromInput + fromHidden, state[1]);
        state[0] = projection is null ? state[0] : state[0].Linear(projection);
    }
}
