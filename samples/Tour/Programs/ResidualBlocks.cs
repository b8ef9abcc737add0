using Engine.Nn;

namespace TourSample;

/// <summary>Networks of 20 and of 44 layers, with and without shortcuts, on the same few images.</summary>
internal sealed class ResidualBlocks : TourProgram
{
    public override string Name => "residual";

    public override string Subject => "Residual block 残差块, identity mapping 恒等映射: deeper plain networks train worse, residual ones do not";

    public override void Run(Tour tour)
    {
        DataLoader images = Images.Batches(tour.IsBrief ? 64 : 384, batchSize: 32, halved: true);
        List<ReportSeries> losses = [];
        List<IReadOnlyList<object?>> rows = [];
        Dictionary<string, double> last = [];
        foreach ((ResNetBlock block, int perStage) in ((ResNetBlock, int)[])[(ResNetBlock.Plain, 3), (ResNetBlock.Plain, 7), (ResNetBlock.Basic, 3), (ResNetBlock.Basic, 7)])
        {
            // Two convolutions a block, the stem and the classifier.
            int depth = (3 * perStage * 2) + 2;
            string name = $"{(block == ResNetBlock.Plain ? "plain" : "residual")}, {depth} layers";
            ResNet model = new(block, [perStage, perStage, perStage], 1, 10, ResNetStem.Small, width: 8, generator: new(1));
            Trainer trainer = new(model, new Sgd(model.Parameters, 0.02, momentum: 0.9), Losses.CrossEntropy) { Metrics = [new Accuracy()], Verbosity = Verbosity.Quiet };
            History history = trainer.Fit(images, epochs: tour.Steps(24, 1));
            double[] curve = [.. history["loss"]];
            last[name] = curve[^1];
            losses.Add(new ReportSeries(name, [.. Enumerable.Range(1, curve.Length).Select(static i => (double)i)], curve) { Color = depth, IsDashed = block == ResNetBlock.Plain });
            rows.Add([name, model.ParameterCount, curve[^1], history["accuracy"][^1]]);
            tour.Print($"{name,-20} {model.ParameterCount,7:N0} parameters, training loss {curve[^1]:F3}, right {history["accuracy"][^1]:P0}");
        }

        new Report(Subject)
            .AddText("A block of two convolutions computes relu(f(x)) in a plain network and relu(f(x) + x) in a residual one. To pass x on unchanged, the residual block only has to learn f(x) = 0.")
            .AddLines("Training loss", "epoch", losses, "mean loss of the epoch", caption: "Dashed: plain. The same layers, the same start values, the same data.")
            .AddTable("After the last epoch", ["network", "parameters", "training loss", "training accuracy"], rows)
            .Save(tour.ReportPath(this));
        if (!tour.IsBrief)
        {
            tour.Notice($"44 plain layers are worse than 20 even on what they train on ({last["plain, 44 layers"]:F2} against {last["plain, 20 layers"]:F2}): it is no overfitting.");
            tour.Notice($"With shortcuts 44 layers come to {last["residual, 44 layers"]:F2} and 20 layers to {last["residual, 20 layers"]:F2}: depth costs little there.");
        }
    }
}
