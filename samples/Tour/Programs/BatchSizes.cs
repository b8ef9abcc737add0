using System.Globalization;
using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Batch, stochastic and mini-batch descent on a straight line through noisy points: what noise costs and what it saves.</summary>
internal sealed class BatchSizes : TourProgram
{
    private const int Samples = 256;

    public override string Name => "batch-sizes";

    public override string Subject => "Batch, stochastic and mini-batch descent 批量、随机与小批量梯度下降";

    public override void Run(Tour tour)
    {
        // y = 2x − 1 and noise.
        Tensor x = Tensor.Rand([Samples, 1], -1, 1, dtype: DType.Float64), y = (2 * x) - 1 + Tensor.Randn([Samples, 1], 0, 0.5, dtype: DType.Float64);
        TensorDataset data = new(x, y);
        Tensor start = Tensor.From<double>([0.0, 0.0]);
        double[] best = Minimize.Lbfgs(p => Loss(p, new Batch(x, y)), start).Point.ToArray<double>();
        List<ReportSeries> bySamples = [], bySteps = [], paths = [], noise = [];
        List<IReadOnlyList<object?>> rows = [];
        double[] sizes = [1, 16, Samples], roots = new double[3];
        int[] steps = [tour.Steps(2560, 512), tour.Steps(640, 160), tour.Steps(300, 100)];
        for (int i = 0; i < sizes.Length; i++)
        {
            int size = (int)sizes[i];
            DataLoader loader = new(data, size) { Shuffle = true, Seed = 1, Prefetch = 0 };
            MinimizeResult run = Minimize.Run(Loss, start, loader, static p => new Sgd(p, 0.1), new DescentOptions { MaxIterations = steps[i], GradientTolerance = 0 });
            double[] distances = [.. run.Trajectory.Points.Select(p => Math.Sqrt(Math.Pow(p[0] - best[0], 2) + Math.Pow(p[1] - best[1], 2)))];
            int there = Array.FindIndex(distances, static d => d < 0.2);
            double hover = distances.TakeLast(distances.Length / 4).Average();
            roots[i] = Noise(data, Tensor.From<double>(best), size);
            string name = size == 1 ? "stochastic, 1" : size == Samples ? $"whole set, {Samples}" : $"mini-batch, {size}";
            bySamples.Add(new(name, [.. distances.Select((_, step) => (double)step * size)], distances));
            bySteps.Add(new(name, distances));
            paths.Add(new(name, run.Trajectory.Coordinate(0), run.Trajectory.Coordinate(1)));
            rows.Add([name, loader.BatchCount, there < 0 ? "–" : there, there < 0 ? "–" : there * size, hover, roots[i]]);
            tour.Print(string.Create(CultureInfo.InvariantCulture, $"{name,-15}: within 0.2 after {(there < 0 ? "–" : there.ToString(CultureInfo.InvariantCulture)),4} steps = {(there < 0 ? "–" : (there * size).ToString(CultureInfo.InvariantCulture)),5} samples; hovers at {hover:0.0000}; noise of a gradient {roots[i]:0.000}"));
        }

        noise.Add(new("noise", sizes[..2], roots[..2]));
        noise.Add(new("1/√batch", sizes[..2], [roots[0], roots[0] / Math.Sqrt(sizes[1])]) { IsDashed = true });
        tour.Notice("Single samples get near with the fewest samples, but hover around the minimum: their gradients are noisy. The whole set goes straight and needs the most samples.");
        tour.Notice("A mini-batch has most of both: the noise falls with the root of its size, and it keeps the hardware busy.");
        new Report("Batch sizes 小批量")
            .AddContours("The ways over the loss", (w, b) => Math.Pow(w - best[0], 2) / 3 + Math.Pow(b - best[1], 2), (-0.5, 3), (-2, 0.5), paths, xAxis: "slope", yAxis: "offset")
            .AddLines("Distance by samples seen: what it costs", "samples + 1", [.. bySamples.Select(static s => s with { X = [.. s.X.Select(static v => v + 1)] })], yAxis: "distance", logY: true, logX: true)
            .AddLines("Distance by steps", "step", bySteps, yAxis: "distance", logY: true)
            .AddLines("Noise of a batch's gradient", "batch size", noise, yAxis: "root mean square", logY: true, logX: true)
            .AddTable("In numbers", ["batch", "steps an epoch", "steps until 0.2", "samples until 0.2", "hovers at", "noise"], rows)
            .Save(tour.ReportPath(this));
    }

    private static Tensor Loss(Tensor p, Batch batch) => 0.5 * ((batch.Inputs * p[0]) + p[1] - batch.Targets).Square().Mean();

    /// <summary>The root mean square of the batches' gradients at the minimum, where the whole set's is 0: a rate of 0 stays there and looks.</summary>
    private static double Noise(TensorDataset data, Tensor at, int size)
    {
        DataLoader loader = new(data, size) { Shuffle = true, Seed = 2, Prefetch = 0 };
        MinimizeResult still = Minimize.Run(Loss, at, loader, static p => new Sgd(p, 0), new DescentOptions { MaxIterations = (2 * loader.BatchCount) - 1, GradientTolerance = 0 });
        return Math.Sqrt(still.Trajectory.GradientNorms.Average(static g => g * g));
    }
}
