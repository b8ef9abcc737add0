namespace Engine.Gpu;

/// <summary>Launches with their arguments set, copies and clears, issued again by each replay.</summary>
internal sealed class OpenClRecording(OpenClDriver driver, RecordedCommand[] commands) : GpuRecording
{
    private RecordedCommand[]? _commands = commands;

    /// <inheritdoc/>
    public override int Launches { get; } = commands.Count(static command => command.Kind == RecordedCommandKind.Launch);

    /// <inheritdoc/>
    public override void Replay()
    {
        RecordedCommand[]? commands = _commands;
        ObjectDisposedException.ThrowIf(commands is null, this);
        driver.Replay(commands);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _commands, null) is { } commands)
        {
            RecordingBuilder.Release(driver.Api, commands);
        }
    }
}
