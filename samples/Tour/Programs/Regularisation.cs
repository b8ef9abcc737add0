using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>One network that is too large for its data, with each remedy against overfitting.</summary>
internal sealed class Regularisation : TourProgram
{
    public override string Name => "regularisation";

    public override string Subject => "Regularisation 正则化: weight decay 权重衰减, L1, early stopping, augmentation, mixup, averaged weights";

    public override void Run(Tour tour)
    {
        (IDataset train, IDataset validation) = Moons.Make(1100, noise: 0.3, seed: 3).StratifiedSplit(validation: 1 - (100 / 1100.0));
        Report report = new(Subject);
        List<IReadOnlyList<object?>> rows = [];
        List<ReportSeries> losses = [];
        Dictionary<string, (double Loss, double Slope)> results = [];

        // Each remedy changes the trainer or the batches; nothing else differs.
        Try("none", static m => new Adam(m.Parameters, 0.01));
        Try("weight decay", static m => new AdamW(ParameterGroup.WithoutDecayOnBiasAndNorm(m), 0.01, weightDecay: 1));
        Try("L1", static m => new Adam(m.Parameters, 0.01), static m => m.Callbacks.Add(new ProximalL1(Weights(m.Model), 0.1)));
        Try("early stopping", static m => new Adam(m.Parameters, 0.01), static m => m.Callbacks.Add(new EarlyStopping("val_loss", patience: 30, restoreBest: true)));
        Try("augmentation", static m => new Adam(m.Parameters, 0.01), batches: static b => b.With(seed: 1, new Jitter(0.3)));
        Try("mixup", static m => new Adam(m.Parameters, 0.01), batches: static b => b.With(seed: 1, new MixUp(alpha: 1, classes: 2)));
        Try("label smoothing", static m => new Adam(m.Parameters, 0.01), loss: static (y, t) => Losses.CrossEntropy(y, t, labelSmoothing: 0.2));
        Try("averaged weights", static m => new Adam(m.Parameters, 0.01), static m => m.Callbacks.Add(new WeightAveraging(AveragedModel.Swa(m.Model), ScheduleUnit.Epoch, start: 10)));

        report.AddTable("Remedies", ["remedy", "training loss", "validation loss", "validation accuracy", "mean slope", "weights at 0"], rows);
        report.AddLines("Validation loss over the epochs", "epoch", losses, "loss", logY: true);
        report.Save(tour.ReportPath(this));
        string[] better = [.. results.Where(r => r.Value.Loss < results["none"].Loss).Select(static r => r.Key)];
        string[] smoother = [.. results.Where(r => r.Value.Slope < results["none"].Slope).Select(static r => r.Key)];
        tour.Notice($"Better on new points than without a remedy: {string.Join(", ", better)}.");
        tour.Notice($"Smoother, by the mean slope of the probability: {string.Join(", ", smoother)}.");

        void Try(
            string remedy, Func<Module, Optimizer> optimizer, Action<Trainer>? change = null, Func<IBatchSource, IBatchSource>? batches = null, LossFunction? loss = null)
        {
            Mlp model = new(2, [128, 128], classes: 2, new Generator(5));
            Trainer trainer = new(model, optimizer(model), loss ?? Losses.CrossEntropy) { Metrics = [new Accuracy()], Verbosity = Verbosity.Quiet };
            change?.Invoke(trainer);
            IBatchSource learned = new DataLoader(train, batchSize: 25) { Shuffle = true }, measured = new DataLoader(validation, batchSize: 250);
            History history = trainer.Fit(batches?.Invoke(learned) ?? learned, measured, tour.Steps(150));

            // All are measured by the same loss, whatever they were trained by.
            Trainer judge = new(model, trainer.Optimizer, Losses.CrossEntropy) { Metrics = [new Accuracy()] };
            Evaluation on = judge.Evaluate(learned), off = judge.Evaluate(measured);
            float[] weights = [.. Weights(model).SelectMany(static w => w.ToArray<float>())];
            double zeros = weights.Count(static w => w == 0) / (double)weights.Length, slope = Moons.Slope(model);
            results[remedy] = (off.Loss, slope);
            rows.Add([remedy, on.Loss, off.Loss, off["accuracy"], slope, zeros]);
            if (loss is null && remedy != "averaged weights")
            {
                // That of smoothed labels is another loss, and averages come after the run.
                losses.Add(new ReportSeries(remedy, history["val_loss"]));
            }

            tour.Print($"{remedy,-17} loss {on.Loss:F3} / {off.Loss:F3}, right {off["accuracy"]:P1}, mean slope {slope:F3}{(zeros > 0 ? $", {zeros:P0} of the weights are 0" : string.Empty)}");
            if (remedy is "none" or "weight decay" or "mixup" or "early stopping")
            {
                report.AddContours($"Probability of moon 1: {remedy}", Moons.Probability(model), Moons.X, Moons.Y, Moons.Dots(train));
            }
        }
    }

    private static IEnumerable<Tensor> Weights(Module model) => ParameterGroup.WithoutDecayOnBiasAndNorm(model)[0].Parameters;

    /// <summary>Augmentation of one's own: each point moves a little, every time anew.</summary>
    private sealed class Jitter(double amount) : IBatchTransform
    {
        public Batch Apply(Batch batch, ref SampleRandom random)
        {
            float[] moves = new float[batch.Inputs.ElementCount];
            for (int i = 0; i < moves.Length; i++)
            {
                moves[i] = (float)(amount * random.NextNormal());
            }

            return new Batch(batch.Inputs + Tensor.From<float>(moves, batch.Inputs.Shape, batch.Inputs.Device), batch.Targets);
        }
    }
}
