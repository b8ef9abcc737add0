namespace Engine.Nn;

/// <summary>One time step of a recurrent network, for loops of one's own: <see cref="RnnCell"/>, <see cref="LstmCell"/> and <see cref="GruCell"/>.</summary>
/// <remarks>Weights: <c>weight_ih</c> [gates·hidden, in], <c>weight_hh</c> [gates·hidden, hidden], <c>bias_ih</c>, <c>bias_hh</c> [gates·hidden], all uniform in ±1/√hidden at the start.</remarks>
public abstract partial class RecurrentCell : Layer
{
    private readonly int _inputSize;
    private readonly int _hiddenSize;

    private protected RecurrentCell(int gates, int inputSize, int hiddenSize, bool bias, Generator? generator)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hiddenSize);
        (_inputSize, _hiddenSize) = (inputSize, hiddenSize);
        int rows = LayerArguments.Features(GetType().Name, (long)gates * hiddenSize, nameof(hiddenSize));
        double bound = 1 / Math.Sqrt(hiddenSize);
        WeightIh = Weights.Uniform([rows, inputSize], bound, generator);
        WeightHh = Weights.Uniform([rows, hiddenSize], bound, generator);
        BiasIh = bias ? Weights.Uniform([rows], bound, generator) : null;
        BiasHh = bias ? Weights.Uniform([rows], bound, generator) : null;
    }

    /// <summary>The weights of the input, [gates·hidden, in].</summary>
    public Tensor WeightIh { get; }

    /// <summary>The weights of the hidden state, [gates·hidden, hidden].</summary>
    public Tensor WeightHh { get; }

    /// <summary>The bias beside the input, [gates·hidden]; null if there is none.</summary>
    public Tensor? BiasIh { get; }

    /// <summary>The bias beside the hidden state, [gates·hidden]; null if there is none.</summary>
    public Tensor? BiasHh { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({_inputSize} → {_hiddenSize})";

    /// <inheritdoc/>
    protected internal override long MultiplyAdds(Shape input, Shape output) => input[0] * (WeightIh.ElementCount + WeightHh.ElementCount);

    /// <summary>The shares of input and hidden state in all gates, and the states, which are 0 if null.</summary>
    private protected (Tensor FromInput, Tensor FromHidden, Tensor[] States) Begin(Tensor x, Tensor?[] states)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 2 || x.Shape[1] != _inputSize)
        {
            throw new ShapeMismatchException($"{GetType().Name}: x is {x.Shape}; it must be [N, {_inputSize}] (inputSize: {_inputSize}).");
        }

        Guard.ProductTypes(GetType().Name, x, WeightIh, "weight");
        Shape shape = [x.Shape[0], _hiddenSize];
        foreach (Tensor? state in states)
        {
            if (state is not null && state.Shape != shape)
            {
                throw new ShapeMismatchException($"{GetType().Name}: x is {x.Shape}, the given state {state.Shape}; it must be {shape} (N, hidden).");
            }

            if (state is not null)
            {
                Guard.ProductTypes(GetType().Name, state, x, "x", "state");
            }
        }

        Tensor[] given = [.. states.Select(s => s ?? Tensor.Zeros(shape, x.DType, x.Device))];
        return (x.Linear(WeightIh, BiasIh), given[0].Linear(WeightHh, BiasHh), given);
    }
}

