using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Engine.Hosting;

internal sealed partial class Predictor
{
    public async Task<ReloadResult> ReloadAsync(string? weights = null, CancellationToken cancellationToken = default)
    {
        string file = weights ?? _options.Weights
            ?? throw new InvalidOperationException($"Model '{Name}': there is no file to load: none was given, and the model's options name none.");
        await _reloading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Loading and probing take their time; the caller's thread may be the one of a user interface.
            ReloadResult result = await ComputingThread.Run(() => Reload(file, cancellationToken), cancellationToken).ConfigureAwait(false);
            _metrics.Reloaded(Name, result.Accepted);
            if (result.Accepted)
            {
                LogReloaded(_log, Name, file, result.ProbeDifference);
            }
            else
            {
                LogReloadRefused(_log, Name, file, result.Reason);
            }

            return result;
        }
        finally
        {
            _reloading.Release();
        }
    }

    /// <summary>Looks at the file of weights now and then, and loads it when it has changed.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        string path = _options.Weights!;
        FileStamp loaded = _source.Stamp, seen = loaded;
        using PeriodicTimer timer = new(_options.ReloadInterval, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            FileStamp now = FileStamp.Of(path);

            // A file that still changes is being written: it is taken when it looked the same twice.
            if (now != loaded && now == seen && now.Exists)
            {
                loaded = now;
                await ReloadAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            }

            seen = now;
        }
    }

    private ReloadResult Reload(string file, CancellationToken cancellationToken)
    {
        using Activity? activity = EngineTelemetry.Source.StartActivity("engine.model.load");
        activity?.SetTag("engine.model", Name);
        ServedModel? fresh = null;
        try
        {
            Refuse();
            fresh = _source.Load(file);
            cancellationToken.ThrowIfCancellationRequested();
            (string? reason, double difference) = Compare(fresh);
            if (reason is null)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ServedModel? old = Interlocked.Exchange(ref _model, fresh);
                fresh = null;
                old?.Dispose();
            }

            return new ReloadResult(reason is null, reason, difference);
        }
        catch (Exception error) when (error is EngineException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            return new ReloadResult(false, error.Message, double.NaN);
        }
        finally
        {
            fresh?.Dispose();
        }
    }

    /// <summary>Why the new weights must not answer, or null; and how far their answers are from those of the old ones.</summary>
    private (string? Reason, double Difference) Compare(ServedModel fresh)
    {
        float[] probe = _source.Probe(_options, _sampleLength);
        float[] after = fresh.Answer(probe, _inputShape, out int[] shape);
        if (!_options.AllowNonFinite && after.AsSpan().ContainsNonFinite())
        {
            return ("Its answer to the probe has numbers that are not finite.", double.NaN);
        }

        if (_outputShape.Length > 0 && !_outputShape.AsSpan().SequenceEqual(shape))
        {
            return ($"Its answer to the probe is [{string.Join(", ", shape)}]; until now it was [{string.Join(", ", _outputShape)}].", double.NaN);
        }

        float[] before = AnswerAll(probe, probe.Length / _sampleLength);
        double largest = 0;
        for (int i = 0; i < after.Length; i++)
        {
            // Equal infinities have no difference.
            double difference = after[i].Equals(before[i]) ? 0 : Math.Abs((double)after[i] - before[i]);
            largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
        }

        return _options.MaxProbeDifference is { } most && largest > most
            ? ($"Its answers to the probe differ by {largest:g4} from the old weights'; at most {most:g4} is allowed.", largest)
            : (null, largest);
    }

    [LoggerMessage(4, LogLevel.Information, "Model '{Model}' answers with the weights of '{File}'; the probe's answers moved by {Difference}.")]
    private static partial void LogReloaded(ILogger log, string model, string file, double difference);

    [LoggerMessage(5, LogLevel.Error, "Model '{Model}' keeps its weights; those of '{File}' were not taken: {Reason}")]
    private static partial void LogReloadRefused(ILogger log, string model, string file, string? reason);
}
