namespace Engine.Nn;

/// <summary>The mean over all samples of something that a function computes of a batch.</summary>
/// <remarks>
/// Let the function give the values of the samples rather than their mean: then a prediction [N, 1] beside targets [N], whose difference is
/// that of all N² pairs, is found out.
/// </remarks>
/// <example><code>Metric error = new Mean("mae", (y, t) => (y - t).Abs());</code></example>
public sealed class Mean : Metric
{
    private readonly Func<Tensor, Tensor, Tensor>? _value;
    private readonly Func<Tensors, Batch, Tensor>? _valueOfBatch;
    private readonly RunningSum _sum = new();
    private long _samples;

    /// <summary>Names the metric and its function.</summary>
    /// <param name="name">The name in logs.</param>
    /// <param name="value">Of prediction and target; where it is not a scalar its mean is taken.</param>
    public Mean(string name, Func<Tensor, Tensor, Tensor> value)
        : base(name)
    {
        ArgumentNullException.ThrowIfNull(value);
        _value = value;
    }

    private Mean(string name, Func<Tensors, Batch, Tensor> value)
        : base(name) => _valueOfBatch = value;

    /// <summary>A mean of something that several outputs, targets or inputs decide, or that has no target.</summary>
    /// <param name="name">The name in logs.</param>
    /// <param name="value">Of the model's outputs and the batch; where it is not a scalar its mean is taken.</param>
    /// <example><code>Metric error = Mean.OfBatch("reconstruction", (y, batch) => (y.Single - batch.Inputs).Abs());</code></example>
    public static Mean OfBatch(string name, Func<Tensors, Batch, Tensor> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new Mean(name, value);
    }

    /// <inheritdoc/>
    public override double Compute() => _sum.Read() / _samples;

    /// <inheritdoc/>
    public override void Reset()
    {
        _sum.Reset();
        _samples = 0;
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _sum.Save(state, "sum");
        state.Set("samples", _samples);
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _sum.Load(state, "sum");
        _samples = state.Count("samples");
    }

    /// <inheritdoc/>
    public override Metric Fresh() => _value is null ? new Mean(Name, _valueOfBatch!) : new Mean(Name, _value);

    /// <inheritdoc/>
    protected override void Accumulate(Tensor prediction, Tensor target)
    {
        if (_value is null)
        {
            Accumulate(prediction, new Batch(prediction, target));
            return;
        }

        int samples = prediction.Shape[0];
        if (samples == 0)
        {
            return;
        }

        Tensor value = Guard.Returned(_value(prediction, target), Name, "the metric's function");
        if (value.ElementCount > Math.Max(prediction.ElementCount, target.ElementCount) && prediction.Shape != target.Shape
            && Shape.TryBroadcast(prediction.Shape, target.Shape, out Shape pairs) && pairs == value.Shape)
        {
            throw new ShapeMismatchException(
                $"{Name}: prediction is {prediction.Shape}, target is {target.Shape}; the metric's function compares each with many ({value.Shape}). Squeeze or reshape one of them.");
        }

        Add(value, samples);
    }

    /// <inheritdoc/>
    protected override void Accumulate(Tensors predictions, Batch batch)
    {
        if (_valueOfBatch is null)
        {
            base.Accumulate(predictions, batch);
        }
        else if (batch.Count > 0)
        {
            Add(Guard.Returned(_valueOfBatch(predictions, batch), Name, "the metric's function"), batch.Count);
        }
    }

    private void Add(Tensor value, int samples)
    {
        _sum.Add(value.ElementCount == 1 ? value : value.Mean(), samples);
        _samples += samples;
    }
}
