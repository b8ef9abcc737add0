namespace Engine.Nn;

/// <summary>
/// A network with dropout as the ensemble that it was trained as: dropout goes on at prediction, each pass is one of its thinned networks, and
/// the answers of several passes are averaged (Gal and Ghahramani 2016). Their spread shows how sure the network is.
/// </summary>
/// <remarks>
/// Everything but dropout behaves as the model's mode says: in <see cref="Layer.Predict"/> batch normalisation uses its running statistics. The model is not
/// changed. Averages and shapes are those of an <see cref="Ensemble"/>; x → the shape of the model's output.
/// </remarks>
/// <example><code>
/// MonteCarloDropout sampled = new(model, samples: 30);
/// Tensor p = sampled.Predict(x).Softmax(1);
/// </code></example>
public sealed partial class MonteCarloDropout : Layer
{
    private readonly int _samples;
    private readonly EnsembleOutput _output;

    /// <summary>Samples a model's thinned networks.</summary>
    /// <param name="model">A model with dropout.</param>
    /// <param name="samples">How many passes are averaged.</param>
    /// <param name="output">The kind of output of the model.</param>
    /// <exception cref="ArgumentException">There are no samples, more than the process has memory for, or no such output.</exception>
    public MonteCarloDropout(Layer model, int samples = 20, EnsembleOutput output = EnsembleOutput.Logits)
    {
        ArgumentNullException.ThrowIfNull(model);
        _output = Enum.IsDefined(output) ? output : throw new ArgumentOutOfRangeException(nameof(output), output, "MonteCarloDropout: there is no such output.");
        LayerArguments.Parts(nameof(MonteCarloDropout), samples, nameof(samples));
        (Model, _samples) = (model, samples);
    }

    /// <summary>The model.</summary>
    public Layer Model { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Intercepts ? Call(x) : ForwardTrace.Record(this, x, Ensemble.Average(nameof(MonteCarloDropout), Outputs(x), _output));
    }

    /// <summary>The outputs of all passes, one above the other: [samples, N, …].</summary>
    public Tensor Outputs(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        using DropoutScope dropping = DropoutScope.Begin();
        Tensor[] outputs = new Tensor[_samples];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = Model.Call(x);
        }

        return Tensor.Stack(outputs);
    }

    /// <inheritdoc/>
    public override string ToString() => $"MonteCarloDropout({_samples})";

    internal override bool KeepsNothing(int depth) => false;
}
