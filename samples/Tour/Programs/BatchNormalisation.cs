using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Batch normalisation step by step, in both modes, at large learning rates, at tiny batches, frozen and fused.</summary>
internal sealed class BatchNormalisation : TourProgram
{
    public override string Name => "batch-norm";

    public override string Subject => "Batch normalisation 批量归一化: its steps, training 训练 and prediction 预测, moving averages 移动平均";

    public override void Run(Tour tour)
    {
        Report report = new(Subject);
        BatchNorm1d layer = new(2);
        BatchNormSteps training = BatchNormSteps.Of(layer, Tensor.From<float>([1, 10, 2, 20, 3, 30, 6, 60], [4, 2]));
        _ = layer.Forward(training.Input);
        BatchNormSteps prediction = BatchNormSteps.Of(layer, training.Input, training: false);
        foreach (string line in $"{training}{prediction}".Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            tour.Print(line);
        }

        tour.Notice("While training each channel gets mean 0 and variance 1 whatever its scale; at prediction the running averages serve, which have made a tenth of the way after one batch.");
        report.AddPreformatted("The five steps", $"{training}\n{prediction}");

        // With and without, at growing rates.
        (IReadOnlyList<(Tensor, Tensor)> batches, Tensor x, Tensor y) = Spirals(64);
        double[] rates = [0.01, 0.1, 1, 3];
        List<ReportSeries> curves = [];
        List<IReadOnlyList<object?>> rows = [];
        foreach (bool normalised in (bool[])[false, true])
        {
            List<object?> row = [normalised ? "with" : "without"];
            foreach (double rate in rates)
            {
                (Sequential net, List<double> losses) = Train(batches, normalised, rate, tour.Steps(300, 5));
                double accuracy = net.Predict(x).ArgMax(1).EqualTo(y).To(DType.Float32).Mean().Item();
                curves.Add(new ReportSeries($"{row[0]}, rate {rate}", losses) { IsDashed = !normalised });
                row.Add(accuracy);
            }

            rows.Add(row);
            tour.Print($"accuracy {row[0],-8} batch norm at rates {string.Join(", ", rates)}: {string.Join(", ", row.Skip(1).Select(static a => $"{a:P0}"))}");
        }

        int[] learned = [.. rows.Select(static row => row.Skip(1).Count(static a => a is > 0.9))];
        tour.Notice($"With batch norm {learned[1]} of the four rates learn the spirals in these steps, without it {learned[0]}.");
        report.AddLines("Training loss", "step", curves, logY: true).AddTable("Accuracy", ["batch norm", .. rates.Select(static r => $"rate {r}")], rows);

        // Small batches: the statistics are noise, and prediction uses others than training did.
        List<IReadOnlyList<object?>> gaps = [];
        (Sequential whole, _) = Train(batches, normalised: true, rate: 0.1, tour.Steps(300, 5));
        double atPrediction = Losses.CrossEntropy(whole.Predict(x), y).Item();
        foreach (int size in (int[])[64, 8, 2])
        {
            (IReadOnlyList<(Tensor, Tensor)> small, _, _) = Spirals(size);
            (Sequential net, _) = Train(small, normalised: true, rate: 0.1, tour.Steps(300, 5));
            double noise = small.Take(20).Select(static batch => BatchNormSteps.Of(new BatchNorm1d(2), batch.Item1).Mean.ToArray<float>()[0]).Select(static m => (double)m * m).Average();
            double learnedWithIt = Losses.CrossEntropy(net.Predict(x), y).Item(), inTraining = small.Average(batch => Losses.CrossEntropy(whole.Call(batch.Item1), batch.Item2).Detach().Item());
            gaps.Add([size, Math.Sqrt(noise), learnedWithIt, inTraining, atPrediction]);
            tour.Print($"batches of {size,2}: means of x scatter by {Math.Sqrt(noise):F2}; trained with them the loss is {learnedWithIt:F2}; one trained network has {inTraining:F2} in training mode, {atPrediction:F2} at prediction");
        }

        tour.Notice("At batch 2 mean and variance are those of two samples: the network hardly learns by them, and the modes of one and the same network are far apart.");
        report.AddTable("Batch sizes", ["batch", "scatter of the mean", "loss, trained with it", "one network, training mode", "the same at prediction"], gaps);

        // For prediction it is two numbers a channel, which the layer before can take in.
        (Sequential trained, _) = Train(batches, normalised: true, rate: 0.1, tour.Steps(50, 5));
        using FusedInference fused = trained.FuseBatchNorm();
        double difference = (fused.Predict(x) - trained.Predict(x)).Abs().Max().Item();
        trained.FreezeBatchNorm();
        tour.Print($"fused: {fused.Fused.Count} batch norms are part of the layers before them, outputs differ by {difference:g1}; frozen: {((BatchNorm)trained[1]).StatisticsFrozen}");
        report.Save(tour.ReportPath(this));
    }

    private static (Sequential Net, List<double> Losses) Train(IReadOnlyList<(Tensor X, Tensor Y)> batches, bool normalised, double rate, int steps)
    {
        Sequential net = [];
        for (int i = 0; i < 5; i++)
        {
            net.Add(new Linear(i == 0 ? 2 : 32, 32, generator: new Generator(i)));
            if (normalised)
            {
                net.Add(new BatchNorm1d(32));
            }

            net.Add(new Relu());
        }

        net.Add(new Linear(32, 3, generator: new Generator(9)));
        Sgd optimizer = new(net.Parameters, rate);
        List<double> losses = [];
        for (int step = 0; step < steps; step++)
        {
            using TensorScope scope = TensorScope.Begin();
            (Tensor x, Tensor y) = batches[step % batches.Count];
            optimizer.ZeroGrad();
            Tensor loss = Losses.CrossEntropy(net.Call(x), y);
            losses.Add(loss.Detach().Item());
            loss.Backward();
            optimizer.Step();
        }

        return (net, losses);
    }

    /// <summary>Three arms of a spiral with some noise, in batches and as a whole.</summary>
    private static (IReadOnlyList<(Tensor, Tensor)> Batches, Tensor X, Tensor Y) Spirals(int batchSize)
    {
        const int Count = 1536;
        Random random = new(5);
        float[] x = new float[2 * Count];
        long[] y = new long[Count];
        for (int i = 0; i < Count; i++)
        {
            y[i] = random.Next(3);
            double radius = random.NextDouble(), angle = (3 * radius) + (y[i] * 2 * Math.PI / 3) + (0.2 * (random.NextDouble() - 0.5));
            (x[2 * i], x[(2 * i) + 1]) = ((float)(radius * Math.Cos(angle)), (float)(radius * Math.Sin(angle)));
        }

        Tensor all = Tensor.From<float>(x, [Count, 2]), labels = Tensor.From<long>(y);
        return ([.. Enumerable.Range(0, Count / batchSize).Select(i => (all.Narrow(0, i * batchSize, batchSize), labels.Narrow(0, i * batchSize, batchSize)))], all, labels);
    }
}
