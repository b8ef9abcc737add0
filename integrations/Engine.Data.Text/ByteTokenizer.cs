using System.Text;

namespace Engine.Data.Text;

/// <summary>The bytes of UTF-8.</summary>
internal sealed class ByteTokenizer() : TextTokenizer(257, Pad)
{
    private const int Pad = 256;

    protected override int[] EncodeText(string text, int maxLength)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return Array.ConvertAll(bytes.Length > maxLength ? bytes[..maxLength] : bytes, static b => (int)b);
    }

    /// <summary>What is no UTF-8 becomes U+FFFD: a model may write anything.</summary>
    protected override string DecodeIds(int[] ids) => Encoding.UTF8.GetString([.. ids.Where(static id => id != Pad).Select(static id => (byte)id)]);
}
