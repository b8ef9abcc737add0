using System.Collections.Concurrent;
using Engine.Nn;

namespace Engine.Hosting.Tests;

/// <summary>Computes 2x, and writes down how many samples came at once. It waits where a test holds it up.</summary>
internal sealed partial class Doubling : Layer
{
    public ConcurrentQueue<int> Batches { get; } = [];

    /// <summary>Closed by a test that wants samples to wait.</summary>
    public ManualResetEventSlim Gate { get; } = new(true);

    /// <summary>Set when a pass has begun.</summary>
    public SemaphoreSlim Began { get; } = new(0);

    /// <summary>The thread of each pass.</summary>
    public ConcurrentQueue<Thread> Threads { get; } = [];

    public override Tensor Forward(Tensor x)
    {
        Batches.Enqueue(x.Shape[0]);
        Threads.Enqueue(Thread.CurrentThread);
        Began.Release();
        Gate.Wait();
        return x * 2;
    }
}

/// <summary>Refuses 13 wherever it stands in a batch.</summary>
internal sealed partial class Superstitious : Layer
{
    public override Tensor Forward(Tensor x) =>
        x.ToArray<float>().Contains(13) ? throw new InvalidOperationException("13 is refused.") : x.Log();
}

/// <summary>Loses its device when it sees a negative number.</summary>
internal sealed partial class Fragile : Layer
{
    public override Tensor Forward(Tensor x) =>
        x.ToArray<float>().Min() < 0 ? throw new DeviceLostException("The device is gone.") : x * 1;
}

/// <summary>Mixes the samples of a batch, which no served model may.</summary>
internal sealed partial class Mixing : Layer
{
    public override Tensor Forward(Tensor x) => x.Sum(axis: 0);
}
