namespace Engine.Nn;

/// <summary>Code that is called at the events of a training run. Override the events that you need.</summary>
/// <remarks>
/// Callbacks are called in the order of <see cref="Trainer.Callbacks"/>, on the thread that trains, between whole steps: parameters may be
/// read and changed. An exception from one ends the run. State that a resumed run needs goes into <see cref="Save"/>.
/// </remarks>
public abstract class Callback
{
    /// <summary>The name under which state is saved; two of one name are told apart by their order.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>Before the first epoch of a call of <see cref="Trainer.Fit"/>, of a resumed run too.</summary>
    public virtual void OnTrainBegin(TrainingContext context)
    {
    }

    /// <summary>After the last epoch, or when the run was stopped or cancelled (<see cref="TrainingContext.End"/>); not after an error.</summary>
    public virtual void OnTrainEnd(TrainingContext context)
    {
    }

    /// <summary>Before the first batch of an epoch, or where it goes on from its middle.</summary>
    public virtual void OnEpochBegin(TrainingContext context)
    {
    }

    /// <summary>After the last batch of an epoch and its validation; <see cref="TrainingContext.Logs"/> holds the figures.</summary>
    public virtual void OnEpochEnd(TrainingContext context)
    {
    }

    /// <summary>After figures were taken in the middle of an epoch (<see cref="Trainer.ValidateEvery"/>); <see cref="TrainingContext.Logs"/> holds them.</summary>
    public virtual void OnValidationEnd(TrainingContext context)
    {
    }

    /// <summary>After each mini-batch; with gradient accumulation several of them make a step.</summary>
    public virtual void OnBatchEnd(TrainingContext context)
    {
    }

    /// <summary>After each update of the parameters.</summary>
    public virtual void OnStepEnd(TrainingContext context)
    {
    }

    /// <summary>Writes the state that a resumed run needs.</summary>
    public virtual void Save(TrainingState state)
    {
    }

    /// <summary>Goes to a saved state.</summary>
    public virtual void Load(TrainingState state)
    {
    }
}

/// <summary>A callback made of lambdas.</summary>
/// <example><code>new LambdaCallback { EpochEnd = c => Console.WriteLine(c.Logs["loss"]) }</code></example>
public sealed class LambdaCallback : Callback
{
    /// <summary>For <see cref="OnTrainBegin"/>.</summary>
    public Action<TrainingContext>? TrainBegin { get; init; }

    /// <summary>For <see cref="OnTrainEnd"/>.</summary>
    public Action<TrainingContext>? TrainEnd { get; init; }

    /// <summary>For <see cref="OnEpochBegin"/>.</summary>
    public Action<TrainingContext>? EpochBegin { get; init; }

    /// <summary>For <see cref="OnEpochEnd"/>.</summary>
    public Action<TrainingContext>? EpochEnd { get; init; }

    /// <summary>For <see cref="OnValidationEnd"/>.</summary>
    public Action<TrainingContext>? ValidationEnd { get; init; }

    /// <summary>For <see cref="OnBatchEnd"/>.</summary>
    public Action<TrainingContext>? BatchEnd { get; init; }

    /// <summary>For <see cref="OnStepEnd"/>.</summary>
    public Action<TrainingContext>? StepEnd { get; init; }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        TrainBegin?.Invoke(context);
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        TrainEnd?.Invoke(context);
    }

    /// <inheritdoc/>
    public override void OnEpochBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        EpochBegin?.Invoke(context);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        EpochEnd?.Invoke(context);
    }

    /// <inheritdoc/>
    public override void OnValidationEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        ValidationEnd?.Invoke(context);
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        BatchEnd?.Invoke(context);
    }

    /// <inheritdoc/>
    public override void OnStepEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        StepEnd?.Invoke(context);
    }
}
