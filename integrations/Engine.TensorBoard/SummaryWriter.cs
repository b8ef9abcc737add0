using System.Globalization;
using System.Text;
using Engine.Nn;

namespace Engine.TensorBoard;

/// <summary>Writes what TensorBoard shows: scalars, histograms, images and texts, each under a tag and at a step.</summary>
/// <remarks>
/// <para>Each writer makes one file <c>events.out.tfevents.…</c> in its folder; <c>tensorboard --logdir</c> reads all folders below one, each as a run.
/// Slashes in a tag group it with others: <c>loss/train</c>.</para>
/// <para>The file is only ever appended to, whole records at a time, so that what was flushed before a crash can be read. Records are flushed every
/// <see cref="FlushInterval"/>, by <see cref="Flush"/> and by <see cref="Dispose"/>. One writer may be used by several threads.</para>
/// <code>
/// using SummaryWriter writer = new("runs/first");
/// writer.AddScalar("loss/train", loss, step);
/// writer.AddHistogram("weights/conv1", model.Conv1.Weight, step);
/// </code>
/// </remarks>
public sealed class SummaryWriter : IDisposable
{
    private const int MostBins = 10_000;

    private static int s_files;

    private readonly Lock _lock = new();
    private readonly RecordFile _file;
    private readonly TimeProvider _time;
    private long _flushed;
    private bool _isDisposed;

    /// <summary>Makes an event file in a folder, and the folder where it is missing.</summary>
    /// <param name="folder">The folder of the run.</param>
    /// <param name="purgeStep">Where a run goes on that had got further before: what earlier files of the folder hold of this step and later is not shown.</param>
    /// <param name="timeProvider">The clock of the events; the system's unless given.</param>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public SummaryWriter(string folder, long? purgeStep = null, TimeProvider? timeProvider = null)
        : this(NewFile(folder, timeProvider ?? TimeProvider.System), RecordFile.Create, purgeStep, timeProvider ?? TimeProvider.System)
    {
    }

    internal SummaryWriter(string path, Func<string, RecordFile> create, long? purgeStep, TimeProvider timeProvider)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(purgeStep ?? 0, nameof(purgeStep));
        (FilePath, _time, _file) = (path, timeProvider, create(path));
        _flushed = _time.GetTimestamp();
        Append(EventMessage.Version(WallTime()));
        if (purgeStep is { } step)
        {
            Append(EventMessage.Restart(WallTime(), step));
        }

        Flush();
    }

    /// <summary>The event file.</summary>
    public string FilePath { get; }

    /// <summary>How long records may wait in memory before they are written with the next one.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A number. It is kept as float32, as TensorBoard does; NaN and infinities are shown as such.</summary>
    /// <param name="tag">Its name.</param>
    /// <param name="value">The number.</param>
    /// <param name="step">Its place on the horizontal axis.</param>
    public void AddScalar(string tag, double value, long step) => Add(tag, step, entry => EventMessage.Scalar(entry, (float)value));

    /// <summary>The distribution of values, counted in intervals of equal width. NaN and infinities are left out.</summary>
    /// <param name="tag">Its name.</param>
    /// <param name="values">The values.</param>
    /// <param name="step">Its place in time.</param>
    /// <param name="bins">How many intervals.</param>
    /// <exception cref="ArgumentException">There is no finite value.</exception>
    public void AddHistogram(string tag, ReadOnlySpan<double> values, long step, int bins = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bins, MostBins);
        HistogramBuckets buckets = HistogramBuckets.Of(values, bins);
        if (buckets.Count == 0)
        {
            throw new ArgumentException($"AddHistogram '{tag}': none of the {values.Length} values is finite, so that there is nothing to count. Leave it out.", nameof(values));
        }

        Add(tag, step, entry => EventMessage.Histogram(entry, buckets));
    }

    /// <summary>The distribution of a tensor's elements; waits for the device.</summary>
    /// <inheritdoc cref="AddHistogram(string, ReadOnlySpan{double}, long, int)"/>
    public void AddHistogram(string tag, Tensor values, long step, int bins = 64)
    {
        ArgumentNullException.ThrowIfNull(values);
        AddHistogram(tag, values.ToArray<double>(), step, bins);
    }

    /// <summary>An image: [H, W] or [1, H, W] gray, [3, H, W] red, green, blue. Floating-point values are from 0 to 1, integers from 0 to 255; others are clamped.</summary>
    /// <param name="tag">Its name.</param>
    /// <param name="image">The image; waits for the device.</param>
    /// <param name="step">Its place in time.</param>
    /// <exception cref="ArgumentException">The shape is another.</exception>
    public void AddImage(string tag, Tensor image, long step)
    {
        ArgumentNullException.ThrowIfNull(image);
        int rank = image.Rank, channels = rank == 2 ? 1 : rank == 3 ? image.Shape[0] : 0;
        if (channels is not (1 or 3) || image.ElementCount == 0)
        {
            throw new ArgumentException($"AddImage '{tag}': the image is {image.Shape}; it must be [H, W], [1, H, W] or [3, H, W] with at least one pixel.", nameof(image));
        }

        int height = image.Shape[rank - 2], width = image.Shape[rank - 1], plane = height * width;
        double scale = image.DType.IsFloatingPoint() ? 255 : 1;
        double[] values = image.ToArray<double>();
        byte[] pixels = new byte[values.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            // Channels go from planes to the bytes of a pixel. A comparison with NaN is false.
            double value = Math.Round(values[(i % channels * plane) + (i / channels)] * scale);
            pixels[i] = value >= 255 ? (byte)255 : value > 0 ? (byte)value : (byte)0;
        }

        byte[] png = PngImage.Of(width, height, pixels);
        Add(tag, step, entry => EventMessage.Image(entry, width, height, channels, png));
    }

    /// <summary>A text, shown as Markdown.</summary>
    /// <param name="tag">Its name.</param>
    /// <param name="text">The text.</param>
    /// <param name="step">Its place in time.</param>
    public void AddText(string tag, string text, long step)
    {
        ArgumentNullException.ThrowIfNull(text);
        Add(tag, step, entry => EventMessage.Text(entry, text));
    }

    /// <summary>Hands all records to the operating system.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _file.Flush();
            _flushed = _time.GetTimestamp();
        }
    }

    /// <summary>Flushes and closes the file.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _file.Dispose();
            }
        }
    }

    private void Add(string tag, long step, Action<Google.Protobuf.CodedOutputStream> value)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        Append(EventMessage.Summary(WallTime(), step, tag, value));
    }

    private void Append(byte[] message)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _file.Append(message);
            if (_time.GetElapsedTime(_flushed) >= FlushInterval)
            {
                Flush();
            }
        }
    }

    private double WallTime() => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;

    /// <summary>As TensorFlow names them: TensorBoard knows event files by "tfevents" and takes them in the order of their names.</summary>
    private static string NewFile(string folder, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        StringBuilder host = new();
        foreach (char letter in Environment.MachineName)
        {
            host.Append(char.IsAsciiLetterOrDigit(letter) || letter == '-' ? letter : '_');
        }

        long seconds = time.GetUtcNow().ToUnixTimeSeconds();
        return Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{seconds:0000000000}.{host}.{Environment.ProcessId}.{Interlocked.Increment(ref s_files) - 1}"));
    }
}
