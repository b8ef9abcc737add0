namespace Engine;

/// <summary>Gradients as values, and functions with a gradient of their own.</summary>
public static partial class Autograd
{
    /// <summary>∂Σ(gradᵢ·outputᵢ)/∂inputⱼ for each input, without touching any <see cref="Tensor.Grad"/>.</summary>
    /// <param name="outputs">The results to differentiate.</param>
    /// <param name="inputs">The variables of the derivative; each must require a gradient.</param>
    /// <param name="gradients">The factors of the outputs; empty means 1 for each, which must then be a scalar.</param>
    /// <param name="retainGraph">Whether the graph can be walked again.</param>
    /// <param name="createGraph">Whether the gradients can be differentiated themselves, for second derivatives.</param>
    /// <returns>One gradient per input; null where no output depends on it.</returns>
    public static Tensor?[] Grad(
        ReadOnlySpan<Tensor> outputs, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor?> gradients = default, bool retainGraph = false, bool createGraph = false)
    {
        Guard.NoNulls(outputs);
        Guard.NoNulls(inputs);
        if (!gradients.IsEmpty && gradients.Length != outputs.Length)
        {
            throw new ArgumentException($"Autograd.Grad: there are {outputs.Length} outputs and {gradients.Length} gradients. Pass one for each (null for a scalar's 1), or none.", nameof(gradients));
        }

        return BackwardPass.Gradients(outputs, gradients, inputs, retainGraph, createGraph);
    }

    /// <summary>dy/dx of a scalar y.</summary>
    /// <exception cref="GradientException">y does not depend on x.</exception>
    public static Tensor Grad(Tensor output, Tensor input, bool retainGraph = false, bool createGraph = false)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        return BackwardPass.Gradients([output], default, [input], retainGraph, createGraph)[0]
            ?? throw new GradientException("Autograd.Grad: the output does not depend on the input.");
    }

    /// <summary>
    /// Looks at the result of every recorded step and at every gradient on this thread until disposed, and throws at the first that has a NaN
    /// or an infinity, naming the operation and the module that it is part of: <c>using var _ = Autograd.DetectAnomaly();</c>
    /// </summary>
    /// <remarks>
    /// Slow, as each look waits for the device: for finding a fault, not for training. Steps are seen that a gradient flows through; where their data, or
    /// a parameter, was bad already, the message says so. Modules are named when the model is called by <c>Call</c>, <c>Predict</c> or a trainer, otherwise
    /// as far as they are known. Not within a captured step. (torch.autograd.detect_anomaly looks for NaN in the backward pass only.)
    /// </remarks>
    /// <param name="infinities">Whether infinities count; false where they are meant, as in masks of attention.</param>
    /// <exception cref="AnomalyException">Thrown by the operation or the backward pass that made the first one.</exception>
    public static AnomalyScope DetectAnomaly(bool infinities = true) => new(infinities);

    /// <summary>The stretch of code in which <see cref="DetectAnomaly"/> is in force. The compiler refuses to carry it across an <c>await</c>.</summary>
    public ref struct AnomalyScope : IDisposable
    {
        private readonly bool _before;
        private bool _isOpen;

        internal AnomalyScope(bool infinities) => (_before, _isOpen) = (AnomalyMode.Begin(infinities), true);

        /// <summary>Ends the stretch.</summary>
        public void Dispose()
        {
            if (_isOpen)
            {
                _isOpen = false;
                AnomalyMode.End(_before);
            }
        }
    }
}

/// <summary>A function whose gradient is written by hand: derive, compute with tensor operations in both directions, call <see cref="Apply"/>.</summary>
/// <remarks>An instance is used once: <c>new MyFunction().Apply(x, w)</c>. Values for the backward pass go into <see cref="Save"/>.</remarks>
public abstract class CustomFunction
{
    private readonly List<SavedTensor> _saved = [];

    /// <summary>The name in graphs and messages; the type's unless overridden.</summary>
    protected virtual string Name => GetType().Name;

    /// <summary>Computes the result; nothing is recorded meanwhile.</summary>
    protected abstract Tensor Forward(ReadOnlySpan<Tensor> inputs);

    /// <summary>The gradients of the inputs, null for one that has none.</summary>
    protected abstract Tensor?[] Backward(Tensor dy);

    /// <summary>Keeps a tensor for <see cref="Backward"/>.</summary>
    protected void Save(params ReadOnlySpan<Tensor> tensors)
    {
        Guard.NoNulls(tensors);
        foreach (Tensor tensor in tensors)
        {
            _saved.Add(new SavedTensor(Name, tensor));
        }
    }

    /// <summary>A tensor kept by <see cref="Save"/>, in order.</summary>
    protected Tensor Saved(int i) => _saved[i].Value;

    /// <summary>Runs the function and records it.</summary>
    public Tensor Apply(params ReadOnlySpan<Tensor> inputs)
    {
        Guard.NoNulls(inputs);
        bool recorded = false;
        try
        {
            Tensor y;
            using (GradMode.Off())
            {
                y = Guard.Returned(Forward(inputs), Name, nameof(Forward));
            }

            // The caller disposes a tensor that the function only hands through, and keeps the input: it needs a handle of its own.
            y = IsNew(y, inputs) ? y : y.Detach();
            if (Tensor.ShouldTrack(inputs))
            {
                y.Record(new FunctionNode(this, inputs));
                recorded = true;
            }

            return y;
        }
        finally
        {
            if (!recorded)
            {
                ReleaseSaved();
            }
        }
    }

    /// <summary>Whether a result can carry the step of this function. An input that is handed through and a result with a history cannot.</summary>
    private static bool IsNew(Tensor y, ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs)
        {
            if (ReferenceEquals(y, input))
            {
                return false;
            }
        }

        return y.History is null;
    }

    private void ReleaseSaved()
    {
        foreach (SavedTensor saved in _saved)
        {
            saved.Release();
        }
    }

    private sealed class FunctionNode(CustomFunction function, ReadOnlySpan<Tensor> inputs) : GradNode([.. inputs])
    {
        public override string Name => function.Name;

        // The user's own code, which may count its calls.
        internal override bool CanProbe => false;

        internal override void Backward(Tensor dy, GradSink sink)
        {
            Tensor?[] gradients = Guard.Returned(function.Backward(dy), Name, nameof(Backward));
            for (int i = 0; i < gradients.Length; i++)
            {
                if (gradients[i] is { } gradient)
                {
                    sink.Add(i, gradient);
                }
            }
        }

        private protected override bool SavesValues => function._saved.Count > 0;

        private protected override void ReleaseSaved() => function.ReleaseSaved();
    }
}
