using System.Collections;
using System.Globalization;

namespace Engine.Fuzz.Api;

/// <summary>Arguments in words, short enough to print; nothing of it can throw.</summary>
internal static class Text
{
    public static string Of(object? value) => value switch
    {
        null => "null",
        Tensor t => t.IsDisposed ? "tensor(disposed)" : $"tensor({t.DType.ShortName()} {t.Shape}{(t.IsContiguous ? "" : " strided")}{(t.RequiresGrad ? " grad" : "")}{(t.Device.Name == "cpu" ? "" : " " + t.Device.Name)})",
        string s => s.Length > 60 ? $"\"{s[..20]}…\" ({s.Length})" : $"\"{s.ReplaceLineEndings("\\n").Replace("\0", "\\0", StringComparison.Ordinal)}\"",
        Array or IList => $"[{string.Join(", ", ((IEnumerable)value).Cast<object?>().Take(8).Select(Of))}]",
        Shape or Device or Enum or Size2 => $"{value}",
        IFormattable f when value.GetType().IsPrimitive => f.ToString(null, CultureInfo.InvariantCulture),
        bool b => b ? "true" : "false",
        // A layer's settings in one line; those of layers with others inside may be long.
        Engine.Nn.Layer layer and not Engine.Nn.Sequential when layer.GetType().Assembly == typeof(Engine.Nn.Layer).Assembly => Short($"{layer}"),
        _ => value.GetType().Name,
    };

    private static string Short(string text) => text.Length > 120 ? text[..120] + "…" : text;
}
