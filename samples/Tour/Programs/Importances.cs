using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Which hyper-parameters of a small network matter, by random trials and an analysis of their variance.</summary>
internal sealed class Importances : TourProgram
{
    public override string Name => "importance";

    public override string Subject => "Importance of hyper-parameters 超参数的重要性: learning rate 学习率, batch size, units, momentum, layers, decay";

    public override void Run(Tour tour)
    {
        (IDataset train, IDataset validation) = Moons.Make(600, noise: 0.2, seed: 3).StratifiedSplit(validation: 0.5);
        SearchSpace space = new();
        Dimension<double> rate = space.LogUniform("learning rate", 1e-4, 10);
        Dimension<int> batch = space.LogInteger("batch size", 8, 128), units = space.LogInteger("units", 2, 64), layers = space.Integer("layers", 1, 3);
        Dimension<double> momentum = space.Uniform("momentum", 0, 0.95), decay = space.Uniform("decay rate", 0.8, 1), weightDecay = space.LogUniform("weight decay", 1e-7, 1e-3);
        Study study = new(space, new RandomSearch(seed: 2));
        int epochs = tour.Steps(12, 1);
        study.Optimize(
            trial =>
            {
                Generator.Default.Restore(seed: 1, draws: 0);
                using TensorScope scope = TensorScope.Begin();
                Mlp model = new(2, [.. Enumerable.Repeat(trial[units], trial[layers])], classes: 2);
                Sgd sgd = new(model.Parameters, trial[rate], trial[momentum], weightDecay: trial[weightDecay]);
                Trainer trainer = new(model, sgd, Losses.CrossEntropy)
                {
                    Metrics = [new Accuracy()],
                    Callbacks = [new ScheduleCallback(Schedule.Exponential(trial[rate], trial[decay]), ScheduleUnit.Epoch)],
                };
                trainer.Fit(new DataLoader(train, trial[batch]) { Shuffle = true }, epochs: epochs);
                return 1 - trainer.Evaluate(new DataLoader(validation, batchSize: 300))["accuracy"];
            },
            tour.Steps(120, 12));

        IReadOnlyList<HyperparameterImportance> ranking = study.Importance();
        foreach ((Dimension dimension, double share) in ranking)
        {
            tour.Print($"{dimension.Name,-14} {share,6:P1} {new string('#', (int)Math.Round(50 * share))}");
        }

        tour.Print($"best of {study.Trials.Count}: {study.Best!.Value:P1} wrong at {string.Join(", ", study.Best.Values.Select(static v => $"{v.Key} {v.Value:G3}"))}");
        tour.Notice(tour.IsBrief
            ? "A dozen trials are too few to rank anything."
            : "The learning rate explains more of the error than all others together, as the notes rank it: search it first, on a logarithmic scale.");
        tour.Notice("How the others are ranked depends on the ranges one gives them and on the data.");

        Trial[] trials = [.. study.Trials.Where(static t => t.State == TrialState.Completed)];
        new Report(Subject)
            .AddBars("Share of the variance that each explains by itself", [.. ranking.Select(static i => new ReportBar(i.Dimension.Name, i.Share))])
            .AddParallelCoordinates("Trials", [.. space.Dimensions.Select(static d => new ReportAxis(d.Name, d.IsLog)), new ReportAxis("error")], [.. trials.Select(t => (IReadOnlyList<object?>)[.. t.Values.Select(static v => v.Value), t.Value])], caption: "A line for each trial; its color is the share of wrong answers on the validation set.")
            .AddScatter("Error by learning rate", "learning rate (decimal logarithm)", "error", [new("trials", [.. trials.Select(t => Math.Log10(t[rate]))], [.. trials.Select(static t => t.Value)])])
            .AddScatter($"Error by {ranking[^1].Dimension.Name}, the least important", ranking[^1].Dimension.Name, "error", [new("trials", [.. trials.Select(t => t.Coordinate(ranking[^1].Dimension))], [.. trials.Select(static t => t.Value)])])
            .Save(tour.ReportPath(this));
    }
}
