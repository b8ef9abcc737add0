using System.Globalization;
using System.IO.Compression;
using Engine;
using Engine.Data.Images;

namespace TransferLearningSample;

/// <summary>Handwritten digits (data/README.md) as people have their images: a folder for each class, PNG files in it.</summary>
internal static class DigitsFolder
{
    private const int Size = 8;

    /// <summary>Writes the folder if it is not there yet.</summary>
    public static string Write(string folder)
    {
        if (Directory.Exists(folder))
        {
            return folder;
        }

        // Under another name until all files are there, so that half a folder is never taken for a whole one.
        string unfinished = folder + ".unfinished";
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "digits", "digits.csv.gz"));
        using StreamReader lines = new(new GZipStream(file, CompressionMode.Decompress));
        for (int number = 0; lines.ReadLine() is { } line; number++)
        {
            // 64 pixels from 0 to 16, then the digit.
            int[] fields = [.. line.Split(',').Select(static field => int.Parse(field, CultureInfo.InvariantCulture))];
            string ofClass = Path.Combine(unfinished, fields[^1].ToString(CultureInfo.InvariantCulture));
            Directory.CreateDirectory(ofClass);
            byte[] pixels = [.. fields[..^1].Select(static pixel => (byte)Math.Min(16 * pixel, 255))];
            File.WriteAllBytes(Path.Combine(ofClass, $"{number:d4}.png"), ImageEncoder.Encode(Tensor.From<byte>(pixels, [Size, Size], Device.Cpu)));
        }

        Directory.Move(unfinished, folder);
        return folder;
    }
}
