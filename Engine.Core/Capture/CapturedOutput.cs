namespace Engine;

/// <summary>The result of a captured step. Its memory is the same at every replay: the next replay overwrites the values.</summary>
/// <remarks>
/// Read the value, or <see cref="Clone"/> it, before the next replay where it is needed after that. A tensor that was returned from the
/// step's code itself is dead once the pass is over; only this buffer is refreshed.
/// </remarks>
public sealed class CapturedOutput
{
    private readonly CapturedStep _step;
    private readonly Tensor _buffer;

    internal CapturedOutput(CapturedStep step, Tensor buffer)
    {
        _step = step;
        _buffer = buffer;
    }

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape => _buffer.Shape;

    /// <summary>The element type.</summary>
    public DType DType => _buffer.DType;

    /// <summary>
    /// The memory itself, for work on the device between replays: the same tensor each time, overwritten by the next replay, disposed with the
    /// captured step.
    /// </summary>
    /// <exception cref="InvalidOperationException">The step has not run yet: there is nothing in it.</exception>
    public Tensor Buffer => _step.HasRun
        ? _buffer
        : throw new InvalidOperationException("CapturedOutput: recording computes nothing; there is a value after the first Replay().");

    /// <summary>A copy that later replays do not touch.</summary>
    public Tensor Clone() => Buffer.Clone();

    /// <summary>The value of an output with one element; waits for the device.</summary>
    public double Item() => Buffer.Item();

    /// <summary>The elements in row-major order; waits for the device.</summary>
    public T[] ToArray<T>()
        where T : unmanaged => Buffer.ToArray<T>();

    internal void Dispose() => _buffer.Dispose();

    internal Tensor Memory => _buffer;
}
