using System.Diagnostics;

namespace Engine.Gpu.Tests.Ilgpu;

/// <summary>The trace listeners of a host for the time of a test: one that notes failed assertions, in place of all that were there.</summary>
internal sealed class HostListeners : TraceListener
{
    private readonly TraceListener[] _before;

    public HostListeners()
    {
        _before = new TraceListener[Trace.Listeners.Count];
        Trace.Listeners.CopyTo(_before, 0);
        Trace.Listeners.Clear();
        _ = Trace.Listeners.Add(this);
    }

    public List<string?> Failures { get; } = [];

    public List<string?> Lines { get; } = [];

    public override void Fail(string? message, string? detailMessage)
    {
        lock (Failures)
        {
            Failures.Add(message);
        }
    }

    public override void Write(string? message)
    {
    }

    public override void WriteLine(string? message) => Lines.Add(message);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Trace.Listeners.Clear();
            Trace.Listeners.AddRange(_before);
        }

        base.Dispose(disposing);
    }
}
