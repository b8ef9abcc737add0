using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Engine.Nn;

/// <summary>How long each layer of a model takes forward: medians of several runs, each waited for on the device.</summary>
/// <remarks>
/// <para>The time of a layer is that between the end of the reporting layer before it and its own end: what a class of one's own computes between
/// its layers counts to the next one, and what comes behind the last to <see cref="Rest"/>. The engine's own layers report, and each layer in a
/// <see cref="Sequential"/>.</para>
/// <para>The model is in evaluation mode and without gradients, as in <see cref="Layer.Predict"/>. Layers that would be computed in one pass
/// (<see cref="BatchNorm"/> with a ReLU or a shortcut) are computed one by one, and a card that is waited for after each layer does not work ahead: the sum
/// is more than the time of a run without a look at its layers, which <see cref="Total"/> has.</para>
/// <code>
/// Console.WriteLine(model.Profile(images));
/// </code>
/// </remarks>
public sealed class ModelProfile
{
    private const int MostRuns = 1000;

    private ModelProfile(IReadOnlyList<ProfileRow> rows, TimeSpan rest, TimeSpan total) => (Rows, Rest, Total) = (rows, rest, total);

    /// <summary>The layers that reported, in the order of their first calls.</summary>
    public IReadOnlyList<ProfileRow> Rows { get; }

    /// <summary>The time behind the last layer.</summary>
    public TimeSpan Rest { get; }

    /// <summary>The median time of a whole run that nobody looks into.</summary>
    public TimeSpan Total { get; }

    /// <summary>Measures while <paramref name="run"/> calls the module.</summary>
    /// <param name="module">The module, which is not changed.</param>
    /// <param name="run">Calls it: <c>() => translator.Forward(source, target)</c>.</param>
    /// <param name="runs">How often it is measured, from 1 to 1000, after one run that is not.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no run, or there are too many.</exception>
    public static ModelProfile Of(Module module, Action run, int runs = 5)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(runs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(runs, MostRuns);
        OrderedDictionary<Module, Measured> layers = new(ReferenceEqualityComparer.Instance);
        Device? device = null;
        using (ForwardTrace.Begin((m, x, y) => Seen(m, y).Flops += 2 * m.MultiplyAdds(x.Shape, y.Shape)))
        {
            Once(run);
        }

        double[] rest = new double[runs], total = new double[runs];
        for (int i = 0; i < runs; i++)
        {
            device?.Synchronize();
            long last = Stopwatch.GetTimestamp();
            using (ForwardTrace.Begin((m, x, y) =>
            {
                y.Device.Synchronize();
                long now = Stopwatch.GetTimestamp();
                Seen(m, y).Ticks[i] += now - last;
                last = now;
            }))
            {
                Once(run);
            }

            device?.Synchronize();
            rest[i] = Stopwatch.GetTimestamp() - last;
            long start = Stopwatch.GetTimestamp();
            Once(run);
            device?.Synchronize();
            total[i] = Stopwatch.GetTimestamp() - start;
        }

        Dictionary<Module, string> names = new(ReferenceEqualityComparer.Instance);
        new ModuleTree(module).Nodes.ForEach(node => names.TryAdd(node.Module, node.Path));
        ProfileRow[] rows = [.. layers.Select(l => new ProfileRow(names.GetValueOrDefault(l.Key, string.Empty), ModuleText.Line(l.Key), l.Value.Shape, Median(l.Value.Ticks), l.Value.Flops))];
        return new ModelProfile(rows, Median(rest), Median(total));

        Measured Seen(Module m, Tensor y)
        {
            device = y.Device;
            if (!layers.TryGetValue(m, out Measured? measured))
            {
                layers.Add(m, measured = new Measured { Shape = y.Shape, Ticks = new double[runs] });
            }

            return measured;
        }
    }

    /// <summary>The table as text, the slowest layer first.</summary>
    public override string ToString()
    {
        double sum = Math.Max(Rows.Sum(static r => r.Time.TotalMilliseconds) + Rest.TotalMilliseconds, double.Epsilon);
        string[][] cells =
        [
            ["layer", "output", "ms", "share", "GFLOP/s"],
            .. Rows.OrderByDescending(static r => r.Time).Select(r => (string[])
            [
                $"{(r.Name.Length == 0 ? string.Empty : r.Name + ": ")}{r.Description}",
                r.OutputShape.ToString(),
                Number(r.Time.TotalMilliseconds, "F3"),
                Number(r.Time.TotalMilliseconds / sum, "P0"),
                r.Flops == 0 || r.Time == TimeSpan.Zero ? "–" : Number(r.Flops / r.Time.TotalSeconds / 1e9, "F1"),
            ]),
            ["behind the last layer", "–", Number(Rest.TotalMilliseconds, "F3"), Number(Rest.TotalMilliseconds / sum, "P0"), "–"],
        ];
        int[] widths = [.. Enumerable.Range(0, 5).Select(c => cells.Max(row => row[c].Length))];
        StringBuilder text = new();
        foreach (string[] row in cells)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row[0].PadRight(widths[0])}  {row[1].PadRight(widths[1])}  {row[2].PadLeft(widths[2])}  {row[3].PadLeft(widths[3])}  {row[4].PadLeft(widths[4])}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"layer by layer {sum:F3} ms; the whole run {Total.TotalMilliseconds:F3} ms\n");
        return text.ToString();
    }

    private static void Once(Action run)
    {
        using InferenceScope inference = InferenceScope.Begin();
        using TensorScope scope = TensorScope.Begin();
        run();
    }

    private static TimeSpan Median(double[] ticks)
    {
        double[] sorted = [.. ticks.Order()];
        return TimeSpan.FromSeconds((sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2 / Stopwatch.Frequency);
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>A layer's times, in ticks of the stopwatch by run, and the operations of all its calls in a run.</summary>
    private sealed class Measured
    {
        public required Shape Shape { get; init; }

        public required double[] Ticks { get; init; }

        public long Flops { get; set; }
    }
}
