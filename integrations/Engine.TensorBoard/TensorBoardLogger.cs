using Engine.Nn;

namespace Engine.TensorBoard;

/// <summary>Writes a training run for TensorBoard, in the folders and under the tags that Keras uses.</summary>
/// <remarks>
/// <para><c>train</c>: <c>batch_loss</c> and <c>batch_learning_rate</c> by step; <c>epoch_loss</c>, <c>epoch_learning_rate</c> and metrics by epoch; the model as a
/// text; where asked for, histograms of <c>weights/NAME</c> and <c>gradients/NAME</c>. <c>validation</c>: <c>epoch_loss</c> and metrics, so that
/// TensorBoard draws both lines in one chart.</para>
/// <para>A run that goes on from a checkpoint writes further files into the same folders, which replace what was written of the later steps before. Once
/// the run has begun, a file that cannot be written any more does not end it: logging stops, and <see cref="Failure"/> tells why.</para>
/// <code>
/// Trainer trainer = new(model, optimizer, Losses.CrossEntropy) { Callbacks = [new TensorBoardLogger("runs/first")] };
/// // tensorboard --logdir runs
/// </code>
/// </remarks>
public sealed class TensorBoardLogger : Callback, IDisposable
{
    private const string ValidationPrefix = "val_";

    private readonly string _folder;
    private readonly int _everySteps;
    private readonly int _histogramEpochs;
    private readonly Func<string, long?, TimeProvider, SummaryWriter> _open;
    private SummaryWriter? _train;
    private SummaryWriter? _validation;

    /// <summary>Logs into a folder.</summary>
    /// <param name="folder">The folder of the run; it is made where it is missing.</param>
    /// <param name="everySteps">Loss and rate are written every so many steps, for each of which the host waits for the device.</param>
    /// <param name="histogramEpochs">Histograms are written every so many epochs; 0 for none.</param>
    public TensorBoardLogger(string folder, int everySteps = 10, int histogramEpochs = 0)
        : this(folder, everySteps, histogramEpochs, static (path, purgeStep, time) => new SummaryWriter(path, purgeStep, time))
    {
    }

    internal TensorBoardLogger(string folder, int everySteps, int histogramEpochs, Func<string, long?, TimeProvider, SummaryWriter> open)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(everySteps);
        ArgumentOutOfRangeException.ThrowIfNegative(histogramEpochs);
        (_folder, _everySteps, _histogramEpochs, _open) = (folder, everySteps, histogramEpochs, open);
    }

    /// <summary>Why nothing is written any more; null while all is well.</summary>
    public Exception? Failure { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="IOException">The files cannot be made; nothing has been trained yet.</exception>
    public override void OnTrainBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Dispose();
        Failure = null;
        long? purge = context.Step > 0 ? context.Step + 1 : null;
        _train = _open(Path.Combine(_folder, "train"), purge, context.Trainer.TimeProvider);
        _train.AddText("model", "```\n" + context.Model + "\n```", context.Step);
        _validation = context.LogNames.Any(static name => name.StartsWith(ValidationPrefix, StringComparison.Ordinal))
            ? _open(Path.Combine(_folder, "validation"), null, context.Trainer.TimeProvider)
            : null;
    }

    /// <inheritdoc/>
    public override void OnStepEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Step % _everySteps == 0)
        {
            Write(() =>
            {
                _train?.AddScalar("batch_loss", context.ReadLoss(), context.Step);
                _train?.AddScalar("batch_learning_rate", context.Optimizer.LearningRate, context.Step);
            });
        }
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Write(() =>
        {
            foreach ((string name, double value) in context.Logs)
            {
                bool isValidation = name.StartsWith(ValidationPrefix, StringComparison.Ordinal);
                (isValidation ? _validation : _train)?.AddScalar("epoch_" + (isValidation ? name[ValidationPrefix.Length..] : name), value, context.Epoch);
            }

            if (_histogramEpochs > 0 && (context.Epoch + 1) % _histogramEpochs == 0)
            {
                foreach ((string name, Tensor parameter) in context.Model.NamedParameters())
                {
                    AddHistogram("weights/" + name, parameter, context.Epoch);
                    AddHistogram("gradients/" + name, parameter.Grad, context.Epoch);
                }
            }

            _train?.Flush();
            _validation?.Flush();
        });
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(TrainingContext context) => Write(Dispose);

    /// <summary>Closes the files; a further run makes new ones.</summary>
    public void Dispose()
    {
        SummaryWriter? train = _train, validation = _validation;
        (_train, _validation) = (null, null);
        try
        {
            train?.Dispose();
        }
        finally
        {
            validation?.Dispose();
        }
    }

    private void AddHistogram(string tag, Tensor? tensor, long step)
    {
        if (tensor is { IsDisposed: false, ElementCount: > 0 } && tensor.ToArray<double>() is var values && Array.Exists(values, double.IsFinite))
        {
            _train?.AddHistogram(tag, values, step);
        }
    }

    /// <summary>A full disk is no reason to lose a run.</summary>
    private void Write(Action write)
    {
        if (Failure is not null)
        {
            return;
        }

        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failure = e;
            try
            {
                Dispose();
            }
            catch (Exception again) when (again is IOException or UnauthorizedAccessException)
            {
                // The same disk; the first error says it.
            }
        }
    }
}
