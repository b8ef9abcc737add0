using System.Text.Json;

namespace Engine.Data.Images.Tests;

/// <summary>What tests/golden_tools/make_images.py recorded.</summary>
internal static class GoldenImages
{
    private static readonly JsonElement s_root = Open();

    public static DecodedImage Image => new(s_root.GetProperty("image").GetBytesFromBase64(), Shape(s_root));

    public static IEnumerable<(string Name, DecodedImage Image)> Transforms =>
        s_root.GetProperty("transforms").EnumerateArray().Select(static one => (one.GetProperty("name").GetString()!, Of(one)));

    public static IEnumerable<(string Name, string Mode, byte[] File, DecodedImage Image)> Files =>
        s_root.GetProperty("files").EnumerateArray().Select(static one => (one.GetProperty("name").GetString()!, one.GetProperty("mode").GetString()!, one.GetProperty("file").GetBytesFromBase64(), Of(one)));

    public static byte[] File(string name) => Files.Single(file => file.Name == name).File;

    private static DecodedImage Of(JsonElement element) => new(element.GetProperty("pixels").GetBytesFromBase64(), Shape(element));

    private static Shape Shape(JsonElement element) => Engine.Shape.Create([.. element.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt32())]);

    private static JsonElement Open()
    {
        using Stream stream = typeof(GoldenImages).Assembly.GetManifestResourceStream("torchvision.json")!;
        return JsonDocument.Parse(stream).RootElement;
    }
}
