using Engine.Nn;

namespace TourSample;

/// <summary>One network trained by Adam, by SGD with momentum, and by one after the other.</summary>
internal sealed class AdamThenSgd : TourProgram
{
    public override string Name => "adam-then-sgd";

    public override string Subject => "Adam 自适应矩估计 first to get near, then SGD with momentum 动量 to finish, and the reverse";

    public override void Run(Tour tour)
    {
        int epochs = tour.Steps(16, 4), half = epochs / 2;
        DataLoader images = Images.Batches(tour.IsBrief ? 200 : 2000, batchSize: 50), test = Images.Batches(tour.IsBrief ? 100 : 2000, batchSize: 500, train: false);
        List<ReportSeries> losses = [], right = [];
        List<IReadOnlyList<object?>> rows = [];
        Dictionary<string, History> runs = [];
        foreach (string name in (string[])["Adam", "SGD", "Adam, then SGD", "SGD, then Adam"])
        {
            Mlp model = new(784, [64], 10, new(1));
            Adam adam = new(model.Parameters, 1e-3);
            Sgd sgd = new(model.Parameters, 0.01, momentum: 0.9);
            Optimizer first = name.StartsWith("Adam", StringComparison.Ordinal) ? adam : sgd, second = first == adam ? sgd : adam;

            // The model keeps its weights, the run its position; only whose steps are made changes.
            Trainer trainer = new(model, first, Losses.CrossEntropy)
            {
                Metrics = [new Accuracy()],
                Verbosity = Verbosity.Quiet,
                Callbacks = name.Contains("then", StringComparison.Ordinal) ? [new SwitchOptimizer(second, epoch: half)] : [],
            };
            History history = runs[name] = trainer.Fit(images, test, epochs);
            losses.Add(new ReportSeries(name, history["loss"]));
            right.Add(new ReportSeries(name, history["val_accuracy"]));
            rows.Add([name, history["loss"][0], history["loss"][^1], history["val_loss"][^1], history["val_accuracy"][^1]]);
            tour.Print($"{name,-15} training loss {history["loss"][0]:F3} in the first epoch, {history["loss"][^1]:F3} in the last; right on test images {history["val_accuracy"][^1]:P1}");
        }

        new Report(Subject)
            .AddLines("Training loss", "epoch", losses, "mean loss of the epoch", logY: true, caption: $"Those that switch do so before epoch {half}.")
            .AddLines("Accuracy on test images", "epoch", right, "accuracy")
            .AddTable("First and last epoch", ["run", "training loss, first", "training loss, last", "test loss, last", "test accuracy, last"], rows)
            .Save(tour.ReportPath(this));
        if (!tour.IsBrief)
        {
            double[] accuracies = [.. runs.Values.Select(static run => run["val_accuracy"][^1])];
            tour.Notice($"Adam is ahead at first ({runs["Adam"]["loss"][0]:F2} against {runs["SGD"]["loss"][0]:F2} in the first epoch): each weight has a step of its own.");
            tour.Notice($"In the end all four are close on test images ({accuracies.Min():P1} to {accuracies.Max():P1}): which order is better is the task's affair, so try both.");
            tour.Notice($"Up to the switch, the run that changes is the one that does not, to the last bit: {(runs["Adam"]["loss"].Take(half).SequenceEqual(runs["Adam, then SGD"]["loss"].Take(half)) ? "yes" : "no")}.");
        }
    }
}
