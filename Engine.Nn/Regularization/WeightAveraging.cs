namespace Engine.Nn;

/// <summary>
/// Averages the weights of a run (EMA after every step, SWA after the last epochs) and gives the model the averages at its end. A resumed
/// run goes on averaging.
/// </summary>
/// <remarks>
/// Figures of validation data are those of the model's own weights; <c>using (average.Apply())</c> measures with the averages. Beside an
/// <see cref="EarlyStopping"/> that restores the best weights, the later of the two callbacks has the last word.
/// </remarks>
/// <example><code>
/// Callbacks = [new WeightAveraging(AveragedModel.Ema(model, 0.999))]
/// Callbacks = [new WeightAveraging(AveragedModel.Swa(model), ScheduleUnit.Epoch, start: 15) { BatchNormData = train }]
/// </code></example>
public sealed class WeightAveraging : Callback
{
    private readonly ScheduleUnit _unit;
    private readonly int _start;
    private readonly int _every;

    /// <summary>Averages during a run.</summary>
    /// <param name="average">The averages, of the trainer's own model.</param>
    /// <param name="unit">Whether an update follows each step or each epoch.</param>
    /// <param name="start">How many steps or epochs are trained before the first update.</param>
    /// <param name="every">How many steps or epochs lie between two updates.</param>
    /// <exception cref="ArgumentOutOfRangeException">The start is negative or the distance not positive.</exception>
    public WeightAveraging(AveragedModel average, ScheduleUnit unit = ScheduleUnit.Step, int start = 0, int every = 1)
    {
        ArgumentNullException.ThrowIfNull(average);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        (Average, _unit, _start, _every) = (average, unit, start, Hyper.Count(every, owner: nameof(WeightAveraging)));
    }

    /// <summary>The averages.</summary>
    public AveragedModel Average { get; }

    /// <summary>
    /// Whether the model has the averages when the run has ended, unless it was cancelled or no update was made. What <see cref="Trainer.Fit"/>
    /// trains after that begins from them. True by default.
    /// </summary>
    public bool ApplyAtEnd { get; init; } = true;

    /// <summary>
    /// Data from which the running statistics of batch normalisation are computed anew for the averages at the end
    /// (<see cref="RegularizationExtensions.UpdateBatchNorm{T}"/>): those that the model has belong to its own weights. Null to keep them.
    /// </summary>
    public IBatchSource? BatchNormData { get; init; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The averages are of another model than the trainer's.</exception>
    public override void OnTrainBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!ReferenceEquals(Average.Model, context.Model))
        {
            throw new InvalidOperationException($"{Name}: the averages are of another {Average.Model.GetType().Name} than the one that is trained. Make them of trainer.Model.");
        }
    }

    /// <inheritdoc/>
    public override void OnStepEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_unit == ScheduleUnit.Step)
        {
            UpdateAt(context.Step);
        }
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_unit == ScheduleUnit.Epoch)
        {
            UpdateAt(context.Epoch + 1L);
        }
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!ApplyAtEnd || Average.Updates == 0 || context.End == TrainingEnd.Cancelled)
        {
            return;
        }

        Average.CopyTo(context.Model);
        if (BatchNormData is { } data)
        {
            context.Model.UpdateBatchNorm(context.Trainer.ForwardInPrecision, data);
        }
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state) => Average.Save(state);

    /// <inheritdoc/>
    public override void Load(TrainingState state) => Average.Load(state);

    /// <summary>After this many steps or epochs.</summary>
    private void UpdateAt(long done)
    {
        if (done > _start && (done - _start - 1) % _every == 0)
        {
            Average.Update();
        }
    }
}
