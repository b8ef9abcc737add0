namespace Engine.Hosting;

/// <summary>Work on a thread of its own. What a device keeps for the thread goes with it; a thread of the pool would keep it for good.</summary>
internal static class ComputingThread
{
    public static Task Run(Action work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
