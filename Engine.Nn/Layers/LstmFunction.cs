namespace Engine.Nn;

/// <summary>All steps of an LSTM (<see cref="Lstm"/>). The result is [L + 1, N, H]: the hidden states by time, and behind them the last cell.</summary>
internal sealed class LstmFunction(bool reverse, bool keeps) : RecurrentFunction(reverse, keeps, states: 2)
{
    private const int Gates = RecurrentPrograms.LstmGates;

    protected override string Name => "Lstm";

    protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor x, Tensor weights, Tensor hidden, Tensor cell) = (inputs[Shares], inputs[Weights], inputs[Hidden], inputs[Cell]);
        Tensor? bias = Bias(inputs);
        (int length, int samples, int size) = (x.Shape[0], x.Shape[1], hidden.Shape[1]);
        using TensorScope scope = TensorScope.Begin();
        weights = ForSteps(weights, samples, length);
        Tensor y = Tensor.Empty([length + 1, samples, size], x.DType, x.Device);
        Tensor? gates = Keeps ? StepMemory(x, length, Gates * size) : null;
        Tensor cells = StepMemory(x, length, size);
        for (int step = 0; step < length; step++)
        {
            int time = TimeOf(step, length);
            using TensorScope temporaries = TensorScope.Begin();
            Tensor fromInput = x.Select(0, time), fromHidden = hidden.Linear(weights, bias);
            (Tensor nextHidden, Tensor nextCell) = (temporaries.Keep(y.Select(0, time)), temporaries.Keep(cells.Select(0, PlaceOf(time))));
            Tensor[] open = gates?.Select(0, time) is { } all ? [Gate(all, 0, size), Gate(all, 1, size), Gate(all, 2, size), Gate(all, 3, size)] : [];
            Pointwise.Into(
                [.. open, nextCell, nextHidden],
                Keeps ? RecurrentPrograms.LstmForward : RecurrentPrograms.LstmPredict,
                [
                    Gate(fromInput, 0, size), Gate(fromInput, 1, size), Gate(fromInput, 2, size), Gate(fromInput, 3, size),
                    Gate(fromHidden, 0, size), Gate(fromHidden, 1, size), Gate(fromHidden, 2, size), Gate(fromHidden, 3, size), cell,
                ]);
            (hidden, cell) = (nextHidden, nextCell);
        }

        y.Select(0, length).CopyFrom(cell);
        if (gates is not null)
        {
            SaveAll(inputs, scope.Keep(y.Detach()), scope.Keep(cells), scope.Keep(gates));
        }

        return scope.Keep(y);
    }

    private protected override Tensor Composed(Tensor[] inputs)
    {
        (Tensor x, Tensor hidden, Tensor cell) = (inputs[Shares], inputs[Hidden], inputs[Cell]);
        int length = x.Shape[0];
        Tensor[] rows = new Tensor[length + 1];
        for (int step = 0; step < length; step++)
        {
            int time = TimeOf(step, length);
            (hidden, cell) = Lstm.Next(x.Select(0, time) + hidden.Linear(inputs[Weights], Bias(inputs)), cell);
            rows[time] = hidden;
        }

        rows[length] = cell;
        return Tensor.Stack(rows);
    }

    private protected override Tensor?[] Gradients(Tensor dy)
    {
        (Tensor weights, Tensor firstHidden, Tensor firstCell) = (Saved(Weights), Saved(Hidden), Saved(Cell));
        (Tensor y, Tensor cells, Tensor gates) = (Kept(0), Kept(1), Kept(2));
        (int length, int samples, int size) = (gates.Shape[0], gates.Shape[1], firstHidden.Shape[1]);
        Tensor dz = Tensor.Empty(gates.Shape, gates.DType, gates.Device), dh = Tensor.Zeros([samples, size], gates.DType, gates.Device);
        Tensor dc = dy.Select(0, length).Clone();
        weights = ForStepsBack(weights, samples, length);
        for (int step = length - 1; step >= 0; step--)
        {
            int time = TimeOf(step, length);
            using TensorScope temporaries = TensorScope.Begin();
            Tensor open = gates.Select(0, time), shares = dz.Select(0, time);
            Pointwise.Into(
                [Gate(shares, 0, size), Gate(shares, 1, size), Gate(shares, 2, size), Gate(shares, 3, size), dc],
                RecurrentPrograms.LstmBackward,
                [
                    dy.Select(0, time), dh, dc, Gate(open, 0, size), Gate(open, 1, size), Gate(open, 2, size), Gate(open, 3, size),
                    step > 0 ? cells.Select(0, TimeOf(step - 1, length)) : firstCell, cells.Select(0, time),
                ]);
            dh = temporaries.Keep(shares.MatMul(weights));
        }

        Tensor dw = WeightGradient(dz, y, firstHidden);
        return HasBias ? [dz, dw, dh, dc, dz.Sum([0, 1])] : [dz, dw, dh, dc];
    }
}
