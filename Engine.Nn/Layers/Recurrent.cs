namespace Engine.Nn;

/// <summary>The common part of <see cref="Lstm"/> and <see cref="Gru"/>: stacked layers, one or two directions, PyTorch's names and gate order.</summary>
/// <remarks>
/// Weights of layer k: <c>weight_ih_lk</c> [gates·hidden, in], <c>weight_hh_lk</c> [gates·hidden, hidden], <c>bias_ih_lk</c>,
/// <c>bias_hh_lk</c> [gates·hidden], all uniform in ±1/√hidden at the start; the other direction's end in <c>_reverse</c>.
/// </remarks>
public abstract class Recurrent : Layer
{
    private readonly int _inputSize;
    private readonly bool _batchFirst;
    private readonly double _dropout;
    private readonly Generator? _generator;
    private readonly List<RecurrentWeights> _weights = [];

    private protected Recurrent(
        int gates, int inputSize, int hiddenSize, int numLayers, bool bias, bool batchFirst, double dropout, bool bidirectional, Generator? generator)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hiddenSize);
        LayerArguments.Parts(GetType().Name, numLayers, nameof(numLayers));
        LayerArguments.Probability(GetType().Name, dropout);
        (_inputSize, HiddenSize, _batchFirst, _dropout, _generator) = (inputSize, hiddenSize, batchFirst, dropout, generator);
        Directions = bidirectional ? 2 : 1;
        for (int layer = 0; layer < numLayers; layer++)
        {
            for (int direction = 0; direction < Directions; direction++)
            {
                int size = layer == 0 ? inputSize : hiddenSize * Directions;
                _weights.Add(new RecurrentWeights(layer, direction == 1, size, hiddenSize, gates, bias, generator));
            }
        }
    }

    /// <summary>The length of the hidden state.</summary>
    public int HiddenSize { get; }

    /// <summary>The number of stacked layers.</summary>
    public int NumLayers => _weights.Count / Directions;

    /// <summary>2 if the sequence is read backwards too, otherwise 1.</summary>
    public int Directions { get; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{GetType().Name}({_inputSize} → {HiddenSize * Directions}{(NumLayers > 1 ? $", {NumLayers} layers" : string.Empty)}{(Directions > 1 ? ", both directions" : string.Empty)})";

    /// <inheritdoc/>
    protected override void VisitMembers(MemberVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        base.VisitMembers(visitor);
        foreach (RecurrentWeights weights in _weights)
        {
            weights.Visit(visitor);
        }
    }

    /// <inheritdoc/>
    protected internal override Generator? RandomSource => _generator;

    /// <inheritdoc/>
    protected internal override long MultiplyAdds(Shape input, Shape output) =>
        (long)input[0] * input[1] * _weights.Sum(static w => w.Input.ElementCount + w.Hidden.ElementCount);

    /// <summary>Runs all layers. States are [layers·directions, N, hidden], one per kind (hidden, and for an LSTM cell).</summary>
    private protected (Tensor Output, Tensor[] Last) Run(Tensor x, Tensor?[] states)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 3 || x.Shape[2] != _inputSize)
        {
            throw new ShapeMismatchException(
                $"{GetType().Name}: x is {x.Shape}; it must be {(_batchFirst ? "[N, L" : "[L, N")}, {_inputSize}] (batchFirst: {_batchFirst}, inputSize: {_inputSize}).");
        }

        Guard.ProductTypes(GetType().Name, x, _weights[0].Input, "weight");
        Tensor sequence = _batchFirst ? x.Transpose(0, 1) : x;
        Shape stateShape = [_weights.Count, sequence.Shape[1], HiddenSize];
        foreach (Tensor? state in states)
        {
            if (state is not null && state.Shape != stateShape)
            {
                throw new ShapeMismatchException($"{GetType().Name}: x is {x.Shape}, the given state {state.Shape}; it must be {stateShape} (layers · directions, N, hidden).");
            }

            if (state is not null)
            {
                Guard.ProductTypes(GetType().Name, state, x, "x", "state");
            }
        }

        List<Tensor>[] last = [.. states.Select(static _ => new List<Tensor>())];
        for (int layer = 0; layer < NumLayers; layer++)
        {
            Tensor[] outputs = new Tensor[Directions];
            for (int direction = 0; direction < Directions; direction++)
            {
                int index = (layer * Directions) + direction;
                Tensor[] state = [.. states.Select(s => s?.Select(0, index) ?? Tensor.Zeros(stateShape.Remove(0), x.DType, x.Device))];
                outputs[direction] = RunDirection(sequence, _weights[index], state);
                for (int kind = 0; kind < last.Length; kind++)
                {
                    last[kind].Add(state[kind]);
                }
            }

            sequence = Directions == 1 ? outputs[0] : Tensor.Concat(outputs, 2);
            if (layer + 1 < NumLayers)
            {
                sequence = sequence.Dropout(_dropout, DropoutScope.IsOn(this), _generator);
            }
        }

        Tensor output = _batchFirst ? sequence.Transpose(0, 1) : sequence;
        return (ForwardTrace.Record(this, x, output), [.. last.Select(static l => Tensor.Stack([.. l]))]);
    }

    /// <summary>One time step: replaces the states by the next ones. <paramref name="fromInput"/> is [N, gates·hidden].</summary>
    private protected abstract void Step(Tensor fromInput, Tensor fromHidden, Tensor[] state);

    /// <summary>Gate <paramref name="index"/> of [N, gates·hidden], a view.</summary>
    private protected Tensor Gate(Tensor all, int index) => all.Narrow(1, index * HiddenSize, HiddenSize);

    private Tensor RunDirection(Tensor sequence, RecurrentWeights weights, Tensor[] state)
    {
        int length = sequence.Shape[0];
        if (length == 0)
        {
            return Tensor.Zeros([0, sequence.Shape[1], HiddenSize], sequence.DType, sequence.Device);
        }

        // The inputs' share of all gates at all times is one product; only the hidden state's has to wait for the step before.
        List<Tensor> fromInput = [];
        Unstack(sequence.Linear(weights.Input, weights.InputBias), fromInput);
        Tensor[] outputs = new Tensor[length];
        for (int step = 0; step < length; step++)
        {
            int time = weights.Reverse ? length - 1 - step : step;
            Step(fromInput[time], state[0].Linear(weights.Hidden, weights.HiddenBias), state);
            outputs[time] = state[0];
        }

        return Tensor.Stack(outputs);
    }

    /// <summary>
    /// The slices along the first axis, by repeated halving. The gradient of a slice is as large as the tensor that it was cut from: cutting all
    /// slices from the whole would make the backward pass quadratic in the length.
    /// </summary>
    private static void Unstack(Tensor whole, List<Tensor> slices)
    {
        int length = whole.Shape[0];
        if (length == 1)
        {
            slices.Add(whole.Squeeze(0));
            return;
        }

        Unstack(whole.Narrow(0, 0, length / 2), slices);
        Unstack(whole.Narrow(0, length / 2, length - (length / 2)), slices);
    }
}
