namespace Engine.Nn;

/// <summary>
/// Weights of Keras: <c>.weights.h5</c> and <c>.keras</c> of Keras 3, <c>.h5</c> of Keras 2. They are HDF5 files, of which only arrays of numbers are read; what else a file holds, such as the model's description, is passed over.
/// </summary>
/// <remarks>
/// <para>Names are the paths in the file: <c>layers/dense/vars/0</c> of Keras 3, <c>dense/dense/kernel:0</c> of Keras 2. Arrays have Keras's layouts; <see cref="KerasLayout"/> turns them into the engine's.</para>
/// <para>Float16, float32, float64, int32, int64, uint8 and truth values keep their type; int8, int16 and uint16 become int32, uint32 becomes int64. Texts and other types are left out. Compressed arrays, chunks and files
/// that were written with <c>libver="latest"</c> are refused by name. All arrays together take no more than the file does, or four times that where numbers become wider.</para>
/// </remarks>
/// <example><code>
/// Dictionary&lt;string, Tensor&gt; keras = KerasFile.Load("model.weights.h5");
/// model.LoadStateDict(new Dictionary&lt;string, Tensor&gt;
/// {
///     ["0.weight"] = KerasLayout.Dense(keras["layers/dense/vars/0"]),
///     ["0.bias"] = keras["layers/dense/vars/1"],
/// });
/// </code></example>
public static class KerasFile
{
    private const string WeightsEntry = "model.weights.h5";

    /// <summary>Reads all arrays by their paths onto a device (the default one if none is named).</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">Where the tensors shall be.</param>
    /// <exception cref="ModelFileException">The file is damaged, or has structures that are not read.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    public static Dictionary<string, Tensor> Load(string path, Device? device = null)
    {
        using CheckedFile file = CheckedFile.Model(path);
        Hdf5File content = Open(file);
        return NamedTensors.Collect(file, content.Arrays.Select(array => (array.Name, content.Load(array.Name, array.Array, device))));
    }

    /// <summary>A <c>.keras</c> file is a zip archive with the weights in it, which Keras does not compress.</summary>
    private static Hdf5File Open(CheckedFile file)
    {
        byte[] start = new byte[4];
        if (file.Length >= start.Length)
        {
            file.Read(0, start);
        }

        if (!start.AsSpan().SequenceEqual("PK\u0003\u0004"u8))
        {
            return new Hdf5File(file, 0, file.Length);
        }

        if (!ZipDirectory.Read(file).Entries.TryGetValue(WeightsEntry, out ZipEntry entry))
        {
            throw file.Damaged($"it is a zip archive without {WeightsEntry}, which a .keras file has");
        }

        return entry.IsDeflated
            ? throw file.Damaged($"its {WeightsEntry} is compressed, which Keras does not do; take it out of the archive and read it by itself")
            : new Hdf5File(file, entry.Offset, entry.StoredBytes);
    }
}
