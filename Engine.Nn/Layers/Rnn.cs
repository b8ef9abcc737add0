namespace Engine.Nn;

/// <summary>A plain recurrent network (Elman 1990): <c>h' = tanh(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh)</c>, or with max(·, 0) instead of tanh.</summary>
/// <remarks>
/// Shapes: x [L, N, in] (or [N, L, in] with batchFirst) → y [L, N, directions·hidden] (or [N, L, …]).
/// <inheritdoc cref="Recurrent" path="/remarks"/>
/// </remarks>
/// <param name="inputSize">The last size of x.</param>
/// <param name="hiddenSize">The length of the hidden state.</param>
/// <param name="numLayers">How many layers are stacked.</param>
/// <param name="nonlinearity"><see cref="Nonlinearity.Tanh"/> or <see cref="Nonlinearity.Relu"/>.</param>
/// <param name="bias">Whether biases are added.</param>
/// <param name="batchFirst">Whether x is [N, L, in] instead of [L, N, in].</param>
/// <param name="dropout">The probability with which outputs are dropped between layers, while training.</param>
/// <param name="bidirectional">Whether the sequence is read backwards too.</param>
/// <param name="generator">The source of start values and dropout.</param>
public sealed class Rnn(
    int inputSize,
    int hiddenSize,
    int numLayers = 1,
    Nonlinearity nonlinearity = Nonlinearity.Tanh,
    bool bias = true,
    bool batchFirst = false,
    double dropout = 0,
    bool bidirectional = false,
    Generator? generator = null)
    : Recurrent(1, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, 0, generator)
{
    private static readonly MapProgram s_tanh = MapProgram.Compile(2, Expr.Tanh(Expr.Input(0) + Expr.Input(1)));

    private readonly Nonlinearity _nonlinearity = Check(nameof(Rnn), nonlinearity);

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

    internal static Nonlinearity Check(string layer, Nonlinearity nonlinearity) => nonlinearity is Nonlinearity.Tanh or Nonlinearity.Relu
        ? nonlinearity
        : throw new ArgumentOutOfRangeException(nameof(nonlinearity), nonlinearity, $"{layer}: the nonlinearity is Tanh or Relu.");

    internal static Tensor Next(Tensor fromInput, Tensor fromHidden, Nonlinearity nonlinearity) => nonlinearity == Nonlinearity.Tanh
        ? Pointwise.Apply("RnnStep", s_tanh, [fromInput, fromHidden])
        : fromInput.AddRelu(fromHidden);

    private protected override void Step(Tensor fromInput, Tensor fromHidden, Tensor[] state, Tensor? projection) =>
        state[0] = Next(fromInput, fromHidden, _nonlinearity);
}
