namespace Engine.Nn;

/// <summary>All steps of a GRU (<see cref="Gru"/>). The result is [L, N, H], the hidden states by time.</summary>
internal sealed class GruFunction(bool reverse, bool keeps) : RecurrentFunction(reverse, keeps, states: 1)
{
    private const int Gates = RecurrentPrograms.GruGates;

    protected override string Name => "Gru";

    protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor x, Tensor weights, Tensor hidden) = (inputs[Shares], inputs[Weights], inputs[Hidden]);
        Tensor? bias = Bias(inputs);
        (int length, int samples, int size) = (x.Shape[0], x.Shape[1], hidden.Shape[1]);
        using TensorScope scope = TensorScope.Begin();
        weights = ForSteps(weights, samples, length);
        Tensor y = Tensor.Empty([length, samples, size], x.DType, x.Device);

        // The gates r, z, n, and the hidden state's share of n, which r multiplies.
        Tensor? kept = Keeps ? StepMemory(x, length, (Gates + 1) * size) : null;
        for (int step = 0; step < length; step++)
        {
            int time = TimeOf(step, length);
            using TensorScope temporaries = TensorScope.Begin();
            Tensor fromInput = x.Select(0, time), fromHidden = hidden.Linear(weights, bias);
            Tensor next = temporaries.Keep(y.Select(0, time));
            Tensor[] open = kept?.Select(0, time) is { } all ? [Gate(all, 0, size), Gate(all, 1, size), Gate(all, 2, size), Gate(all, 3, size)] : [];
            Pointwise.Into(
                [.. open, next],
                Keeps ? RecurrentPrograms.GruForward : RecurrentPrograms.GruPredict,
                [
                    Gate(fromInput, 0, size), Gate(fromInput, 1, size), Gate(fromInput, 2, size),
                    Gate(fromHidden, 0, size), Gate(fromHidden, 1, size), Gate(fromHidden, 2, size), hidden,
                ]);
            hidden = next;
        }

        if (kept is not null)
        {
            SaveAll(inputs, scope.Keep(y.Detach()), scope.Keep(kept));
        }

        return scope.Keep(y);
    }

    private protected override Tensor Composed(Tensor[] inputs)
    {
        (Tensor x, Tensor hidden) = (inputs[Shares], inputs[Hidden]);
        Tensor[] rows = new Tensor[x.Shape[0]];
        for (int step = 0; step < rows.Length; step++)
        {
            int time = TimeOf(step, rows.Length);
            hidden = rows[time] = Gru.Next(x.Select(0, time), hidden.Linear(inputs[Weights], Bias(inputs)), hidden);
        }

        return Tensor.Stack(rows);
    }

    private protected override Tensor?[] Gradients(Tensor dy)
    {
        (Tensor weights, Tensor first, Tensor y, Tensor kept) = (Saved(Weights), Saved(Hidden), Kept(0), Kept(1));
        (int length, int samples, int size) = (y.Shape[0], y.Shape[1], y.Shape[2]);
        Shape shares = [length, samples, Gates * size];
        Tensor fromInput = Tensor.Empty(shares, y.DType, y.Device), fromHidden = Tensor.Empty(shares, y.DType, y.Device);

        // What h gives to its gates, and what it gives to the next state beside them.
        Tensor throughGates = Tensor.Zeros([samples, size], y.DType, y.Device), direct = Tensor.Zeros([samples, size], y.DType, y.Device);
        weights = ForStepsBack(weights, samples, length);
        for (int step = length - 1; step >= 0; step--)
        {
            int time = TimeOf(step, length);
            using TensorScope temporaries = TensorScope.Begin();
            Tensor open = kept.Select(0, time), dx = fromInput.Select(0, time), dz = fromHidden.Select(0, time);
            Pointwise.Into(
                [Gate(dx, 0, size), Gate(dx, 1, size), Gate(dx, 2, size), Gate(dz, 0, size), Gate(dz, 1, size), Gate(dz, 2, size), direct],
                RecurrentPrograms.GruBackward,
                [
                    dy.Select(0, time), throughGates, direct, Gate(open, 0, size), Gate(open, 1, size), Gate(open, 2, size), Gate(open, 3, size),
                    step > 0 ? y.Select(0, TimeOf(step - 1, length)) : first,
                ]);
            throughGates = temporaries.Keep(dz.MatMul(weights));
        }

        Tensor dw = WeightGradient(fromHidden, y, first), dh = throughGates + direct;
        return HasBias ? [fromInput, dw, dh, fromHidden.Sum([0, 1])] : [fromInput, dw, dh];
    }
}
