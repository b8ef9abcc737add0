using System.Globalization;

namespace Engine.Cpu;

/// <summary>The processor as a device: host memory, vector kernels, a fixed number of threads.</summary>
/// <remarks>
/// Kernels run on the calling thread and its helpers and have finished when a call returns. The same number of threads gives the same bits.
/// </remarks>
public sealed class CpuDevice : HostDevice, IDisposable
{
    private const string ThreadsVariable = "ENGINE_THREADS";
    private const int MostThreads = WorkerPool.MaxThreads;

    private readonly SimdLevel _level = CpuIsa.Level;
    private volatile CpuBackend _backend;
    private volatile CpuBackend.Recorder? _recorder;

    /// <summary>A CPU device of its own, with its own threads and memory pool.</summary>
    /// <param name="name">The name in messages.</param>
    /// <param name="threads">How many threads its kernels use; the number of processors if left out.</param>
    public CpuDevice(string name = "cpu", int? threads = null)
        : base(name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        int count = threads ?? DefaultThreads();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count, nameof(threads));
        _backend = new CpuBackend(count, _level);
    }

    /// <summary>A device whose pointwise kernels use vectors of another width than the best one.</summary>
    internal CpuDevice(string name, int threads, SimdLevel level)
        : base(name)
    {
        _level = level;
        _backend = new CpuBackend(threads, level);
    }

    /// <inheritdoc/>
    public override Backend Backend => RecorderHere is { } recorder ? recorder : _backend;

    /// <inheritdoc/>
    public override bool CanRecord => true;

    /// <inheritdoc/>
    public override string Description => $"{CpuIsa.Describe()}, {Threads} {(Threads == 1 ? "thread" : "threads")}";

    /// <summary>How many threads the kernels use. Set it while no kernel runs.</summary>
    public override int Threads
    {
        get => _backend.Threads;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            if (value != _backend.Threads)
            {
                CpuBackend old = _backend;
                _backend = new CpuBackend(value, _level);
                old.Dispose();
            }
        }
    }

    /// <summary>Ends the helper threads.</summary>
    public void Dispose() => _backend.Dispose();

    /// <inheritdoc/>
    public override void Enqueue(Action work)
    {
        if (RecorderHere is { } recorder)
        {
            ArgumentNullException.ThrowIfNull(work);
            recorder.Add(work);
        }
        else
        {
            base.Enqueue(work);
        }
    }

    /// <inheritdoc/>
    public override void RunParts(int parts, Action<int> part)
    {
        ArgumentNullException.ThrowIfNull(part);
        _backend.RunParts(parts, part);
    }

    /// <summary>The kernels, also while the calls of a thread are recorded.</summary>
    internal CpuBackend Kernels => _backend;

    /// <summary>What keeps this thread's calls while it records. Other threads compute as ever.</summary>
    private CpuBackend.Recorder? RecorderHere => _recorder is { } recorder && recorder.Thread == Environment.CurrentManagedThreadId ? recorder : null;

    /// <inheritdoc/>
    protected override void BeginRecording() => _recorder = new CpuBackend.Recorder(_backend);

    /// <inheritdoc/>
    protected override DeviceRecording EndRecording()
    {
        CpuBackend.Recorder recorder = _recorder ?? throw new InvalidOperationException($"{Name}: nothing is being recorded.");
        _recorder = null;
        return new CpuRecording(this, recorder.ToArray());
    }

    /// <inheritdoc/>
    protected override void AbortRecording() => _recorder = null;

    /// <inheritdoc/>
    protected override bool TryAllocateMemory(long bytes, out nint handle) => TensorBlocks.TryMap(bytes, out handle) || base.TryAllocateMemory(bytes, out handle);

    /// <inheritdoc/>
    protected override void FreeMemory(nint handle)
    {
        if (!TensorBlocks.TryUnmap(handle))
        {
            base.FreeMemory(handle);
        }
    }

    /// <summary>The error in the value of the environment variable; null if it is right.</summary>
    internal static string? ThreadsComplaint() => TryReadThreads(Environment.GetEnvironmentVariable(ThreadsVariable), out _)
        ? null
        : $"{ThreadsVariable} is \"{Environment.GetEnvironmentVariable(ThreadsVariable)}\" and was ignored; it must be a number from 1 to {MostThreads}";

    /// <summary>The number of threads that a value of the environment variable asks for: that of processors where it asks for nothing or makes no sense.</summary>
    internal static bool TryReadThreads(string? setting, out int threads)
    {
        threads = Environment.ProcessorCount;
        if (string.IsNullOrWhiteSpace(setting))
        {
            return true;
        }

        bool isNumber = int.TryParse(setting, NumberStyles.Integer, CultureInfo.InvariantCulture, out int asked) && asked is > 0 and <= MostThreads;
        threads = isNumber ? asked : threads;
        return isNumber;
    }

    private static int DefaultThreads()
    {
        _ = TryReadThreads(Environment.GetEnvironmentVariable(ThreadsVariable), out int threads);
        return threads;
    }
}
