namespace Engine.Nn;

/// <summary>What a file is that was given to the wrong reader, by its first bytes.</summary>
internal static class FileKind
{
    /// <summary>"a zip archive, as torch.save and numpy.savez write: …"; null where the bytes say nothing.</summary>
    public static string? Of(ReadOnlySpan<byte> first) =>
        first.StartsWith("PK\u0003\u0004"u8) ? "a zip archive: PyTorchFile.Load reads those of torch.save, Npz.Load those of numpy.savez"
        : first is [0x80, >= 2 and <= 5, ..] ? "a pickle, as torch.save wrote before PyTorch 1.6: PyTorchFile.Load reads those"
        : first.StartsWith([(byte)0x93, .. "NUMPY"u8]) ? "an array of NumPy: Npy.Load reads it"
        : first is [0x89, (byte)'H', (byte)'D', (byte)'F', ..] ? "an HDF5 file, as Keras writes: KerasFile.Load reads its weights"
        : first is [0x1F, 0x8B, ..] ? "compressed with gzip; unpack it first"
        : first.Length >= 8 && first[0] == 8 && first[1] <= 10 && first[2] == 0x12 ? "an ONNX model, perhaps; those are not read"
        : first.StartsWith("GGUF"u8) ? "a GGUF file; those are not read"
        : first.StartsWith("version "u8) ? "a pointer of Git LFS to the file: fetch the file itself (git lfs pull)"
        : first is [(byte)'<', ..] ? "a web page, perhaps of an error of the download"
        : first is [(byte)'{', (byte)'"', ..] ? "a JSON text"
        : null;
}
