namespace Engine.Nn;

/// <summary>Makes an array of a file in memory: a picture, a class, an array of NumPy. Several threads may call it at once.</summary>
/// <remarks>The usual ones are members here; <c>Engine.Data.Images</c> has one for pictures, and <see cref="From(Func{byte[], HostArray})"/> takes a function.</remarks>
/// <example><code>
/// FieldDecoder words = FieldDecoder.Text(text =&gt; tokenizer.Encode(text));
/// FieldDecoder boxes = FieldDecoder.From(file =&gt; HostArray.From(ReadBoxes(file), [4, 2]));
/// </code></example>
public abstract partial class FieldDecoder
{
    /// <summary>The bytes themselves, uint8 [length].</summary>
    public static FieldDecoder Bytes { get; } = From(static file => file);

    /// <summary>The number of a class, written in digits: <c>7</c>; int64.</summary>
    public static FieldDecoder Class { get; } = new TextDecoder(static (text, name) => ParseClass(text, name));

    /// <summary>A number, written in digits with a point: <c>0.25</c>; float32.</summary>
    public static FieldDecoder Number { get; } = new TextDecoder(static (text, name) => ParseNumber(text, name));

    /// <summary>An array of NumPy, see <see cref="Nn.Npy"/> for the types.</summary>
    public static FieldDecoder Npy { get; } = new NpyDecoder();

    /// <summary>Makes an array of a file.</summary>
    /// <param name="file">The content of the file, which must not be changed.</param>
    /// <param name="name">What an error calls it.</param>
    /// <param name="random">The random numbers of the sample.</param>
    /// <exception cref="DataFileException">It cannot be decoded; the message has the name and the reason.</exception>
    public abstract HostArray Decode(byte[] file, string name, ref SampleRandom random);

    /// <summary>The same without random changes; this decoder where it makes none.</summary>
    public virtual FieldDecoder WithoutRandomChanges() => this;

    /// <summary>A function of the file.</summary>
    /// <param name="decode">Makes an array of the content; several threads may call it at once.</param>
    public static FieldDecoder From(Func<byte[], HostArray> decode)
    {
        ArgumentNullException.ThrowIfNull(decode);
        return new FunctionDecoder(decode);
    }

    /// <summary>A function of a text in UTF-8.</summary>
    /// <param name="convert">Makes an array of the text, without a line's end behind it: the numbers of its words, say. Several threads may call it at once.</param>
    public static FieldDecoder Text(Func<string, HostArray> convert)
    {
        ArgumentNullException.ThrowIfNull(convert);
        return new TextDecoder((text, _) => convert(text));
    }

    /// <summary>A whole number in a JSON text, int64, or an array of them, int64 [n].</summary>
    /// <param name="path">The name of the property, with dots between the names of inner ones: <c>object.label</c>; empty for the whole text.</param>
    public static FieldDecoder JsonClass(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new JsonDecoder(path, isWhole: true);
    }

    /// <summary>A number in a JSON text, float32, or an array of them, float32 [n].</summary>
    /// <param name="path">The name of the property, with dots between the names of inner ones: <c>object.width</c>; empty for the whole text.</param>
    public static FieldDecoder JsonNumber(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new JsonDecoder(path, isWhole: false);
    }
}
