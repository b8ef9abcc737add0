namespace Engine.Nn;

/// <summary>The kind of output of the members of an ensemble, which decides how they are averaged.</summary>
public enum EnsembleOutput : byte
{
    /// <summary>Logits of classes along axis 1: probabilities are averaged.</summary>
    Logits,

    /// <summary>Numbers, which are averaged themselves.</summary>
    Values,
}

/// <summary>
/// Several models as one that answers with their average: networks that were trained from different start values err differently, and their
/// mean errs less (deep ensemble; Lakshminarayanan, Pritzel and Blundell 2017).
/// </summary>
/// <remarks>
/// <para>Of logits the answer is ln p̄, with p̄ the mean of the members' softmax along axis 1: a drop-in for logits, since softmax gives p̄ back and
/// <see cref="Losses.CrossEntropy(Tensor, Tensor)"/> is −ln p̄ of the true class. Its loss is at most the mean of the members' losses (the logarithm is
/// concave). Shapes: those of the members.</para>
/// <para>It computes one member after another; the members' parameters are its own, as <c>models.0</c>, <c>models.1</c>, …</para>
/// </remarks>
/// <example><code>
/// Ensemble ensemble = new(models);
/// Tensor p = ensemble.Predict(x).Softmax(1);
/// Tensor spread = ensemble.Outputs(x).Softmax(2).Var(0);             // how far the members disagree
/// </code></example>
public sealed partial class Ensemble : Layer
{
    private readonly EnsembleOutput _output;

    /// <summary>An ensemble of classifiers.</summary>
    /// <exception cref="ArgumentException">There are no models.</exception>
    public Ensemble(params IEnumerable<Layer> models)
        : this(EnsembleOutput.Logits, models)
    {
    }

    /// <summary>An ensemble of models with such outputs.</summary>
    /// <exception cref="ArgumentException">There are no models.</exception>
    public Ensemble(EnsembleOutput output, params IEnumerable<Layer> models)
    {
        Models = [.. Guard.NoNulls(models)];
        if (Models.Count == 0)
        {
            throw new ArgumentException("Ensemble: there are no models to average.", nameof(models));
        }

        _output = Enum.IsDefined(output) ? output : throw new ArgumentOutOfRangeException(nameof(output), output, "Ensemble: there is no such output.");
    }

    /// <summary>The members.</summary>
    public ModuleList<Layer> Models { get; }

    /// <inheritdoc/>
    /// <exception cref="ShapeMismatchException">The members' outputs have different shapes, or logits no axis 1.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Intercepts ? Call(x) : ForwardTrace.Record(this, x, Average(nameof(Ensemble), Outputs(x), _output));
    }

    /// <summary>The outputs of all members, one above the other: [members, N, …].</summary>
    /// <exception cref="ShapeMismatchException">They have different shapes.</exception>
    public Tensor Outputs(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Tensor.Stack([.. Models.Select(model => model.Call(x))]);
    }

    /// <inheritdoc/>
    public override string ToString() => $"Ensemble({Models.Count} × {Models[0].GetType().Name})";

    internal override bool KeepsNothing(int depth) => false;

    /// <summary>The average over axis 0.</summary>
    internal static Tensor Average(string op, Tensor outputs, EnsembleOutput output)
    {
        if (output == EnsembleOutput.Values)
        {
            return outputs.Mean(0);
        }

        return outputs.Rank >= 3
            ? outputs.LogSoftmax(2).LogSumExp(0) - Math.Log(outputs.Shape[0])
            : throw new ShapeMismatchException($"{op}: a model's output is {outputs.Shape.Remove(0)}; logits are [N, C, …]. For other numbers pass EnsembleOutput.Values.");
    }
}
