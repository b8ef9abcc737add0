using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Engine.Nn;

/// <summary>Where a run stood at a moment within an epoch.</summary>
/// <param name="Step">How many updates of the parameters were made.</param>
/// <param name="Epoch">How many epochs were done, the present one by its share.</param>
/// <param name="Seconds">The time that training steps took until then, in seconds; validation and callbacks at the end of an epoch are left out.</param>
/// <param name="Loss">The mean loss since the moment before, or since the epoch began.</param>
/// <param name="LearningRate">The optimizer's.</param>
/// <param name="SamplesPerSecond">The speed since the moment before.</param>
/// <param name="GradientNorm">The length of the gradient of all parameters that made the last step, after clipping; NaN where there is none.</param>
public readonly record struct RunSample(long Step, double Epoch, double Seconds, double Loss, double LearningRate, double SamplesPerSecond, double GradientNorm);

/// <summary>Notes loss, learning rate, speed and gradient norm while a run goes on, for the curves of a <see cref="Report"/>.</summary>
/// <remarks>
/// It takes a sample a few times a second (more often in the first seconds), not at each step, because each sample waits for the device. Of a long run it keeps
/// at most <see cref="MostSamples"/>: when there are more, every second one is dropped, and samples are taken half as often. A resumed run keeps its samples.
/// </remarks>
/// <example><code>
/// RunRecorder recorder = new();
/// Trainer trainer = new(model, optimizer, Losses.CrossEntropy) { Callbacks = [recorder] };
/// trainer.Fit(train, validation, epochs: 10).SaveReport("run.html", recorder: recorder);
/// </code></example>
public sealed class RunRecorder : Callback
{
    /// <summary>So many moments are kept at most.</summary>
    public const int MostSamples = 2000;

    private const int Fields = 7;

    private readonly List<RunSample> _samples = [];
    private TimeSpan _interval;
    private long _lastTime;
    private long _lastSamples;
    private double _lastSum;
    private double _seconds;

    /// <summary>A recorder that looks at most once in an interval; four times a second where left out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The interval is negative.</exception>
    public RunRecorder(TimeSpan? interval = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interval ?? TimeSpan.Zero, TimeSpan.Zero, nameof(interval));
        _interval = interval ?? TimeSpan.FromSeconds(0.25);
    }

    /// <summary>Short at first: a run of seconds has a curve too.</summary>
    private TimeSpan Interval => TimeSpan.FromSeconds(Math.Min(_interval.TotalSeconds, 0.02 + (_seconds / 50)));

    /// <summary>The moments in order.</summary>
    public IReadOnlyList<RunSample> Samples => _samples;

    /// <summary>Is told of each moment as it is noted, on the thread that trains.</summary>
    public Action<RunSample>? Recorded { get; set; }

    /// <inheritdoc/>
    public override void OnEpochBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _lastTime = context.Trainer.TimeProvider.GetTimestamp();
        _lastSamples = context.Samples;
        _lastSum = context.Samples > 0 ? context.ReadLoss() * context.Samples : 0;
    }

    /// <inheritdoc/>
    public override void OnStepEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        TimeSpan elapsed = context.Trainer.TimeProvider.GetElapsedTime(_lastTime);
        if (elapsed < Interval && context.Batch != context.BatchesPerEpoch)
        {
            return;
        }

        long samples = context.Samples - _lastSamples;
        double sum = context.ReadLoss() * context.Samples, loss = (sum - _lastSum) / samples;
        (_lastSamples, _lastSum) = (context.Samples, sum);
        _seconds += elapsed.TotalSeconds;
        RunSample sample = new(
            context.Step,
            context.Epoch + (context.BatchesPerEpoch > 0 ? (double)context.Batch / context.BatchesPerEpoch : context.Batch / (context.Batch + 1.0)),
            _seconds,
            loss,
            context.Optimizer.LearningRate,
            elapsed > TimeSpan.Zero ? samples / elapsed.TotalSeconds : double.NaN,
            NormOf(context.Optimizer.Parameters));
        _samples.Add(sample);
        if (_samples.Count > MostSamples)
        {
            Thin();
        }

        Recorded?.Invoke(sample);
        _lastTime = context.Trainer.TimeProvider.GetTimestamp();
    }

    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        double[] numbers = [.. _samples.SelectMany(static s => (double[])[s.Step, s.Epoch, s.Seconds, s.Loss, s.LearningRate, s.SamplesPerSecond, s.GradientNorm])];
        state.Set("seconds", _seconds);
        state.Values["samples"] = Convert.ToBase64String(MemoryMarshal.AsBytes<double>(numbers));
    }

    /// <inheritdoc/>
    public override void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        double seconds = state.Number("seconds");
        byte[] bytes = [];
        if (state.Values["samples"] is not JsonValue node || !node.TryGetValue(out string? text) || !TryDecode(text, out bytes) || bytes.Length % (Fields * sizeof(double)) != 0)
        {
            throw new ModelFileException("The state's samples of a run are no list of numbers.");
        }

        ReadOnlySpan<double> numbers = MemoryMarshal.Cast<byte, double>(bytes);
        _samples.Clear();
        for (int i = 0; i < numbers.Length; i += Fields)
        {
            _samples.Add(new RunSample((long)numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3], numbers[i + 4], numbers[i + 5], numbers[i + 6]));
        }

        _seconds = seconds;
    }

    private static double NormOf(IEnumerable<Tensor> parameters)
    {
        List<Tensor> gradients = GradientClipping.GradientsOf(parameters);
        if (gradients.Count == 0)
        {
            return double.NaN;
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        return Tensor.GlobalNorm(gradients).Item();
    }

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        bool isBase64 = Convert.TryFromBase64String(text, bytes, out int count);
        bytes = bytes[..count];
        return isBase64;
    }

    private void Thin()
    {
        // The newest stays, so that the curve ends where the run does.
        RunSample[] kept = [.. _samples.Where((_, i) => (_samples.Count - 1 - i) % 2 == 0)];
        _samples.Clear();
        _samples.AddRange(kept);
        _interval += _interval;
    }
}
