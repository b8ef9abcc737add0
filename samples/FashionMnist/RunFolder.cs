using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Engine;
using Engine.Nn;

namespace FashionMnistSample;

/// <summary>The files of one run: options.json, checkpoints/, and at its end metrics.json, model.safetensors and report.html.</summary>
internal sealed class RunFolder
{
    private const string Parent = "runs";
    private const string OptionsName = "options.json", MetricsName = "metrics.json";

    public RunFolder(string path)
    {
        Path = path;
        Checkpoints = new CheckpointFolder(File("checkpoints"), keep: 2);
    }

    public string Path { get; }

    public CheckpointFolder Checkpoints { get; }

    public string Metrics => File(MetricsName);

    public string Model => File("model.safetensors");

    public string Report => File("report.html");

    /// <summary>The folder that is named, or a new one.</summary>
    public static RunFolder New(TrainOptions options) => new(options.Out ?? System.IO.Path.Combine(Parent, $"{options.Model}-{DateTime.Now:yyyyMMdd-HHmmss}"));

    /// <summary>The folder that is named, or that of the newest run.</summary>
    /// <exception cref="UsageException">There is no run.</exception>
    public static RunFolder Existing(TrainOptions options)
    {
        string? path = options.Out ?? (Directory.Exists(Parent) ? Directory.EnumerateDirectories(Parent) : [])
            .Where(static run => System.IO.File.Exists(System.IO.Path.Combine(run, OptionsName)))
            .MaxBy(static run => System.IO.File.GetLastWriteTimeUtc(System.IO.Path.Combine(run, OptionsName)));
        return new RunFolder(path ?? throw new UsageException($"There is no run under {Parent}/ to resume. Name its folder with --out."));
    }

    /// <summary>Writes down what the run was begun with, and removes what an earlier run left here.</summary>
    public void Begin(TrainOptions options)
    {
        Directory.CreateDirectory(Path);
        Checkpoints.Clear();
        System.IO.File.Delete(Metrics);
        System.IO.File.Delete(Model);
        System.IO.File.Delete(Report);
        WriteJson(OptionsName, JsonSerializer.SerializeToUtf8Bytes(options, RunJson.Default.TrainOptions));
    }

    /// <summary>What the run was begun with.</summary>
    /// <exception cref="UsageException">No run was begun here.</exception>
    public TrainOptions ReadOptions()
    {
        string file = File(OptionsName);
        if (!System.IO.File.Exists(file))
        {
            throw new UsageException($"There is no run in '{Path}' to resume: {OptionsName} is missing.");
        }

        return ReadJson(file, RunJson.Default.TrainOptions);
    }

    /// <summary>What came out of the run.</summary>
    /// <exception cref="UsageException">No run ended here.</exception>
    public RunMetrics ReadMetrics() =>
        System.IO.File.Exists(Metrics) ? ReadJson(Metrics, RunJson.Default.RunMetrics) : throw new UsageException($"There is no finished run in '{Path}': {MetricsName} is missing.");

    public void WriteMetrics(RunMetrics metrics) => WriteJson(MetricsName, JsonSerializer.SerializeToUtf8Bytes(metrics, RunJson.Default.RunMetrics));

    private string File(string name) => System.IO.Path.Combine(Path, name);

    private static T ReadJson<T>(string file, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(file), type) ?? throw new JsonException("it is empty.");
        }
        catch (JsonException error)
        {
            throw new ModelFileException($"Cannot read '{file}': {error.Message}", error);
        }
    }

    private void WriteJson(string name, byte[] json) => AtomicFile.Write(File(name), stream => stream.Write([.. json, (byte)'\n']));
}
