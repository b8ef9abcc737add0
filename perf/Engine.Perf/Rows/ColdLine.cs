using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engine.Perf.Rows;

/// <summary>What a fresh process did with one row. All times are counted from the start of the process, the runtime's start and the library's loading included.</summary>
/// <param name="Peer">The side.</param>
/// <param name="Name">The row.</param>
/// <param name="Threads">Threads of the kernels.</param>
/// <param name="Ready">Seconds until the first call could begin.</param>
/// <param name="First">Seconds until the end of the first call.</param>
/// <param name="Third">Seconds until the end of the third call.</param>
/// <param name="CallsInFirstSecond">Calls that ended within the first second.</param>
internal sealed record ColdLine(
    [property: JsonPropertyName("peer")] string Peer,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("threads")] int Threads,
    [property: JsonPropertyName("ready_s")] double Ready,
    [property: JsonPropertyName("first_s")] double First,
    [property: JsonPropertyName("third_s")] double Third,
    [property: JsonPropertyName("calls_in_first_second")] int CallsInFirstSecond)
{
    public string ToJson() => JsonSerializer.Serialize(this, ColdJson.Default.ColdLine);

    public static IEnumerable<ColdLine> Read(string path) =>
        from line in File.ReadLines(path)
        where !string.IsNullOrWhiteSpace(line)
        select JsonSerializer.Deserialize(line, ColdJson.Default.ColdLine)
            ?? throw new InvalidDataException($"{path}: a line is not a result: {line}");
}

[JsonSerializable(typeof(ColdLine))]
internal sealed partial class ColdJson : JsonSerializerContext;
