using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engine.Perf;

/// <summary>One line of output, the same on both sides of the comparison.</summary>
internal sealed record ResultLine(
    [property: JsonPropertyName("peer")] string Peer,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("device")] string Device,
    [property: JsonPropertyName("threads")] int Threads,
    [property: JsonPropertyName("median_s")] double Median,
    [property: JsonPropertyName("min_s")] double Minimum,
    [property: JsonPropertyName("runs")] int Runs,
    [property: JsonPropertyName("flop")] long Flop,
    [property: JsonPropertyName("bytes")] long Bytes)
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
