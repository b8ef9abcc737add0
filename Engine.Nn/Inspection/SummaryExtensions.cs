namespace Engine.Nn;

/// <summary>The summary of a layer from the shape of its input.</summary>
public static class SummaryExtensions
{
    /// <summary>The summary of a module of any inputs: <c>model.Summary(() => model.Forward(image, table))</c>.</summary>
    /// <param name="module">The module, which is not changed.</param>
    /// <param name="run">Calls it.</param>
    public static ModelSummary Summary(this Module module, Action run) => ModelSummary.Of(module, run);

    /// <summary>The summary of a trainer's model, of any inputs, from a batch.</summary>
    /// <param name="trainer">The trainer, whose function of a batch is called.</param>
    /// <param name="batch">The inputs; targets are needed only where that function asks for them.</param>
    /// <exception cref="InvalidOperationException">The batch has more or fewer inputs than that function asks for.</exception>
    public static ModelSummary Summary(this Trainer trainer, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        return ModelSummary.Of(trainer.Model, () => _ = trainer.ForwardInPrecision(batch));
    }

    /// <summary>Runs the layer once on a batch and lists the output of every module in it.</summary>
    /// <param name="layer">The layer, which is not changed.</param>
    /// <param name="input">A batch of its inputs.</param>
    public static ModelSummary Summary(this Layer layer, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(input);
        return ModelSummary.Of(layer, () => layer.Forward(input));
    }

    /// <summary>How long each layer takes on a batch, forward.</summary>
    /// <param name="layer">The layer, which is not changed.</param>
    /// <param name="input">A batch of its inputs.</param>
    /// <param name="runs">How often it is measured, from 1 to 1000, after one run that is not.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no run, or there are too many.</exception>
    public static ModelProfile Profile(this Layer layer, Tensor input, int runs = 5)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(input);
        return ModelProfile.Of(layer, () => layer.Forward(input), runs);
    }

    /// <summary>Runs the layer once on zeros of the given shape and lists the output of every module in it.</summary>
    /// <param name="layer">The layer, which is not changed.</param>
    /// <param name="input">The shape of a batch, such as [1, 1, 28, 28].</param>
    /// <param name="dtype">The type of the input: that of the parameters unless given; int64 for an embedding.</param>
    public static ModelSummary Summary(this Layer layer, Shape input, DType? dtype = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        Tensor? parameter = layer.Parameters.FirstOrDefault();
        return ModelSummary.Of(layer, () => layer.Forward(Tensor.Zeros(input, dtype ?? parameter?.DType ?? DType.Float32, parameter?.Device)));
    }
}
