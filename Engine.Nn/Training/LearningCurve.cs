namespace Engine.Nn;

/// <summary>
/// Loss and metrics on the training and the validation data, over the size of the training data or over the epochs. Where both stay high the
/// model underfits; where they part it overfits; where they still approach each other with more data, more data helps.
/// </summary>
/// <example><code>
/// LearningCurve curve = LearningCurve.Run(train, validation, [50, 100, 200, 400], _ => NewTrainer(), epochs: 30);
/// report.AddLines("Learning curve", curve.Axis, [new("train", curve.X, curve.Train("loss")), new("validation", curve.X, curve.Validation("loss"))]);
/// </code></example>
public sealed class LearningCurve
{
    private LearningCurve(string axis, IReadOnlyList<LearningCurvePoint> points) => (Axis, Points) = (axis, points);

    /// <summary>The unit of <see cref="X"/>: <c>samples</c> or <c>epoch</c>.</summary>
    public string Axis { get; }

    /// <summary>The points in order.</summary>
    public IReadOnlyList<LearningCurvePoint> Points { get; }

    /// <summary>The numbers of samples, or of epochs done.</summary>
    public IReadOnlyList<double> X => [.. Points.Select(static p => p.X)];

    /// <summary>
    /// Trains a fresh model on each number of samples, the first ones of one random order, and measures it on these and on the validation data.
    /// </summary>
    /// <param name="train">The samples to train on.</param>
    /// <param name="validation">The samples to evaluate on.</param>
    /// <param name="sizes">How many samples to learn on, each in 1 … the size of the training data.</param>
    /// <param name="newTrainer">Makes a trainer with a model and optimizer of its own; it is told the number of samples.</param>
    /// <param name="epochs">How many epochs each is trained: fewer samples are fewer steps.</param>
    /// <param name="batchSize">The samples of a batch.</param>
    /// <param name="seed">Decides the order of the samples.</param>
    /// <param name="cancellationToken">Ends the run between two steps.</param>
    /// <exception cref="ArgumentException">There are no sizes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive or larger than the training data.</exception>
    /// <exception cref="InvalidOperationException">A trainer has trained before, or shares its model with another one.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static LearningCurve Run(
        IDataset train,
        IDataset validation,
        IReadOnlyList<int> sizes,
        Func<int, Trainer> newTrainer,
        int epochs,
        int batchSize = 32,
        long seed = 0,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(sizes);
        ArgumentNullException.ThrowIfNull(newTrainer);
        Hyper.Count(epochs, owner: nameof(LearningCurve));
        Hyper.Count(batchSize, owner: nameof(LearningCurve));
        if (sizes.Count == 0)
        {
            throw new ArgumentException("LearningCurve: there are no sizes to train on.", nameof(sizes));
        }

        foreach (int size in sizes)
        {
            if (size < 1 || size > train.Count)
            {
                throw new ArgumentOutOfRangeException(nameof(sizes), size, $"LearningCurve: a size lies between 1 and the number of training samples, {train.Count}.");
            }
        }

        int[] order = Sampler.Shuffled.Order(train.Count, new SampleRandom((ulong)seed, 0));
        FreshTrainers trainers = new(nameof(LearningCurve), "size");
        List<LearningCurvePoint> points = [];
        foreach (int size in sizes)
        {
            Trainer trainer = trainers.Check(newTrainer(size));
            Device? device = trainer.Model.Parameters.FirstOrDefault()?.Device;
            IDataset part = train.Subset(order.AsSpan(0, size));
            DataLoader measured = new(validation, batchSize) { Device = device };
            trainer.Fit(new DataLoader(part, batchSize) { Shuffle = true, Seed = seed, Device = device }, measured, epochs, cancellationToken: cancellationToken);
            DataLoader learned = new(part.WithoutRandomChanges(), batchSize) { Device = device };
            points.Add(new LearningCurvePoint(size, trainer.Evaluate(learned, cancellationToken), trainer.Evaluate(measured, cancellationToken)));
        }

        return new LearningCurve("samples", points);
    }

    /// <summary>The curve of one run over its epochs, from 1.</summary>
    /// <remarks>The training figures of an epoch are those of its steps: of a model in training mode that still changes.</remarks>
    /// <exception cref="ArgumentException">The run had no validation data, or its history has no figure <c>loss</c>.</exception>
    public static LearningCurve Of(History history)
    {
        ArgumentNullException.ThrowIfNull(history);
        if (!history.Epochs.All(static epoch => epoch.ContainsKey("val_loss")))
        {
            throw new ArgumentException("LearningCurve.Of: the run has epochs without validation; there is nothing to compare the training loss with. Give Fit validation data.", nameof(history));
        }

        if (!history.Epochs.All(static epoch => epoch.ContainsKey("loss")))
        {
            throw new ArgumentException("LearningCurve.Of: the history has epochs without a figure of the name loss; a curve compares loss with val_loss.", nameof(history));
        }

        return new LearningCurve("epoch", [.. history.Epochs.Select(static (epoch, i) => new LearningCurvePoint(i + 1, Part(epoch, string.Empty), Part(epoch, "val_")))]);
    }

    /// <summary>A figure on the training data at each point: <c>loss</c> or a metric.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public IReadOnlyList<double> Train(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return [.. Points.Select(point => point.Train[name])];
    }

    /// <summary>A figure on the validation data at each point: <c>loss</c> or a metric, without <c>val_</c>.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public IReadOnlyList<double> Validation(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return [.. Points.Select(point => point.Validation[name])];
    }

    /// <summary>The figures with or without <c>val_</c>: those that both sides have.</summary>
    private static Evaluation Part(IReadOnlyDictionary<string, double> epoch, string prefix)
    {
        OrderedDictionary<string, double> metrics = [];
        foreach (string name in epoch.Keys.Where(name => name != "loss" && epoch.ContainsKey("val_" + name)))
        {
            metrics[name] = epoch[prefix + name];
        }

        return new Evaluation(epoch[prefix + "loss"], metrics);
    }
}

/// <summary>A point of a <see cref="LearningCurve"/>.</summary>
/// <param name="X">The number of samples, or of epochs done.</param>
/// <param name="Train">The figures on the training data.</param>
/// <param name="Validation">The figures on the validation data.</param>
public sealed record LearningCurvePoint(double X, Evaluation Train, Evaluation Validation)
{
    /// <summary>The figures on the training data.</summary>
    public Evaluation Train { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Train ?? throw new ArgumentNullException(nameof(Train));

    /// <summary>The figures on the validation data.</summary>
    public Evaluation Validation { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Validation ?? throw new ArgumentNullException(nameof(Validation));
}