/// <summary>One step of <see cref="Rnn"/>: <c>h' = tanh(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh)</c>, or with max(·, 0) instead of tanh.</summary>
/// <remarks>Shapes: x [N, in], h [N, hidden] → h' [N, hidden]. <inheritdoc cref="RecurrentCell" path="/remarks"/></remarks>
/// <param name="inputSize">The last size of x.</param>
/// <param name="hiddenSize">The length of the hidden state.</param>
/// <param name="bias">Whether biases are added.</param>
/// <param name="nonlinearity"><see cref="Nonlinearity.Tanh"/> or <see cref="Nonlinearity.Relu"/>.</param>
/// <param name="generator">The source of the start values.</param>
public sealed class RnnCell(int inputSize, int hiddenSize, bool bias = true, Nonlinearity nonlinearity = Nonlinearity.Tanh, Generator? generator = null)
    : RecurrentCell(1, inputSize, hiddenSize, bias, generator)
{
    private readonly Nonlinearity _nonlinearity = Rnn.Check(nameof(RnnCell), nonlinearity);

    /// <summary>The state after x, from a zero state.</summary>
    public override Tensor Forward(Tensor x) => Intercepts ? Call(x) : Forward(x, null);

    /// <summary>The state after x.</summary>
    /// <param name="x">The input of one step.</param>
    /// <param name="hidden">The state before, or null for 0.</param>
    public Tensor Forward(Tensor x, Tensor? hidden)
    {
        (Tensor fromInput, Tensor fromHidden, _) = Begin(x, [hidden]);
        return ForwardTrace.Record(this, x, Rnn.Next(fromInput, fromHidden, _nonlinearity));
    }
}

/// <summary>One step of <see cref="Lstm"/>.</summary>
/// <remarks>Shapes: x [N, in], states [N, hidden] → the same. Gate order i, f, g, o. <inheritdoc cref="RecurrentCell" path="/remarks"/></remarks>
/// <param name="inputSize">The last size of x.</param>
/// <param name="hiddenSize">The length of hidden and cell state.</param>
/// <param name="bias">Whether biases are added.</param>
/// <param name="generator">The source of the start values.</param>
public sealed class LstmCell(int inputSize, int hiddenSize, bool bias = true, Generator? generator = null) : RecurrentCell(4, inputSize, hiddenSize, bias, generator)
{
    /// <summary>The hidden state after x, from zero states.</summary>
    public override Tensor Forward(Tensor x) => Intercepts ? Call(x) : Forward(x, null, null).Hidden;

    /// <summary>The states after x.</summary>
    /// <param name="x">The input of one step.</param>
    /// <param name="hidden">The hidden state before, or null for 0.</param>
    /// <param name="cell">The cell state before, or null for 0.</param>
    public (Tensor Hidden, Tensor Cell) Forward(Tensor x, Tensor? hidden, Tensor? cell)
    {
        (Tensor fromInput, Tensor fromHidden, Tensor[] states) = Begin(x, [hidden, cell]);
        (Tensor next, Tensor nextCell) = Lstm.Next(fromInput + fromHidden, states[1]);
        return (ForwardTrace.Record(this, x, next), nextCell);
    }
}

/// <summary>One step of <see cref="Gru"/>.</summary>
/// <remarks>Shapes: x [N, in], h [N, hidden] → h' [N, hidden]. Gate order r, z, n. <inheritdoc cref="RecurrentCell" path="/remarks"/></remarks>
/// <param name="inputSize">The last size of x.</param>
/// <param name="hiddenSize">The length of the hidden state.</param>
/// <param name="bias">Whether biases are added.</param>
/// <param name="generator">The source of the start values.</param>
public sealed class GruCell(int inputSize, int hiddenSize, bool bias = true, Generator? generator = null) : RecurrentCell(3, inputSize, hiddenSize, bias, generator)
{
    /// <summary>The state after x, from a zero state.</summary>
    public override Tensor Forward(Tensor x) => Intercepts ? Call(x) : Forward(x, null);

    /// <summary>The state after x.</summary>
    /// <param name="x">The input of one step.</param>
    /// <param name="hidden">The state before, or null for 0.</param>
    public Tensor Forward(Tensor x, Tensor? hidden)
    {
        (Tensor fromInput, Tensor fromHidden, Tensor[] states) = Begin(x, [hidden]);
        return ForwardTrace.Record(this, x, Gru.Next(fromInput, fromHidden, states[0]));
    }
}
