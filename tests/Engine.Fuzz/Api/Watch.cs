using System.Diagnostics;
using System.Text;

namespace Engine.Fuzz.Api;

/// <summary>Writes down which call is running, for whoever finds the process dead, and ends a process that hangs.</summary>
internal sealed class Watch : IDisposable
{
    /// <summary>Of the processor's time; on a busy machine the clock on the wall says nothing.</summary>
    private static readonly TimeSpan s_longestCall = TimeSpan.FromSeconds(10);

    /// <summary>On the wall, for calls that wait for what never comes.</summary>
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(40);

    /// <summary>In the folder that the process was started in: whoever started it reads there what it did last.</summary>
    public const string FileName = "last-call";

    private readonly Process _process = Process.GetCurrentProcess();
    private readonly FileStream _file;
    private readonly Timer _timer;
    private readonly Lock _lock = new();
    private readonly int _seed;
    private readonly Stack<(string Call, long Number, long Begun, TimeSpan Used)> _running = new();
    private bool _ended;

    public Watch(string folder, int seed)
    {
        _seed = seed;
        _file = new FileStream(Path.Combine(folder, FileName), FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        _timer = new Timer(_ => Check(), null, 500, 500);
    }

    public void Begin(long number, string call)
    {
        byte[] line = Encoding.UTF8.GetBytes($"seed {_seed}, call {number}: {call}\n".PadRight(400));
        _file.Position = 0;
        _file.Write(line);
        _file.SetLength(line.Length);
        lock (_lock)
        {
            _running.Push((call, number, Stopwatch.GetTimestamp(), TimeSpan.MinValue));
        }
    }

    public void End()
    {
        lock (_lock)
        {
            _running.Pop();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
        }

        _timer.Dispose();
        _file.Dispose();
        _process.Dispose();
    }

    private void Check()
    {
        lock (_lock)
        {
            if (_ended || !_running.TryPop(out (string Call, long Number, long Begun, TimeSpan Used) top))
            {
                return;
            }

            _process.Refresh();
            TimeSpan now = _process.TotalProcessorTime;
            TimeSpan used = top.Used == TimeSpan.MinValue ? TimeSpan.Zero : now - top.Used;
            _running.Push(top.Used == TimeSpan.MinValue ? top with { Used = now } : top);
            if (used > s_longestCall || Stopwatch.GetElapsedTime(top.Begun) > s_longestWait)
            {
                Console.WriteLine($"  hangs ({used.TotalSeconds:0} s of work, {Stopwatch.GetElapsedTime(top.Begun).TotalSeconds:0} s): seed {_seed}, call {top.Number}: {top.Call}");
                Console.Out.Flush();
                Environment.Exit(3);
            }
        }
    }
}
