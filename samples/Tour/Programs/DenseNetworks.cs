using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>What a densely connected network does to the number of channels, and what it reaches with how many parameters.</summary>
internal sealed class DenseNetworks : TourProgram
{
    public override string Name => "dense-network";

    public override string Subject => "Densely connected network 稠密连接网络: dense block 稠密块, transition layer 过渡层";

    public override void Run(Tour tour)
    {
        // A dense layer puts its new channels behind all it was given: nothing is lost, and each layer adds only a few.
        DenseNetBc dense = new(depth: 22, growth: 6, inChannels: 1, generator: new(1));
        List<IReadOnlyList<object?>> parts = [];
        Tensor x = Images.Load(1, halved: true).Pixels;
        using (InferenceScope.Begin())
        {
            foreach ((string name, Layer part) in dense.Features.NamedChildren().Select(static child => (child.Name, (Layer)child.Module)))
            {
                x = part.Forward(x);
                parts.Add([name, part is DenseBlock block ? $"{block.Count} dense layers" : part.GetType().Name, x.Shape[1], x.Rank == 4 ? $"{x.Shape[2]}×{x.Shape[3]}" : "1×1", part.ParameterCount]);
                if (part is DenseBlock or Transition)
                {
                    tour.Print($"{name,-14} → {x.Shape[1],3} channels of {x.Shape[2]}×{x.Shape[3]}, {part.ParameterCount,6:N0} parameters");
                }
            }
        }

        tour.Notice("Each layer of a dense block adds 6 channels (concatenation); a transition halves channels and image.");
        DataLoader images = Images.Batches(tour.IsBrief ? 64 : 1000, batchSize: 50, halved: true);
        DataLoader test = Images.Batches(tour.IsBrief ? 64 : 1000, batchSize: 250, train: false, halved: true);
        List<ReportSeries> curves = [];
        List<IReadOnlyList<object?>> rows = [];
        foreach ((string name, Layer model) in ((string, Layer)[])[("dense", dense), ("residual", new ResNet(ResNetBlock.Basic, [2, 2, 2], 1, 10, ResNetStem.Small, width: 5, generator: new(1)))])
        {
            Trainer trainer = new(model, new Adam(model.Parameters, 5e-3), Losses.CrossEntropy) { Metrics = [new Accuracy()], Verbosity = Verbosity.Quiet };
            History history = trainer.Fit(images, test, tour.Steps(14, 1));
            curves.Add(new ReportSeries($"{name}, {model.ParameterCount:N0} parameters", history["val_accuracy"]));
            rows.Add([name, model.ParameterCount, history["loss"][^1], history["val_accuracy"][^1]]);
            tour.Print($"{name,-9} {model.ParameterCount,7:N0} parameters: loss {history["loss"][^1]:F3}, right on test images {history["val_accuracy"][^1]:P1}");
        }

        new Report(Subject)
            .AddTable("The network, part by part", ["part", "kind", "channels behind it", "image behind it", "parameters"], parts)
            .AddLines("Accuracy on test images", "epoch", curves, "accuracy", caption: "1000 images to learn from.")
            .AddTable("After the last epoch", ["network", "parameters", "training loss", "test accuracy"], rows)
            .Save(tour.ReportPath(this));
        if (!tour.IsBrief)
        {
            tour.Notice($"With about as many parameters, the dense network ends at {(double)rows[0][3]!:P1} on test images, the residual one at {(double)rows[1][3]!:P1}.");
        }
    }
}
