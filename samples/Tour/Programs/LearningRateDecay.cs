using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>All formulas of a falling learning rate, and what they do to descent along noisy gradients.</summary>
internal sealed class LearningRateDecay : TourProgram
{
    private const int StepsAnEpoch = 20;

    public override string Name => "learning-rate-decay";

    public override string Subject => "Learning-rate decay 学习率衰减: 1/(1 + kt), 0.95ᵗ, k/√t, e^(−kt), staircase, warm-up, restarts";

    public override void Run(Tour tour)
    {
        const double Start = 0.5;
        int epochs = tour.Steps(60, 5);
        (string Name, Schedule Rate)[] schedules =
        [
            ("constant", Schedule.Constant(Start)),
            ("1/(1 + kt), k = 0.5", Schedule.InverseTime(Start, 0.5)),
            ("0.95ᵗ", Schedule.Exponential(Start, 0.95)),
            ("k/√t, k = 1", Schedule.InverseSqrt(Start)),
            ("e^(−kt), k = 0.1", Schedule.NaturalExponential(Start, 0.1)),
            ("e^(−kt), k = 1", Schedule.NaturalExponential(Start, 1)),
            ("staircase, half every 10", Schedule.Step(Start, 10, 0.5)),
            ("half a cosine", Schedule.Cosine(Start, epochs)),
            ("warm-up, then 0.95ᵗ", Schedule.Exponential(Start, 0.95).WithWarmUp(5)),
            ("restarts of a cosine", Schedule.CosineRestarts(Start, 20)),
            ("restarts one level down", Schedule.Cosine(Start, 20).WithRestarts(20, 0.3)),
        ];
        List<ReportSeries> rates = [], values = [];
        List<IReadOnlyList<object?>> rows = [];
        Dictionary<string, double> ends = [];
        foreach ((string name, Schedule schedule) in schedules)
        {
            double[] path = Descend(epochs, optimizer => new Scheduler(optimizer, schedule), static (scheduler, _) => scheduler.Step());
            rates.Add(new ReportSeries(name, [.. Enumerable.Range(0, epochs).Select(schedule.At)]));
            Note(name, path);
        }

        // By hand: where the value has not improved for some epochs, one level down.
        List<double> steps = [];
        double[] stuck = Descend(epochs, static o => (Optimizer: o, Plateau: new ReduceOnPlateau(o, factor: 0.5, patience: 4)), (s, value) =>
        {
            steps.Add(s.Optimizer.LearningRate);
            s.Plateau.Step(value);
        });
        rates.Add(new ReportSeries("half when stuck", steps));
        Note("half when stuck", stuck);
        new Report(Subject)
            .AddText("The value ½Σaᵢwᵢ² of 20 weights with curvatures from 0.01 to 1, descended along gradients with noise, as mini-batches give. The least value is 0.")
            .AddLines("Learning rate", "epoch", rates, "rate")
            .AddLines("Value at the end of each epoch", "epoch", values, "value", logY: true)
            .AddTable("Mean of the last five epochs", ["schedule", "value"], rows)
            .Save(tour.ReportPath(this));
        if (!tour.IsBrief)
        {
            tour.Notice($"A constant rate comes near quickly and then stays at a distance ({ends["constant"]:G2}): each step follows the noise. Half a cosine ends at {ends["half a cosine"]:G2}.");
            tour.Notice($"Falling too fast is no good either: e^(−kt) with k = 1 has no rate left while the flat directions are still far away ({ends["e^(−kt), k = 1"]:G2}).");
        }

        void Note(string name, double[] path)
        {
            values.Add(new ReportSeries(name, path));
            double end = ends[name] = path.TakeLast(5).Average();
            rows.Add([name, end]);
            tour.Print($"{name,-26} {end:G3}");
        }
    }

    /// <summary>Twenty noisy steps an epoch; the value at the end of each.</summary>
    private static double[] Descend<T>(int epochs, Func<Optimizer, T> begin, Action<T, double> endEpoch)
    {
        Generator noise = new(7);
        Tensor curvatures = Tensor.From<float>([.. Enumerable.Range(0, 20).Select(static i => MathF.Pow(10, -2 * i / 19f))]);
        Tensor w = Tensor.Full([20], 10).WithGrad();
        Sgd optimizer = new([w], 0.5);
        T schedule = begin(optimizer);
        double[] path = new double[epochs];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            using TensorScope scope = TensorScope.Begin();
            for (int step = 0; step < StepsAnEpoch; step++)
            {
                w.SetGrad((curvatures * w.Detach()) + Tensor.Randn([20], std: 0.5, generator: noise));
                optimizer.Step();
            }

            path[epoch] = 0.5 * (curvatures * w.Detach().Square()).Sum().Item();
            endEpoch(schedule, path[epoch]);
        }

        return path;
    }
}
