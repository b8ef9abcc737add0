using System.Buffers;
using Microsoft.Extensions.Logging;

namespace Engine.Hosting;

internal sealed partial class Predictor
{
    /// <summary>Loads the weights; what is wrong with them ends the start of the host.</summary>
    public void Load() => _model = _source.Load(_options.Weights);

    /// <summary>Warms the model up and answers until the queue is closed and empty, or until the token ends all.</summary>
    /// <remarks>
    /// On a thread of its own: a device keeps temporary memory for each thread that computes (up to 64 MiB on the CPU), and a loop that an await carries from one
    /// thread of the pool to the next would leave it on all of them.
    /// </remarks>
    public void Run(CancellationToken cancellationToken)
    {
        try
        {
            WarmUp();
        }
        catch (Exception error)
        {
            Fail(error);
        }

        List<PredictionRequest> batch = new(_options.MaxBatch);
        while (_queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult())
        {
            Gather(batch);
            if (batch.Count < _options.MaxBatch && batch.Count > 0 && _options.MaxDelay > TimeSpan.Zero && _state == PredictorState.Ready)
            {
                Task.Delay(_options.MaxDelay, _time, CancellationToken.None).GetAwaiter().GetResult();
                Gather(batch);
            }

            Answer(batch, cancellationToken);
            batch.Clear();
        }
    }

    /// <summary>Refuses new samples; <see cref="Run"/> ends when those that wait are answered.</summary>
    public void BeginStop()
    {
        if (_state != PredictorState.Failed)
        {
            _state = PredictorState.Stopping;
        }

        _queue.Writer.TryComplete();
    }

    /// <summary>Gives the weights back.</summary>
    public void Unload()
    {
        _model?.Dispose();
        _model = null;
    }

    private void WarmUp()
    {
        // The smallest and the largest batch: kernels are compiled, plans made and memory taken before the first caller waits for it.
        float[] probe = _source.Probe(_options, _sampleLength);
        AnswerAll(probe.AsSpan(0, _sampleLength), 1);
        if (_options.MaxBatch > 1)
        {
            AnswerAll(new float[(long)_options.MaxBatch * _sampleLength], _options.MaxBatch);
        }

        if (_state == PredictorState.Starting)
        {
            _state = PredictorState.Ready;
        }

        LogReady(_log, Name, string.Join(", ", _outputShape));
    }

    private void Gather(List<PredictionRequest> batch)
    {
        while (batch.Count < _options.MaxBatch && _queue.Reader.TryRead(out PredictionRequest? request))
        {
            if (request.IsAbandoned)
            {
                request.ReturnBuffer();
            }
            else
            {
                batch.Add(request);
            }
        }
    }

    private void Answer(List<PredictionRequest> batch, CancellationToken cancellationToken)
    {
        if (batch.Count == 0)
        {
            return;
        }

        try
        {
            if (_state == PredictorState.Failed || cancellationToken.IsCancellationRequested)
            {
                PredictionException refusal = _state == PredictorState.Failed
                    ? CannotAnswer()
                    : new($"Model '{Name}': the host has stopped.");
                batch.ForEach(request => request.Fail(refusal));
                return;
            }

            _metrics.Batch(Name, batch.Count);
            float[] samples = ArrayPool<float>.Shared.Rent(batch.Count * _sampleLength);
            for (int i = 0; i < batch.Count; i++)
            {
                batch[i].BatchSize = batch.Count;
                batch[i].Values.CopyTo(samples.AsSpan(i * _sampleLength));
            }

            AnswerPart(batch, samples, 0, batch.Count);
            ArrayPool<float>.Shared.Return(samples);
        }
        finally
        {
            batch.ForEach(static request => request.ReturnBuffer());
        }
    }

    /// <summary>Answers a part of a batch; where that fails, its halves, so that a sample that cannot be answered fails alone.</summary>
    private void AnswerPart(List<PredictionRequest> batch, float[] samples, int start, int count)
    {
        try
        {
            float[] answers = AnswerAll(samples.AsSpan(start * _sampleLength, count * _sampleLength), count);
            int length = answers.Length / count;
            for (int i = 0; i < count; i++)
            {
                float[] answer = answers[(i * length)..((i + 1) * length)];
                if (!_options.AllowNonFinite && answer.AsSpan().ContainsNonFinite())
                {
                    batch[start + i].Fail(new PredictionException($"Model '{Name}': the answer has numbers that are not finite. Look at the sample, or set AllowNonFinite."));
                }
                else
                {
                    batch[start + i].Succeed(answer);
                }
            }
        }
        catch (DeviceLostException error)
        {
            Fail(error);
            for (int i = 0; i < count; i++)
            {
                batch[start + i].Fail(CannotAnswer());
            }
        }
        catch (Exception error)
        {
            if (count == 1)
            {
                LogSampleFailed(_log, error, Name);
                batch[start].Fail(new PredictionException($"Model '{Name}': {error.Message}", error));
                return;
            }

            int half = count / 2;
            AnswerPart(batch, samples, start, half);
            AnswerPart(batch, samples, start + half, count - half);
        }
    }

    private float[] AnswerAll(ReadOnlySpan<float> samples, int count)
    {
        ServedModel model = Enter();
        try
        {
            float[] answers = model.Answer(samples, _inputShape, out int[] outputShape);
            if (_outputShape.Length == 0 || !_outputShape.AsSpan().SequenceEqual(outputShape))
            {
                _outputShape = outputShape;
            }

            return answers;
        }
        finally
        {
            model.Leave();
        }
    }

    /// <summary>The present weights, which stay until <see cref="ServedModel.Leave"/>.</summary>
    private ServedModel Enter()
    {
        while (true)
        {
            ServedModel model = _model ?? throw new PredictionException($"Model '{Name}' is not loaded.");
            if (model.TryEnter())
            {
                return model;
            }
        }
    }

    private void Fail(Exception error)
    {
        _failure = error;
        _state = PredictorState.Failed;
        LogFailed(_log, error, Name);
    }

    [LoggerMessage(1, LogLevel.Information, "Model '{Model}' is ready; an answer is [{Shape}].")]
    private static partial void LogReady(ILogger log, string model, string shape);

    [LoggerMessage(2, LogLevel.Warning, "Model '{Model}' could not answer a sample.")]
    private static partial void LogSampleFailed(ILogger log, Exception error, string model);

    [LoggerMessage(3, LogLevel.Critical, "Model '{Model}' refuses all samples from now on.")]
    private static partial void LogFailed(ILogger log, Exception error, string model);
}
