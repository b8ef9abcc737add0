using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Engine.Nn;

/// <content>The usual formats.</content>
public abstract partial class FieldDecoder
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static void Check(byte[] file, string name)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(name);
    }

    private static HostArray ParseClass(string text, string name) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw Unreadable(name, $"{FileText.Quote(text)} is no whole number");

    private static HostArray ParseNumber(string text, string name) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) ? number : throw Unreadable(name, $"{FileText.Quote(text)} is no number");

    private static DataFileException Unreadable(string name, string reason, Exception? error = null) => new($"Cannot read {name}: {reason}.", error);

    private sealed class FunctionDecoder(Func<byte[], HostArray> decode) : FieldDecoder
    {
        public override HostArray Decode(byte[] file, string name, ref SampleRandom random)
        {
            Check(file, name);
            return decode(file);
        }
    }

    private sealed class TextDecoder(Func<string, string, HostArray> convert) : FieldDecoder
    {
        public override HostArray Decode(byte[] file, string name, ref SampleRandom random)
        {
            Check(file, name);
            ReadOnlySpan<byte> text = file;
            text = text.StartsWith("\uFEFF"u8) ? text[3..] : text;
            text = text is [.., (byte)'\n'] ? text[..^1] : text;
            text = text is [.., (byte)'\r'] ? text[..^1] : text;
            try
            {
                return convert(s_strict.GetString(text), name);
            }
            catch (DecoderFallbackException error)
            {
                throw Unreadable(name, "it is not UTF-8", error);
            }
        }
    }

    private sealed class NpyDecoder : FieldDecoder
    {
        public override HostArray Decode(byte[] file, string name, ref SampleRandom random)
        {
            Check(file, name);
            using MemoryStream stream = new(file, writable: false);
            return NpyArray.ReadToHost(stream, file.Length, long.MaxValue, (reason, error) => Unreadable(name, reason, error));
        }
    }

    private sealed class JsonDecoder(string path, bool isWhole) : FieldDecoder
    {
        private readonly string[] _path = path.Length == 0 ? [] : path.Split('.');

        public override HostArray Decode(byte[] file, string name, ref SampleRandom random)
        {
            Check(file, name);
            try
            {
                using JsonDocument document = JsonDocument.Parse(file);
                JsonElement value = document.RootElement;
                foreach (string property in _path)
                {
                    if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(property, out value))
                    {
                        throw Unreadable(name, $"it has no property '{path}'");
                    }
                }

                return Convert(value, name);
            }
            catch (JsonException error)
            {
                throw Unreadable(name, $"it is no JSON text ({FileText.Escape(error.Message, 200)})", error);
            }
        }

        private HostArray Convert(JsonElement value, string name)
        {
            if (value.ValueKind != JsonValueKind.Array)
            {
                return isWhole ? (HostArray)Whole(value, name) : Single(value, name);
            }

            return isWhole ? (long[])[.. value.EnumerateArray().Select(item => Whole(item, name))] : (float[])[.. value.EnumerateArray().Select(item => Single(item, name))];
        }

        private long Whole(JsonElement value, string name) =>
            value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : throw Unreadable(name, $"'{path}' is {Shown(value)}, not a whole number of 64 bits");

        private float Single(JsonElement value, string name) =>
            value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) ? number : throw Unreadable(name, $"'{path}' is {Shown(value)}, not a number");

        private static string Shown(JsonElement value) => value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? $"an {value.ValueKind.ToString().ToLowerInvariant()}" : FileText.Escape(value.GetRawText(), 50);
    }
}
