using Engine.Nn;

namespace TourSample;

/// <summary>A network that is too small, one that fits and one that is too large, on three sets of data.</summary>
internal sealed class Overfitting : TourProgram
{
    public override string Name => "overfitting";

    public override string Subject => "Overfitting and underfitting 过拟合 欠拟合: three sets of data, learning curves";

    public override void Run(Tour tour)
    {
        // Learn on the first set, choose by the second, report once on the third.
        TensorDataset all = Moons.Make(1000, noise: 0.3, seed: 3);
        (IDataset train, IDataset validation, IDataset test) = all.StratifiedSplit(validation: 0.3, test: 0.6);
        tour.Print($"{train.Count} points to learn on, {validation.Count} to choose by, {test.Count} to report on");

        Report report = new(Subject);
        (string Title, int[] Widths)[] networks = [("a line", []), ("8 units", [8]), ("128 + 128 units", [128, 128])];
        List<IReadOnlyList<object?>> rows = [];
        List<ReportSeries> losses = [];
        List<Evaluation> best = [];
        List<Trainer> trainers = [];
        foreach ((string title, int[] widths) in networks)
        {
            Trainer trainer = NewTrainer(widths);
            History history = trainer.Fit(Batches(train), Batches(validation), tour.Steps(300));
            Evaluation learned = trainer.Evaluate(Batches(train)), measured = trainer.Evaluate(Batches(validation));
            trainers.Add(trainer);
            best.Add(measured);
            rows.Add([title, trainer.Model.ParameterCount, learned.Loss, measured.Loss, learned["accuracy"], measured["accuracy"]]);
            tour.Print($"{title,-16} loss {learned.Loss:F3} on what it learned, {measured.Loss:F3} on new points; right {learned["accuracy"]:P0} and {measured["accuracy"]:P0}");
            LearningCurve curve = LearningCurve.Of(history);
            losses.Add(new ReportSeries(title + ", training", curve.X, curve.Train("loss")) { Color = losses.Count / 2 });
            losses.Add(new ReportSeries(title + ", validation", curve.X, curve.Validation("loss")) { Color = losses.Count / 2, IsDashed = true });
            report.AddContours(
                $"Probability of moon 1: {title}", Moons.Probability((Layer)trainer.Model), Moons.X, Moons.Y, Moons.Dots(train),
                caption: "The boundary between the moons is the line of 0.5.");
        }

        report.AddTable("Three networks", ["network", "parameters", "training loss", "validation loss", "training accuracy", "validation accuracy"], rows);
        report.AddLines("Loss over the epochs", "epoch", losses, "loss", logY: true, caption: "Underfitting: both stay high. Overfitting: training falls, validation turns up.");
        tour.Notice("The line is wrong on both sets alike (underfitting); the large network learns its own points and gets worse on new ones (overfitting).");

        // More data is the first remedy: the gap of the large network closes.
        TensorDataset more = Moons.Make(800, noise: 0.3, seed: 4);
        int[] sizes = tour.IsBrief ? [25, 100] : [25, 50, 100, 200, 400, 800];
        LearningCurve bySize = LearningCurve.Run(more, validation, sizes, _ => NewTrainer([128, 128]), tour.Steps(40), batchSize: 25);
        report.AddLines("The large network with more data", "samples",
            [new("training", bySize.X, bySize.Train("loss")), new("validation", bySize.X, bySize.Validation("loss"))], "loss", logX: true);
        IReadOnlyList<double> on = bySize.Train("loss"), off = bySize.Validation("loss");
        tour.Print($"large network, {sizes[0]} points: {on[0]:F3} and {off[0]:F3}; {sizes[^1]} points: {on[^1]:F3} and {off[^1]:F3}");
        tour.Notice("With more data the two losses come together.");

        CrossValidationResult folds = CrossValidation.Run(train.StratifiedKFold(5), _ => NewTrainer([8]), tour.Steps(100), batchSize: 25);
        tour.Print($"8 units in cross-validation: {folds}");
        int chosen = best.FindIndex(e => e.Loss == best.Min(static b => b.Loss));
        Evaluation final = trainers[chosen].Evaluate(Batches(test));
        tour.Print($"chosen by the validation loss: {networks[chosen].Title}; on the test set, once: loss {final.Loss:F3}, right {final["accuracy"]:P1}");
        report.Save(tour.ReportPath(this));
    }

    private static Trainer NewTrainer(int[] widths)
    {
        Mlp model = new(2, widths, classes: 2);
        return new Trainer(model, new Adam(model.Parameters, 0.01), Losses.CrossEntropy) { Metrics = [new Accuracy()], Verbosity = Verbosity.Quiet };
    }

    private static DataLoader Batches(IDataset data) => new(data, batchSize: 25) { Shuffle = true };
}
