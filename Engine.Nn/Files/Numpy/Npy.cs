namespace Engine.Nn;

/// <summary>Arrays of NumPy in <c>.npy</c> files, as <c>numpy.save</c> and <c>numpy.load</c> handle them. No file runs code: arrays of Python objects are refused.</summary>
/// <remarks>
/// Both byte orders and both orders of axes are read; the tensor is in row-major order. Bool, uint8, int32, int64, float16, float32 and float64 keep their type; int8, int16
/// and uint16 become int32, uint32 becomes int64. Unsigned 64-bit and complex numbers, texts, dates and records are refused by name.
/// </remarks>
/// <example>
/// <code>
/// Npy.Save("x.npy", x);
/// Tensor y = Npy.Load("x.npy");
/// Dictionary&lt;string, Tensor&gt; arrays = Npz.Load("data.npz");
/// </code>
/// </example>
public static class Npy
{
    /// <summary>Reads an array onto a device (the default one if none is named).</summary>
    /// <exception cref="DataFileException">The file is damaged, or its elements are none of the types that are read.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    public static Tensor Load(string path, Device? device = null)
    {
        using CheckedFile file = CheckedFile.Data(path);
        using FilePart stream = new(file, 0, file.Length);

        // Every byte of the tensor is in the file, or a quarter of it where numbers are widened.
        return NpyArray.Read(stream, file.Length, long.MaxValue, device, file.Damaged);
    }

    /// <summary>Writes a tensor of any device and layout; bfloat16, which NumPy lacks, as float32. The file is replaced as a whole.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or there is a folder of that name.</exception>
    public static void Save(string path, Tensor tensor)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensor);
        AtomicFile.Write(path, stream => NpyArray.Write(stream, tensor));
    }
}
