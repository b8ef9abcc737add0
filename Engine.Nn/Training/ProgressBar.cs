using System.Globalization;
using System.Text;

namespace Engine.Nn;

/// <summary>Shows a run as a line of a terminal that is rewritten, or as a plain line for each epoch and each point within one.</summary>
/// <remarks>
/// It is there for a person and must not harm a run: a console that fails is left alone from then on. Of several runs at once in a process only the first
/// has a bar, since they share the line.
/// </remarks>
internal sealed class ProgressBar : IProgress<TrainingProgress>, IDisposable
{
    private const int BarWidth = 24;
    private const int MinimumBarWidth = 8;

    /// <summary>Shorter epochs leave no line of their own: hundreds of them would push everything else off the screen.</summary>
    private static readonly TimeSpan s_longEpoch = TimeSpan.FromSeconds(1);

    private static int s_shown;

    private readonly ProgressConsole _console;
    private readonly bool _rewrites;
    private int _length;
    private bool _isOpen;
    private bool _hasFailed;
    private bool _isDisposed;

    private ProgressBar(ProgressConsole console, bool rewrites) => (_console, _rewrites) = (console, rewrites);

    /// <summary>The display that a trainer is to have; null for none.</summary>
    /// <param name="verbosity">The setting of the trainer.</param>
    /// <param name="hasListener">Whether the caller shows progress himself.</param>
    /// <param name="console">A console in place of the process's.</param>
    public static ProgressBar? For(Verbosity verbosity, bool hasListener, ProgressConsole? console)
    {
        if (verbosity == Verbosity.Quiet || (verbosity == Verbosity.Auto && hasListener) || (console ?? ProgressConsole.Own()) is not { } own)
        {
            return null;
        }

        bool rewrites = own.IsTerminal && verbosity != Verbosity.Lines;
        return Interlocked.CompareExchange(ref s_shown, 1, 0) == 0 ? new ProgressBar(own, rewrites) : null;
    }

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        if (_hasFailed || (!_rewrites && !value.IsEpochEnd && !value.IsPoint))
        {
            return;
        }

        try
        {
            Show(value);
        }
#pragma warning disable CA1031 // Whatever a console, or a writer in its place, may throw.
        catch (Exception)
#pragma warning restore CA1031
        {
            _hasFailed = true;
        }
    }

    /// <summary>Leaves a line that was not finished, of a run that was stopped, to be read.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Volatile.Write(ref s_shown, 0);
        if (_isOpen && !_hasFailed)
        {
            try
            {
                _console.Writer.WriteLine();
                _console.Writer.Flush();
            }
#pragma warning disable CA1031
            catch (Exception)
#pragma warning restore CA1031
            {
                _hasFailed = true;
            }
        }
    }

    /// <summary><c>epoch 2/10 [=======>      ] 120/469  loss 0.3412  accuracy 0.8812  lr 0.001  12,345/s  0:12 left</c>.</summary>
    internal static string Line(in TrainingProgress p, TimeSpan elapsed, int width)
    {
        string head = p.Epochs == int.MaxValue ? string.Create(CultureInfo.InvariantCulture, $"epoch {p.Epoch + 1} ") : string.Create(CultureInfo.InvariantCulture, $"epoch {(p.Epoch + 1).ToString(CultureInfo.InvariantCulture).PadLeft(Digits(p.Epochs))}/{p.Epochs} ");
        StringBuilder tail = new();
        if (p.MaxSteps is { } steps)
        {
            tail.Append(CultureInfo.InvariantCulture, $" step {p.Step}/{steps}");
        }

        if (p.BatchesPerEpoch < 0)
        {
            tail.Append(CultureInfo.InvariantCulture, $" {p.Batch} batches");
        }
        else
        {
            tail.Append(CultureInfo.InvariantCulture, $" {p.Batch.ToString(CultureInfo.InvariantCulture).PadLeft(Digits(p.BatchesPerEpoch))}/{p.BatchesPerEpoch}");
        }

        tail.Append("  loss ").Append(Figure(p.Loss));
        foreach ((string name, double value) in p.Logs)
        {
            if (name is not ("loss" or "learning_rate"))
            {
                tail.Append("  ").Append(Name(name)).Append(' ').Append(Figure(value));
            }
        }

        tail.Append("  lr ").Append(Figure(p.LearningRate));
        if (p.SamplesPerSecond > 0)
        {
            tail.Append(CultureInfo.InvariantCulture, $"  {p.SamplesPerSecond:#,0}/s");
        }

        bool isLine = p.IsEpochEnd || p.IsPoint;
        tail.Append("  ").Append(isLine ? Duration(elapsed) : p.Eta is { } eta ? Duration(eta) + " left" : string.Empty);
        string text = tail.ToString().TrimEnd();
        int room = Math.Min(BarWidth, width - head.Length - text.Length - 3);
        string bar = isLine || room < MinimumBarWidth || (p.BatchesPerEpoch < 0 && p.MaxSteps is null) ? string.Empty : $"[{Filled(p, room)}]";
        string line = head + (bar.Length == 0 ? text.TrimStart() : bar + text);

        // A line that fills the last column wraps on some terminals.
        return line.Length < width ? line : line[..Math.Max(width - 1, 0)];
    }

    private static string Filled(in TrainingProgress p, int room)
    {
        int done = p.MaxSteps is { } steps && (p.BatchesPerEpoch < 0 || p.Epochs == 1) ? (int)Math.Min(room, p.Step * room / Math.Max(1, steps))
            : p.BatchesPerEpoch == 0 ? room
            : (int)((long)p.Batch * room / p.BatchesPerEpoch);
        return done >= room ? new string('=', room) : new string('=', done) + ">" + new string(' ', room - done - 1);
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;

    private static string Figure(double value) => !double.IsFinite(value) ? value.ToString(CultureInfo.InvariantCulture)
        : Math.Abs(value) is >= 1e-3 and < 1e4 or 0 ? value.ToString("0.####", CultureInfo.InvariantCulture)
        : value.ToString("0.##e-0", CultureInfo.InvariantCulture);

    private static string Duration(TimeSpan time) => time.TotalHours < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}");

    /// <summary>The name of a metric may have any characters; line breaks would damage a line that is rewritten.</summary>
    private static string Name(string name) => string.Concat(name.Select(static c => char.IsControl(c) ? ' ' : c));

    private void Show(in TrainingProgress p)
    {
        string line = Line(p, p.Elapsed, _rewrites ? _console.Width() : int.MaxValue);
        if (!_rewrites)
        {
            _console.Writer.WriteLine(line);
            _console.Writer.Flush();
            return;
        }

        // Blanks over the rest of a longer line; they work also without escape sequences.
        string text = "\r" + line + new string(' ', Math.Max(0, _length - line.Length));
        _length = line.Length;
        bool stays = p.IsEpochEnd ? p.Elapsed >= s_longEpoch || p.Epoch + 1 == p.Epochs : p.IsPoint;
        _isOpen = !stays;
        _console.Writer.Write(text);
        if (stays)
        {
            _length = 0;
            _console.Writer.WriteLine();
        }

        _console.Writer.Flush();
    }
}
