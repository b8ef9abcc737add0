using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engine.Perf.Rows;

/// <summary>One line of output, the same on both sides of the comparison. <c>peak_bytes</c> is there where a process ran this row alone (<c>--memory</c>).</summary>
internal sealed record ResultLine(
    [property: JsonPropertyName("peer")] string Peer,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("device")] string Device,
    [property: JsonPropertyName("threads")] int Threads,
    [property: JsonPropertyName("median_s")] double Median,
    [property: JsonPropertyName("min_s")] double Minimum,
    [property: JsonPropertyName("runs")] int Runs,
    [property: JsonPropertyName("flop")] long Flop,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("peak_bytes")][property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long PeakBytes = 0)
{
    public string ToJson() => JsonSerializer.Serialize(this, ResultJson.Default.ResultLine);

    public static IEnumerable<ResultLine> Read(string path) =>
        from line in File.ReadLines(path)
        where !string.IsNullOrWhiteSpace(line)
        select JsonSerializer.Deserialize(line, ResultJson.Default.ResultLine)
            ?? throw new InvalidDataException($"{path}: a line is not a result: {line}");
}

[JsonSerializable(typeof(ResultLine))]
internal sealed partial class ResultJson : JsonSerializerContext;
