using System.Buffers;

namespace Engine.Hosting;

/// <summary>One sample on its way through the queue. Its buffer is rented: whoever takes the request out of the queue gives it back.</summary>
internal sealed class PredictionRequest(float[] buffer, int length)
{
    private readonly TaskCompletionSource<float[]> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<float[]> Answer => _answer.Task;

    public ReadOnlySpan<float> Values => buffer.AsSpan(0, length);

    /// <summary>How many samples were computed together with it.</summary>
    public int BatchSize { get; set; }

    public bool IsAbandoned => _answer.Task.IsCompleted;

    public void Succeed(float[] values) => _answer.TrySetResult(values);

    public void Fail(Exception error) => _answer.TrySetException(error);

    public void Cancel(CancellationToken token) => _answer.TrySetCanceled(token);

    public void ReturnBuffer() => ArrayPool<float>.Shared.Return(buffer);
}
