using System.Text.Json.Serialization;

namespace PredictionServerSample;

/// <summary>A picture as JSON.</summary>
/// <param name="Pixels">784 numbers from 0 to 255: 28 rows of 28 grey pixels, 0 for black.</param>
internal sealed record PixelRequest(int[]? Pixels);

/// <summary>Readers and writers of what goes over the wire, made by the compiler.</summary>
[JsonSerializable(typeof(PixelRequest))]
[JsonSerializable(typeof(ClothesAnswer))]
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
internal sealed partial class ServerJson : JsonSerializerContext;
