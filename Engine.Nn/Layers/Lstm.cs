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
/// <param name="generator">The source of start values and dropout.</param>
public sealed class Lstm(
    int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, bool batchFirst = false, double dropout = 0, bool bidirectional = false, Generator? generator = null)
    : Recurrent(4, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, generator)
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

    private protected override void Step(Tensor fromInput, Tensor fromHidden, Tensor[] state)
    {
        Tensor gates = fromInput + fromHidden;
        state[1] = Pointwise.Apply("LstmCell", s_cell, [Gate(gates, 0), Gate(gates, 1), Gate(gates, 2), state[1]]);
        state[0] = Pointwise.Apply("LstmHidden", s_hidden, [Gate(gates, 3), state[1]]);
    }
}
