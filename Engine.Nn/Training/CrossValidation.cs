using System.Globalization;

namespace Engine.Nn;

/// <summary>
/// Measures a way of training rather than one model: for each fold a fresh model learns on the rest and is measured on the fold.
/// </summary>
/// <remarks>
/// A choice by cross-validation has used all of the data that was divided: keep a test set aside before
/// (<see cref="DatasetViews.Split(IDataset, double, double, long)"/>). A callback that stops or restores by a figure of the validation data chooses the
/// epoch by the fold that is measured, which makes the figures a little too good.
/// </remarks>
/// <example><code>
/// CrossValidationResult result = CrossValidation.Run(data.StratifiedKFold(5), _ => NewTrainer(), epochs: 20);
/// Console.WriteLine(result);                       // loss 0.41 ± 0.03, accuracy 0.86 ± 0.01 (5 folds)
/// </code></example>
public static class CrossValidation
{
    /// <summary>Trains one model a fold with shuffled batches and measures its loss and metrics.</summary>
    /// <param name="folds">The divisions of the data: <see cref="DatasetViews.KFold"/>, <see cref="DatasetViews.StratifiedKFold"/>.</param>
    /// <param name="newTrainer">Makes a trainer with a model, optimizer and callbacks of its own, as the fold begins.</param>
    /// <param name="epochs">How many epochs each is trained.</param>
    /// <param name="batchSize">The samples of a batch.</param>
    /// <param name="seed">Decides the order of the samples, in each fold another one.</param>
    /// <param name="cancellationToken">Ends the run between two steps.</param>
    /// <exception cref="ArgumentException">There are no folds.</exception>
    /// <exception cref="InvalidOperationException">A trainer has trained before, or shares its model with the one of another fold.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static CrossValidationResult Run(
        IReadOnlyList<Fold> folds, Func<Fold, Trainer> newTrainer, int epochs, int batchSize = 32, long seed = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(newTrainer);
        Hyper.Count(epochs, owner: nameof(CrossValidation));
        Hyper.Count(batchSize, owner: nameof(CrossValidation));
        List<History> histories = [];
        FreshTrainers trainers = new(nameof(CrossValidation), "fold");
        CrossValidationResult result = Run(folds, fold =>
        {
            Trainer trainer = trainers.Check(newTrainer(fold));
            Device? device = trainer.Model.Parameters.FirstOrDefault()?.Device;
            DataLoader train = new(fold.Train, batchSize) { Shuffle = true, Seed = seed + fold.Number, Device = device };
            DataLoader validation = new(fold.Validation, batchSize) { Device = device };
            histories.Add(trainer.Fit(train, validation, epochs, cancellationToken: cancellationToken));
            return trainer.Evaluate(validation, cancellationToken);
        });
        return new CrossValidationResult(result.Folds, histories);
    }

    /// <summary>Collects the figures of any way of training.</summary>
    /// <param name="folds">The divisions of the data.</param>
    /// <param name="evaluate">Trains a fresh model on <see cref="Fold.Train"/> and measures it on <see cref="Fold.Validation"/>.</param>
    /// <exception cref="ArgumentException">There are no folds.</exception>
    public static CrossValidationResult Run(IReadOnlyList<Fold> folds, Func<Fold, Evaluation> evaluate)
    {
        Fold[] all = Guard.NoNulls(folds);
        ArgumentNullException.ThrowIfNull(evaluate);
        return all.Length > 0
            ? new CrossValidationResult([.. all.Select(fold => Guard.Returned(evaluate(fold), nameof(CrossValidation), "the function"))], [])
            : throw new ArgumentException("CrossValidation: there are no folds. data.KFold(5) makes five.", nameof(folds));
    }
}

/// <summary>The figures of a cross-validation.</summary>
public sealed class CrossValidationResult
{
    internal CrossValidationResult(IReadOnlyList<Evaluation> folds, IReadOnlyList<History> histories) => (Folds, Histories) = (folds, histories);

    /// <summary>The figures of each fold.</summary>
    public IReadOnlyList<Evaluation> Folds { get; }

    /// <summary>The course of each fold's training, where trainers made it; else empty.</summary>
    public IReadOnlyList<History> Histories { get; }

    /// <summary>The names of the figures that all folds have: <c>loss</c> and the metrics.</summary>
    public IReadOnlyList<string> Names => ["loss", .. Folds[0].Metrics.Keys.Where(name => Folds.All(fold => fold.Metrics.ContainsKey(name)))];

    /// <summary>One figure over all folds.</summary>
    /// <exception cref="KeyNotFoundException">A fold has none of that name.</exception>
    public FoldFigure this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            double[] values = [.. Folds.Select(fold => fold[name])];
            double mean = values.Average();
            double std = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1.0));
            return new FoldFigure(mean, std, values);
        }
    }

    /// <summary>"loss 0.41 ± 0.03, accuracy 0.86 ± 0.01 (5 folds)".</summary>
    public override string ToString() =>
        $"{string.Join(", ", Names.Select(name => string.Create(CultureInfo.InvariantCulture, $"{name} {this[name]}")))} ({Folds.Count} folds)";
}

/// <summary>A figure over the folds of a cross-validation.</summary>
/// <param name="Mean">The mean of the folds.</param>
/// <param name="Deviation">
/// Their standard deviation, with k − 1 in the denominator; NaN of a single fold. The folds share most of their training data, so that the mean is
/// less sure than Deviation/√k.
/// </param>
/// <param name="Values">One value a fold.</param>
public readonly record struct FoldFigure(double Mean, double Deviation, IReadOnlyList<double> Values)
{
    /// <summary>"0.8612 ± 0.012".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Mean:G4} ± {Deviation:G2}");
}
