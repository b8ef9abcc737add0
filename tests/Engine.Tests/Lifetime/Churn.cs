namespace Engine.Tests.Lifetime;

/// <summary>
/// A thread that collects garbage and overwrites whatever memory a device's pool has free, without pause: what reads memory that nobody
/// holds sees its numbers.
/// </summary>
internal sealed class Churn : IDisposable
{
    /// <summary>What it writes: no test computes it.</summary>
    public const float Trace = -12345;

    private readonly Thread _thread;
    private volatile bool _isEnding;

    /// <summary>Starts it.</summary>
    /// <param name="device">Whose pool.</param>
    /// <param name="elements">The sizes of tensors, in float32, whose blocks it overwrites.</param>
    public Churn(Device device, params int[] elements)
    {
        _thread = new Thread(() =>
        {
            while (!_isEnding)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                foreach (int count in elements)
                {
                    for (int i = 0; i < 4; i++)
                    {
                        using Tensor tensor = Tensor.Full([count], Trace, device: device);
                    }
                }
            }
        })
        { IsBackground = true, Name = "churn" };
        _thread.Start();
    }

    public void Dispose()
    {
        _isEnding = true;
        _thread.Join();
    }
}
