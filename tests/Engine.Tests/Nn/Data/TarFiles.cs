using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Engine.Tests.Nn;

/// <summary>Tar files that are made here.</summary>
internal static class TarFiles
{
    public static byte[] Of(bool compress, params IEnumerable<(string Name, byte[] Content)> files)
    {
        using MemoryStream result = new();
        using (Stream stream = compress ? new GZipStream(result, CompressionLevel.Fastest, leaveOpen: true) : result)
        using (TarWriter tar = new(stream, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in files)
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return result.ToArray();
    }

    public static byte[] OfTexts(bool compress, params IEnumerable<(string Name, string Content)> files) =>
        Of(compress, files.Select(static file => (file.Name, Encoding.UTF8.GetBytes(file.Content))));
}
