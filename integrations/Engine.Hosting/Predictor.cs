using System.Buffers;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Engine.Hosting;

/// <summary>The queue of one model and the loop that answers it.</summary>
internal sealed partial class Predictor : IPredictor
{
    private readonly ModelSource _source;
    private readonly ModelOptions _options;
    private readonly Shape _inputShape;
    private readonly int _sampleLength;
    private readonly Channel<PredictionRequest> _queue;
    private readonly PredictorMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _reloading = new(1);
    private volatile ServedModel? _model;
    private volatile int[] _outputShape = [];
    private volatile PredictorState _state;
    private volatile Exception? _failure;

    public Predictor(string name, ModelSource source, ModelOptions options, PredictorMetrics metrics, TimeProvider time, ILogger log)
    {
        (Name, _source, _options, _metrics, _time, _log) = (name, source, options, metrics, time, log);
        _inputShape = options.InputShape;
        _sampleLength = (int)_inputShape.ElementCount;
        _queue = Channel.CreateBounded<PredictionRequest>(new BoundedChannelOptions(options.QueueLimit) { SingleReader = true });
        metrics.Watch(name, () => _queue.Reader.Count);
    }

    public string Name { get; }

    public IReadOnlyList<int> InputShape => _options.InputShape;

    public IReadOnlyList<int> OutputShape => _outputShape;

    public PredictorState State => _state;

    /// <summary>Why it has failed; null if it has not.</summary>
    public Exception? Failure => _failure;

    /// <summary>How many numbers a sample has.</summary>
    public int SampleLength => _sampleLength;

    /// <summary>How many samples wait.</summary>
    public int QueueLength => _queue.Reader.Count;

    public Task<float[]> PredictAsync(ReadOnlyMemory<float> sample, CancellationToken cancellationToken = default)
    {
        if (sample.Length != _sampleLength)
        {
            throw new ArgumentException($"Model '{Name}': the sample has {sample.Length} numbers; {_inputShape} takes {_sampleLength}.", nameof(sample));
        }

        float[] buffer = ArrayPool<float>.Shared.Rent(_sampleLength);
        sample.Span.CopyTo(buffer);
        return EnqueueAsync(buffer, cancellationToken);
    }

    /// <summary>The answer to a sample in a rented buffer, which becomes the queue's.</summary>
    public async Task<float[]> EnqueueAsync(float[] buffer, CancellationToken cancellationToken)
    {
        using Activity? activity = EngineTelemetry.Source.StartActivity("engine.predict");
        activity?.SetTag("engine.model", Name);
        long began = _time.GetTimestamp();
        PredictionRequest request = new(buffer, _sampleLength);
        try
        {
            await AddAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            request.ReturnBuffer();
            _metrics.Answered(Name, _time.GetElapsedTime(began), OutcomeOf(error));
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            throw;
        }

        // From here on the loop gives the buffer back, whatever becomes of the caller.
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static (state, token) => ((PredictionRequest)state!).Cancel(token), request);
        try
        {
            float[] answer = await request.Answer.ConfigureAwait(false);
            activity?.SetTag("engine.batch_size", request.BatchSize);
            _metrics.Answered(Name, _time.GetElapsedTime(began), "ok");
            return answer;
        }
        catch (Exception error)
        {
            _metrics.Answered(Name, _time.GetElapsedTime(began), OutcomeOf(error));
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            throw;
        }
    }

    private async ValueTask AddAsync(PredictionRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Refuse();
        if (_queue.Writer.TryWrite(request))
        {
            return;
        }

        Refuse();
        if (_options.WhenFull == QueueFullMode.Reject)
        {
            throw new QueueFullException($"Model '{Name}': {_options.QueueLimit} samples wait already. Ask again later.");
        }

        try
        {
            await _queue.Writer.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            Refuse();
            throw;
        }
    }

    /// <summary>Throws where no sample is taken any more.</summary>
    private void Refuse()
    {
        if (_state == PredictorState.Failed)
        {
            throw CannotAnswer();
        }

        if (_state == PredictorState.Stopping)
        {
            throw new PredictionException($"Model '{Name}' takes no more samples: the host stops.");
        }
    }

    /// <summary>What whoever asks a model that has failed is told.</summary>
    private PredictionException CannotAnswer() => new(FailureText, _failure);

    /// <summary>Why it has failed, with the shape of a sample, which is often the reason.</summary>
    internal string FailureText => $"Model '{Name}' cannot answer samples of {_inputShape} (InputShape): {_failure?.Message}";

    private static string OutcomeOf(Exception error) => error switch
    {
        OperationCanceledException => "cancelled",
        QueueFullException => "rejected",
        _ => "failed",
    };
}
