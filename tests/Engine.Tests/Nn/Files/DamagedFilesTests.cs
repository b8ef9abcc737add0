using System.Text;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>One catch serves the damaged files of all readers.</summary>
internal sealed class DamagedFilesTests
{
    private static readonly (string File, Type Expected, Action<string> Read)[] s_readers =
    [
        ("x.safetensors", typeof(ModelFileException), static path => Safetensors.Load(path)),
        ("index.safetensors", typeof(ModelFileException), static path => SafetensorsFile.Open(path).Dispose()),
        ("x.ckpt", typeof(ModelFileException), static path => Checkpoint.Load(path)),
        ("x.pth", typeof(ModelFileException), static path => PyTorchFile.Load(path)),
        ("all.pth", typeof(ModelFileException), static path => PyTorchFile.LoadAll(path)),
        ("x.npy", typeof(DataFileException), static path => Npy.Load(path).Dispose()),
        ("x.npz", typeof(DataFileException), static path => Npz.Load(path)),
        ("x.idx", typeof(DataFileException), static path => IdxArray.Read(path)),
        ("x.txt", typeof(DataFileException), static path => Lines(path)),
        ("x.tar", typeof(DataFileException), static path => _ = TarShards.Read(path).ToArray()),
    ];

    [Test]
    public void EveryReader_ThrowsItsOwnOfTheFamily_WithTheName([Range(0, 9)] int reader, [Values] bool isPacked)
    {
        using TemporaryFolder folder = new();
        (string name, Type expected, Action<string> read) = s_readers[reader];

        // Neither a format nor UTF-8; and what begins as a zip file and goes on as none.
        byte[] bytes = [.. isPacked ? "PK\x03\x04"u8.ToArray() : [], .. Encoding.UTF8.GetBytes("no such file"), .. new byte[700], 0xFF, 0xFE];
        string path = folder.Write(name, bytes);
        DamagedFileException? error = Assert.Catch<DamagedFileException>(() => read(path));
        Assert.That(error, Is.InstanceOf(expected));
        Assert.That(error!.Message, Does.Contain(path));
    }

    [Test]
    public void EveryExceptionOfFiles_IsInTheFamily()
    {
        Type[] types = [.. new[] { typeof(Tensor).Assembly, typeof(Layer).Assembly }.SelectMany(static a => a.GetExportedTypes()).Where(static t => t.Name.EndsWith("FileException", StringComparison.Ordinal))];
        Assert.That(types, Has.Length.GreaterThanOrEqualTo(4));
        Assert.That(types.Where(static t => !t.IsAssignableTo(typeof(DamagedFileException))), Is.Empty);
    }

    private static void Lines(string path)
    {
        using TextLines lines = new(path);
        _ = lines.ToArray();
    }
}
