using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>The same task with dense and with convolutional layers: parameters, few data, shifted images.</summary>
internal sealed class DenseOrConvolution : TourProgram
{
    public override string Name => "dense-or-conv";

    public override string Subject => "Dense layer 全连接层 against convolutional layer 卷积层: parameters, few data, shifted images";

    public override void Run(Tour tour)
    {
        (Tensor pixels, Tensor classes) = Images.Load(1000, train: false);
        Tensor shifted = pixels.Slice(3, 0, 26).Pad([(0, 0), (0, 0), (0, 0), (2, 0)], pixels.Min().Item());
        int[] counts = tour.IsBrief ? [50] : [100, 300, 1000, 3000];
        Dictionary<string, List<double>> right = new() { ["dense"] = [], ["convolution"] = [] }, moved = new() { ["dense"] = [], ["convolution"] = [] };
        List<IReadOnlyList<object?>> rows = [];
        foreach (int count in counts)
        {
            foreach ((string name, Layer model) in ((string, Layer)[])[("dense", Dense()), ("convolution", Convolution())])
            {
                Trainer trainer = new(model, new Adam(model.Parameters, 2e-3), Losses.CrossEntropy) { Metrics = [new Accuracy()], Verbosity = Verbosity.Quiet };

                // The same number of steps for all, whatever the number of images.
                trainer.Fit(Images.Batches(count, batchSize: 25), epochs: Math.Max(1, tour.Steps(12_000, 100) / count));
                double plain = Right(trainer, pixels, classes), shift = Right(trainer, shifted, classes);
                right[name].Add(plain);
                moved[name].Add(shift);
                rows.Add([name, model.ParameterCount, count, plain, shift]);
                tour.Print($"{count,5} images, {name,-11} {model.ParameterCount,7:N0} parameters: right {plain:P1}, shifted by two pixels {shift:P1}");
            }
        }

        double[] xs = [.. counts.Select(static c => (double)c)];
        new Report(Subject)
            .AddText("A unit of a dense layer sees every pixel through a weight of its own. A unit of a convolution sees a window of 3×3, and all windows share one set of weights: what it has learnt in one place it knows in all.")
            .AddLines("Accuracy on 1000 test images", "images to learn from", [.. right.Select(r => new ReportSeries(r.Key, xs, r.Value))], "accuracy", logX: true)
            .AddLines("The same images shifted by two pixels", "images to learn from", [.. moved.Select(r => new ReportSeries(r.Key, xs, r.Value))], "accuracy", logX: true)
            .AddTable("All numbers", ["layers", "parameters", "images", "accuracy", "accuracy, shifted"], rows)
            .Save(tour.ReportPath(this));
        tour.Notice($"The convolutional network is about as good with {(long)rows[1][1]! / (double)(long)rows[0][1]!:P0} of the parameters.");
        tour.Notice($"Shifted by two pixels, the dense network falls by {right["dense"][^1] - moved["dense"][^1]:P1}, the convolutional one by {right["convolution"][^1] - moved["convolution"][^1]:P1}.");
    }

    private static Mlp Dense() => new(784, [128], 10, new(1));

    private static Sequential Convolution()
    {
        Generator random = new(1);
        return
        [
            new Conv2d(1, 8, 3, padding: 1, generator: random), new Relu(), new MaxPool2d(2),
            new Conv2d(8, 16, 3, padding: 1, generator: random), new Relu(), new MaxPool2d(2),
            new Flatten(), new Linear(16 * 7 * 7, 10, generator: random),
        ];
    }

    private static double Right(Trainer trainer, Tensor pixels, Tensor classes) =>
        trainer.Evaluate(new DataLoader(new TensorDataset(pixels, classes), 250))["accuracy"];
}
