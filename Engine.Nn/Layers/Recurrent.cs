namespace Engine.Nn;

/// <summary>The common part of <see cref="Rnn"/>, <see cref="Lstm"/> and <see cref="Gru"/>: stacked layers, one or two directions, PyTorch's names and gate order.</summary>
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
        int gates, int inputSize, int hiddenSize, int numLayers, bool bias, bool batchFirst, double dropout, bool bidirectional, int projSize, Generator? generator)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hiddenSize);
        ArgumentOutOfRangeException.ThrowIfNegative(projSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(projSize, hiddenSize);
        LayerArguments.Parts(GetType().Name, numLayers, nameof(numLayers));
        LayerArguments.Probability(GetType().Name, dropout);
        (_inputSize, HiddenSize, _batchFirst, _dropout, _generator) = (inputSize, hiddenSize, batchFirst, dropout, generator);
        OutputSize = projSize > 0 ? projSize : hiddenSize;
        Directions = bidirectional ? 2 : 1;
        for (int layer = 0; layer < numLayers; layer++)
        {
            for (int direction = 0; direction < Directions; direction++)
            {
                int size = layer == 0 ? inputSize : OutputSize * Directions;
                _weights.Add(new RecurrentWeights(layer, direction == 1, size, hiddenSize, projSize, gates, bias, generator));
            }
        }
    }

    /// <summary>The length of the hidden state, before the projection if there is one.</summary>
    public int HiddenSize { get; }

    /// <summary>The number of stacked layers.</summary>
    public int NumLayers => _weights.Count / Directions;

    /// <summary>2 if the sequence is read backwards too, otherwise 1.</summary>
    public int Directions { get; }

    /// <summary>The length of one direction's output.</summary>
    private protected int OutputSize { get; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{GetType().Name}({_inputSize} → {OutputSize * Directions}{(NumLayers > 1 ? $", {NumLayers} layers" : string.Empty)}{(Directions > 1 ? ", both directions" : string.Empty)})";

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
        (long)input[0] * input[1] * _weights.Sum(static w => w.Input.ElementCount + w.Hidden.ElementCount + (w.Projection?.ElementCount ?? 0));

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
        int samples = sequence.Shape[1];
        CheckStates(x, samples, states);
        (sequence, Tensor[] last) = RunLayers(sequence, x, samples, states, 2, (layerInput, weights, state) => RunDirection(layerInput, weights, state));
        Tensor output = _batchFirst ? sequence.Transpose(0, 1) : sequence;
        return (ForwardTrace.Record(this, x, output), last);
    }

    /// <summary>As <see cref="Run(Tensor, Tensor?[])"/>, for sequences of several lengths; states are in the order of the samples as they were packed.</summary>
    private protected (PackedSequence Output, Tensor[] Last) Run(PackedSequence x, Tensor?[] states)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Data.Rank != 2 || x.Data.Shape[1] != _inputSize)
        {
            throw new ShapeMismatchException($"{GetType().Name}: the data of the packed sequence is {x.Data.Shape}; it must be [sum of lengths, {_inputSize}] (inputSize: {_inputSize}).");
        }

        Guard.ProductTypes(GetType().Name, x.Data, _weights[0].Input, "weight");
        int samples = x.BatchSizes[0];
        CheckStates(x.Data, samples, states);
        Tensor?[] sorted = [.. states.Select(s => x.SortedIndices is null ? s : s?.IndexSelect(1, x.SortedIndices))];
        (Tensor data, Tensor[] last) = RunLayers(x.Data, x.Data, samples, sorted, 1, (layerInput, weights, state) => RunDirection(layerInput, x.BatchSizes, weights, state));
        Tensor[] unsorted = x.UnsortedIndices is { } order ? [.. last.Select(s => s.IndexSelect(1, order))] : last;
        return (x.With(data), unsorted);
    }

    private (Tensor Output, Tensor[] Last) RunLayers(
        Tensor sequence, Tensor like, int samples, Tensor?[] states, int featureAxis, Func<Tensor, RecurrentWeights, Tensor[], Tensor> runDirection)
    {
        List<Tensor>[] last = [.. states.Select(static _ => new List<Tensor>())];
        for (int layer = 0; layer < NumLayers; layer++)
        {
            Tensor[] outputs = new Tensor[Directions];
            for (int direction = 0; direction < Directions; direction++)
            {
                int index = (layer * Directions) + direction;
                Tensor[] state = [.. states.Select((s, kind) => s?.Select(0, index) ?? Tensor.Zeros([samples, StateSize(kind)], like.DType, like.Device))];
                outputs[direction] = runDirection(sequence, _weights[index], state);
                for (int kind = 0; kind < last.Length; kind++)
                {
                    last[kind].Add(state[kind]);
                }
            }

            sequence = Directions == 1 ? outputs[0] : Tensor.Concat(outputs, featureAxis);
            if (layer + 1 < NumLayers)
            {
                sequence = sequence.Dropout(_dropout, DropoutScope.IsOn(this), _generator);
            }
        }

        return (sequence, [.. last.Select(static l => Tensor.Stack([.. l]))]);
    }

    /// <summary>One time step: replaces the states by the next ones. <paramref name="fromInput"/> is [N, gates·hidden].</summary>
    private protected abstract void Step(Tensor fromInput, Tensor fromHidden, Tensor[] state, Tensor? projection);

    /// <summary>All steps as one operation, where there is such a thing; it keeps what a gradient needs or not.</summary>
    private protected virtual RecurrentFunction? AllSteps(bool reverse, bool keeps) => null;

    /// <summary>The hidden state may be a projection; a cell's state is not.</summary>
    private int StateSize(int kind) => kind == 0 ? OutputSize : HiddenSize;

    private void CheckStates(Tensor x, int samples, Tensor?[] states)
    {
        for (int kind = 0; kind < states.Length; kind++)
        {
            if (states[kind] is not { } state)
            {
                continue;
            }

            Shape shape = [_weights.Count, samples, StateSize(kind)];
            if (state.Shape != shape)
            {
                throw new ShapeMismatchException($"{GetType().Name}: x is {x.Shape}, the given state {state.Shape}; it must be {shape} (layers · directions, N, hidden).");
            }

            Guard.ProductTypes(GetType().Name, state, x, "x", "state");
        }
    }

    private Tensor RunDirection(Tensor sequence, RecurrentWeights weights, Tensor[] state)
    {
        int length = sequence.Shape[0];
        if (length == 0)
        {
            return Tensor.Zeros([0, sequence.Shape[1], OutputSize], sequence.DType, sequence.Device);
        }

        // The inputs' share of all gates at all times is one product; only the hidden state's has to wait for the step before.
        Tensor shares = sequence.Linear(weights.Input, weights.InputBias);
        if (IsPlain(shares, weights, state) && AllSteps(weights.Reverse, keeps: GradMode.IsEnabled) is { } function)
        {
            Tensor y = function.Apply([shares, weights.Hidden, .. state, .. weights.HiddenBias is { } bias ? (Tensor[])[bias] : []]);
            state[0] = y.Select(0, weights.Reverse ? 0 : length - 1);
            if (state.Length == 1)
            {
                return y;
            }

            state[1] = y.Select(0, length);
            return y.Narrow(0, 0, length);
        }

        List<Tensor> fromInput = [];
        Unstack(shares, fromInput);
        Tensor[] outputs = new Tensor[length];
        for (int step = 0; step < length; step++)
        {
            int time = weights.Reverse ? length - 1 - step : step;
            Step(fromInput[time], state[0].Linear(weights.Hidden, weights.HiddenBias), state, weights.Projection);
            outputs[time] = state[0];
        }

        return Tensor.Stack(outputs);
    }

    /// <summary>Whether one type holds for all, and the hidden state is what the cell gives.</summary>
    private static bool IsPlain(Tensor shares, RecurrentWeights weights, Tensor[] state) =>
        weights.Projection is null && shares.DType is (DType.Float32 or DType.Float64) && weights.Hidden.DType == shares.DType && state.All(s => s.DType == shares.DType) && Autocast.Type is null;

    /// <summary>
    /// Sequences that end at different times: at each step only those that are still there, which are the first rows. Forwards rows leave and their states
    /// are the last ones; backwards rows come in with the states from before.
    /// </summary>
    private Tensor RunDirection(Tensor data, IReadOnlyList<int> batchSizes, RecurrentWeights weights, Tensor[] state)
    {
        int length = batchSizes.Count;
        int[] starts = new int[length + 1];
        for (int i = 0; i < length; i++)
        {
            starts[i + 1] = starts[i] + batchSizes[i];
        }

        List<Tensor> fromInput = [];
        Unpack(data.Linear(weights.Input, weights.InputBias), starts, 0, length, fromInput);
        Tensor[] before = [.. state], outputs = new Tensor[length];
        List<Tensor>[] ended = [.. state.Select(static _ => new List<Tensor>())];
        int rows = weights.Reverse ? 0 : batchSizes[0];
        for (int step = 0; step < length; step++)
        {
            int time = weights.Reverse ? length - 1 - step : step, size = batchSizes[time];
            for (int kind = 0; kind < state.Length && size != rows; kind++)
            {
                if (size < rows)
                {
                    ended[kind].Add(state[kind].Narrow(0, size, rows - size));
                    state[kind] = state[kind].Narrow(0, 0, size);
                }
                else
                {
                    Tensor entering = before[kind].Narrow(0, rows, size - rows);
                    state[kind] = rows == 0 ? entering : Tensor.Concat([state[kind], entering]);
                }
            }

            rows = size;
            Step(fromInput[time], state[0].Linear(weights.Hidden, weights.HiddenBias), state, weights.Projection);
            outputs[time] = state[0];
        }

        for (int kind = 0; kind < state.Length; kind++)
        {
            if (ended[kind].Count > 0)
            {
                state[kind] = Tensor.Concat([state[kind], .. Enumerable.Reverse(ended[kind])]);
            }
        }

        return Tensor.Concat(outputs);
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

    /// <summary>Likewise for the rows of steps <paramref name="first"/> to <paramref name="end"/>, which begin at the given starts.</summary>
    private static void Unpack(Tensor whole, int[] starts, int first, int end, List<Tensor> slices)
    {
        if (end - first == 1)
        {
            slices.Add(whole);
            return;
        }

        int middle = (first + end) / 2;
        Unpack(whole.Narrow(0, 0, starts[middle] - starts[first]), starts, first, middle, slices);
        Unpack(whole.Narrow(0, starts[middle] - starts[first], starts[end] - starts[middle]), starts, middle, end, slices);
    }
}
