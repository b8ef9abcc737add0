namespace Engine.Nn;

/// <summary>
/// All steps of one layer and direction as one operation with a gradient of its own. A step is one product and one pointwise pass in each direction, and the
/// gradient of the weights is one product over all steps: a sum of a product for each step would be read and written as often.
/// </summary>
/// <remarks>Inputs: the input's share of all gates [L, N, gates·H], W [gates·H, H], the states [N, H], and perhaps a bias [gates·H].</remarks>
/// <param name="reverse">Whether the last step comes first.</param>
/// <param name="keeps">Whether what the gradient needs is kept of each step; without gradients one step's memory serves all.</param>
/// <param name="states">1 for the hidden state, 2 with a cell.</param>
internal abstract class RecurrentFunction(bool reverse, bool keeps, int states) : CustomFunction
{
    private protected const int Shares = 0, Weights = 1, Hidden = 2, Cell = 3;

    // With fewer samples a processor reads W as it lies, row by row; with fewer steps the copy costs more than it saves. Neither bound was measured closely.
    private const int FewestSamples = 16, FewestSteps = 4;

    // Elements between the rows of the copy, so that rows of a power of two do not meet in the same sets of a cache.
    private const int Gap = 16;

    private int _inputCount;

    private int BiasAt => Hidden + states;

    private protected bool Keeps => keeps;

    protected override Tensor?[] Backward(Tensor dy)
    {
        // Second derivatives go through the same steps as tensor operations.
        if (GradMode.IsEnabled)
        {
            return BackwardOf(dy);
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor?[] gradients = Gradients(dy);
        foreach (Tensor? gradient in gradients)
        {
            _ = gradient is null ? null : scope.Keep(gradient);
        }

        return gradients;
    }

    /// <summary>The same result in tensor operations, which record themselves.</summary>
    private protected abstract Tensor Composed(Tensor[] inputs);

    private protected abstract Tensor?[] Gradients(Tensor dy);

    private protected Tensor? Bias(ReadOnlySpan<Tensor> inputs) => inputs.Length > BiasAt ? inputs[BiasAt] : null;

    /// <summary>Saves the inputs first, so that <c>Saved</c> gives them by their places.</summary>
    private protected void SaveAll(ReadOnlySpan<Tensor> inputs, params ReadOnlySpan<Tensor> others)
    {
        _inputCount = inputs.Length;
        Save(inputs);
        Save(others);
    }

    /// <summary>What <see cref="SaveAll"/> kept beside the inputs.</summary>
    private protected Tensor Kept(int i) => Saved(_inputCount + i);

    private protected bool HasBias => _inputCount > BiasAt;

    /// <summary>The time of a step.</summary>
    private protected int TimeOf(int step, int length) => reverse ? length - 1 - step : step;

    /// <summary>Memory for something of each step, or of one where nothing is kept.</summary>
    private protected Tensor StepMemory(Tensor x, int length, int size) => Tensor.Empty([keeps ? length : 1, x.Shape[1], size], x.DType, x.Device);

    /// <summary>
    /// W, in memory as a processor multiplies by it without turning it at each step: infer/gru_2x256 55 ms instead of 61 and lstm_2x256 78 instead of 83 on Zen 3
    /// (one thread; without the gap the LSTM takes longer than before).
    /// </summary>
    private protected static Tensor ForSteps(Tensor weights, int samples, int length) => Pays(weights, samples, length) ? Spaced(weights.T).T : weights;

    /// <summary>The same for the steps back, which multiply by W as it lies, but for the gap.</summary>
    private protected static Tensor ForStepsBack(Tensor weights, int samples, int length) => Pays(weights, samples, length) ? Spaced(weights) : weights;

    private static bool Pays(Tensor weights, int samples, int length) => weights.Device is HostDevice && samples >= FewestSamples && length >= FewestSteps;

    private static Tensor Spaced(Tensor matrix)
    {
        Tensor copy = Tensor.Empty([matrix.Shape[0], matrix.Shape[1] + Gap], matrix.DType, matrix.Device).Narrow(1, 0, matrix.Shape[1]);
        copy.CopyFrom(matrix);
        return copy;
    }

    /// <summary>Where a time lies in such memory.</summary>
    private protected int PlaceOf(int time) => keeps ? time : 0;

    private protected static Tensor Gate(Tensor all, int index, int size) => all.Narrow(1, index * size, size);

    /// <summary>dW = Σ dzₜᵀ·hₜ₋₁ from the gradients of the hidden state's shares [L, N, gates·H] and the outputs [L, N, H].</summary>
    private protected Tensor WeightGradient(Tensor dz, Tensor outputs, Tensor first)
    {
        int length = dz.Shape[0], later = length - 1;
        Tensor gradient = dz.Select(0, TimeOf(0, length)).T.MatMul(first);
        if (later == 0)
        {
            return gradient;
        }

        Tensor shares = dz.Narrow(0, reverse ? 0 : 1, later), before = outputs.Narrow(0, reverse ? 1 : 0, later);
        return gradient + shares.Reshape(later * dz.Shape[1], dz.Shape[2]).T.MatMul(before.Reshape(later * outputs.Shape[1], outputs.Shape[2]));
    }

    private Tensor?[] BackwardOf(Tensor dy)
    {
        Tensor[] inputs = [.. Enumerable.Range(0, _inputCount).Select(Saved)];
        Tensor[] variables = [.. inputs.Where(static input => input.RequiresGrad)];
        Tensor?[] found = Autograd.Grad([Composed(inputs)], variables, [dy], retainGraph: true, createGraph: true);
        int next = 0;
        return [.. inputs.Select(input => input.RequiresGrad ? found[next++] : null)];
    }
}
