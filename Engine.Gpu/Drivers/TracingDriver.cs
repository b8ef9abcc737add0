using System.Globalization;

namespace Engine.Gpu;

/// <summary>
/// Shows the calls of a driver. <c>ENGINE_DEBUG=2</c> writes one line a launch to standard error (kernel, grid, registers, time on the device), <c>4</c>
/// also the text of each kernel; <c>ENGINE_SYNC=1</c> waits after each launch, so that a failure names the kernel that caused it.
/// </summary>
internal sealed class TracingDriver : GpuDriver
{
    private const int LaunchLevel = 2;
    private const int TextLevel = 4;

    private readonly GpuDriver _inner;
    private readonly int _level;
    private readonly bool _waits;
    private readonly TextWriter _output;
    private volatile int _recordingThread;

    internal TracingDriver(GpuDriver inner, int level, bool waits, TextWriter output)
    {
        _inner = inner;
        _level = level;
        _waits = waits;
        _output = output;
    }

    /// <summary>Whether the device's times will be read. Some drivers are slower when they keep times.</summary>
    public static bool MeasuresTime { get; } = LevelOf(Environment.GetEnvironmentVariable("ENGINE_DEBUG")) >= LaunchLevel;

    /// <inheritdoc/>
    public override GpuTarget Target => _inner.Target;

    /// <inheritdoc/>
    public override string Description => _inner.Description;

    /// <inheritdoc/>
    public override string Identity => _inner.Identity;

    /// <inheritdoc/>
    public override long TotalMemory => _inner.TotalMemory;

    /// <inheritdoc/>
    public override bool OwnsStream => _inner.OwnsStream;

    /// <inheritdoc/>
    public override Action<int>? GroupsRefused
    {
        get => _inner.GroupsRefused;
        set => _inner.GroupsRefused = value;
    }

    /// <summary>The driver itself where the environment asks for nothing.</summary>
    public static GpuDriver Wrap(GpuDriver driver)
    {
        int level = LevelOf(Environment.GetEnvironmentVariable("ENGINE_DEBUG"));
        bool waits = Environment.GetEnvironmentVariable("ENGINE_SYNC") == "1";
        return level >= LaunchLevel || waits ? new TracingDriver(driver, level, waits, Console.Error) : driver;
    }

    /// <inheritdoc/>
    public override bool TryAllocate(long bytes, out nint handle) => _inner.TryAllocate(bytes, out handle);

    /// <inheritdoc/>
    public override void Free(nint handle) => _inner.Free(handle);

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> source, nint handle, long offset) => _inner.Upload(source, handle, offset);

    /// <inheritdoc/>
    public override void Download(nint handle, long offset, Span<byte> destination) => _inner.Download(handle, offset, destination);

    /// <inheritdoc/>
    public override void Copy(nint source, long sourceOffset, nint destination, long destinationOffset, long bytes) =>
        _inner.Copy(source, sourceOffset, destination, destinationOffset, bytes);

    /// <inheritdoc/>
    public override void Clear(nint handle, long offset, long bytes) => _inner.Clear(handle, offset, bytes);

    /// <inheritdoc/>
    public override CompiledKernel Compile(KernelSource source)
    {
        ShowText(source);
        return _inner.Compile(source);
    }

    /// <inheritdoc/>
    public override CompiledKernel? TryLoad(KernelSource source, ReadOnlySpan<byte> binary)
    {
        CompiledKernel? kernel = _inner.TryLoad(source, binary);
        if (kernel is not null)
        {
            ShowText(source);
        }

        return kernel;
    }

    /// <inheritdoc/>
    public override byte[] GetBinary(CompiledKernel kernel) => _inner.GetBinary(kernel);

    /// <inheritdoc/>
    public override void Launch(CompiledKernel kernel, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
    {
        if (_recordingThread == Environment.CurrentManagedThreadId)
        {
            _inner.Launch(kernel, grid, arguments);
            ShowLaunch(kernel, grid, "recorded");
            return;
        }

        if (_level < LaunchLevel)
        {
            _inner.Launch(kernel, grid, arguments);
        }
        else
        {
            using GpuEvent before = _inner.RecordEvent();
            _inner.Launch(kernel, grid, arguments);
            using GpuEvent after = _inner.RecordEvent();
            ShowLaunch(kernel, grid, string.Create(CultureInfo.InvariantCulture, $"{after.MillisecondsSince(before) * 1000:F1} us"));
        }

        WaitIfAsked();
    }

    /// <inheritdoc/>
    public override void Synchronize() => _inner.Synchronize();

    /// <inheritdoc/>
    public override GpuEvent RecordEvent() => _inner.RecordEvent();

    /// <inheritdoc/>
    public override void BeginRecording()
    {
        _inner.BeginRecording();
        _recordingThread = Environment.CurrentManagedThreadId;
    }

    /// <inheritdoc/>
    public override GpuRecording EndRecording()
    {
        _recordingThread = 0;
        return new TracingRecording(this, _inner.EndRecording());
    }

    /// <inheritdoc/>
    public override void AbortRecording()
    {
        _recordingThread = 0;
        _inner.AbortRecording();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _inner.Dispose();

    private static int LevelOf(string? setting) => int.TryParse(setting, NumberStyles.None, CultureInfo.InvariantCulture, out int level) ? level : 0;

    private void WaitIfAsked()
    {
        if (_waits)
        {
            _inner.Synchronize();
        }
    }

    private void ShowText(KernelSource source)
    {
        if (_level >= TextLevel)
        {
            _output.WriteLine(source.Text);
        }
    }

    private void ShowLaunch(CompiledKernel kernel, LaunchGrid grid, string time)
    {
        if (_level >= LaunchLevel)
        {
            _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kernel.Source.Name,-48} {grid.X}x{grid.Y}x{grid.Z} groups of {kernel.Source.Group.Size}, {kernel.Registers} registers: {time}"));
        }
    }

    private sealed class TracingRecording(TracingDriver driver, GpuRecording inner) : GpuRecording
    {
        /// <inheritdoc/>
        public override int Launches => inner.Launches;

        /// <inheritdoc/>
        public override void Replay()
        {
            if (driver._level < LaunchLevel)
            {
                inner.Replay();
            }
            else
            {
                using GpuEvent before = driver._inner.RecordEvent();
                inner.Replay();
                using GpuEvent after = driver._inner.RecordEvent();
                driver._output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"replay of {Launches} launches: {after.MillisecondsSince(before) * 1000:F1} us"));
            }

            driver.WaitIfAsked();
        }

        /// <inheritdoc/>
        public override void Dispose() => inner.Dispose();
    }
}
