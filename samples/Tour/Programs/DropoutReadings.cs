using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Dropout by numbers, then its three readings: forced redundancy, noise, an ensemble.</summary>
internal sealed class DropoutReadings : TourProgram
{
    public override string Name => "dropout";

    public override string Subject => "Dropout 随机失活: inverted scaling, forced redundancy, noise, an ensemble";

    public override void Run(Tour tour)
    {
        Report report = new(Subject);
        tour.Print("x = 1, dropped with p, divided by 1 − p:");
        List<IReadOnlyList<object?>> scaling = [];
        foreach (double p in (double[])[0.2, 0.5, 0.8])
        {
            Tensor y = new Dropout(p).Forward(Tensor.Ones([100_000]));
            (double zeros, double mean, double variance) = (y.EqualTo(0).To(DType.Float32).Mean().Item(), y.Mean().Item(), y.Var().Item());
            scaling.Add([p, zeros, 1 / (1 - p), mean, variance, p / (1 - p)]);
            tour.Print($"  p = {p}: {zeros:P1} zeros, the others {1 / (1 - p):F2}; mean {mean:F3}, variance {variance:F3} (p/(1 − p) = {p / (1 - p):F3})");
        }

        report.AddTable("Inverted dropout of x = 1", ["p", "zeros", "kept value", "mean", "variance", "p/(1 − p)"], scaling);
        Tensor same = new Dropout(0.5).Predict(Tensor.Ones([5]));
        tour.Print($"at prediction: {string.Join(" ", same.ToArray<float>())}");
        tour.Notice("The mean stays 1, so that nothing has to be scaled at prediction, where nothing is dropped.");

        (IDataset train, IDataset validation) = Moons.Make(1100, noise: 0.3, seed: 3).StratifiedSplit(validation: 1 - (100 / 1100.0));
        DataLoader measured = new(validation, batchSize: 250);
        Sequential plain = Train(0), dropped = Train(0.5);
        Ensemble deep = new([plain, .. Enumerable.Range(6, 4).Select(start => Train(0, start))]);

        // Redundancy: how right is the network when some of its hidden units fail?
        double[] shares = [0, 0.2, 0.4, 0.6, 0.8];
        double[] withoutDropout = [.. shares.Select(share => Failing(plain, share))], withDropout = [.. shares.Select(share => Failing(dropped, share))];
        report.AddLines("Accuracy when hidden units fail", "share of failing units", [new("trained without dropout", shares, withoutDropout), new("trained with dropout", shares, withDropout)], "accuracy");
        tour.Print($"right when 60 % of the hidden units fail: {withoutDropout[3]:P1} without, {withDropout[3]:P1} with dropout in training");
        tour.Notice("No unit could rely on a certain other one, so that the rest still knows the answer.");

        // Noise, and an ensemble: the mean over thinned networks against the whole one.
        Evaluation whole = Judge(dropped).Evaluate(measured), without = Judge(plain).Evaluate(measured);
        MonteCarloDropout sampled = new(dropped, samples: tour.Steps(50, brief: 5));
        Evaluation ensemble = Judge(sampled).Evaluate(measured);
        Evaluation five = Judge(deep).Evaluate(measured);
        Evaluation single = Judge(new MonteCarloDropout(dropped, samples: 1)).Evaluate(measured);
        report.AddTable("On new points", ["network", "loss", "accuracy"],
        [
            ["trained without dropout", without.Loss, without["accuracy"]], ["trained with dropout", whole.Loss, whole["accuracy"]],
            ["one thinned network", single.Loss, single["accuracy"]], ["the mean of many thinned networks", ensemble.Loss, ensemble["accuracy"]],
            ["the mean of five networks without dropout", five.Loss, five["accuracy"]],
        ]);
        tour.Print($"loss on new points: {without.Loss:F3} without dropout, {whole.Loss:F3} with it (noise that the network cannot learn by heart)");
        tour.Print($"one thinned network {single.Loss:F3}, the mean of many {ensemble.Loss:F3}, the whole network in one pass {whole.Loss:F3}");
        tour.Print($"five networks without dropout, from different start values: {deep.Models.Average(m => Judge(m).Evaluate(measured).Loss):F3} on average, their mean {five.Loss:F3}");
        tour.Notice("Dropout trained an ensemble: the mean of many is better than one of them. One pass of the whole network stands in for the mean, at a fraction of its cost.");

        Func<double, double, double> spread = Spread(sampled);
        report.AddContours("How far the thinned networks disagree", spread, Moons.X, Moons.Y, Moons.Dots(train), caption: "Dark where they disagree: between the moons, and most where the boundary goes on without points.");
        report.AddContours("Probability of moon 1: trained without dropout", Moons.Probability(plain), Moons.X, Moons.Y, Moons.Dots(train));
        report.AddContours("Probability of moon 1: trained with dropout", Moons.Probability(dropped), Moons.X, Moons.Y, Moons.Dots(train));
        report.Save(tour.ReportPath(this));

        Sequential Train(double p, int seed = 5)
        {
            Generator start = new(seed);
            Sequential model = [new Linear(2, 128, generator: start), new Relu(), new Dropout(p), new Linear(128, 128, generator: start), new Relu(), new Dropout(p), new Linear(128, 2, generator: start)];
            Trainer trainer = new(model, new Adam(model.Parameters, 0.01), Losses.CrossEntropy) { Verbosity = Verbosity.Quiet };
            trainer.Fit(new DataLoader(train, batchSize: 25) { Shuffle = true }, epochs: tour.Steps(150));
            return model;
        }

        // The same layers with other dropout between them, which goes on at prediction.
        double Failing(Sequential model, double share)
        {
            Sequential failing = [model[0], model[1], new Dropout(share, new Generator(2)), model[3], model[4], new Dropout(share, new Generator(3)), model[6]];
            return Enumerable.Range(0, 5).Average(_ => Judge(new MonteCarloDropout(failing, samples: 1)).Evaluate(measured)["accuracy"]);
        }
    }

    private static Trainer Judge(Layer model) => new(model, new Sgd(model.Parameters), Losses.CrossEntropy) { Metrics = [new Accuracy()] };

    private static Func<double, double, double> Spread(MonteCarloDropout sampled) => Moons.Over(points =>
    {
        using InferenceScope prediction = InferenceScope.Begin();
        return sampled.Outputs(points).Softmax(2).Std(0).Select(1, 1);
    });
}
