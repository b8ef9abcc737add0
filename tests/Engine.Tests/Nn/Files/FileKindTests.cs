using System.Text;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>A file that was given to the wrong reader: the message says which one reads it.</summary>
internal sealed class FileKindTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder()
    {
        _folder = new TemporaryFolder();
        PyTorchFile.Save(_folder.File("torch.zip"), new Linear(2, 2).StateDict());
        Npy.Save(_folder.File("array.npy"), Tensor.Ones([2]));
        Safetensors.Save(_folder.File("a.safetensors"), new Linear(2, 2).StateDict());
        _folder.Write("old.pt", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20]);
        _folder.Write("keras.h5", [0x89, .. "HDF\r\n"u8, 0x1A, (byte)'\n', 0, 0, 0, 0]);
        _folder.Write("page.html", Encoding.UTF8.GetBytes("<!DOCTYPE html><html></html>"));
        _folder.Write("pointer", Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\n"));
        _folder.Write("packed.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0]);
    }

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase("torch.zip", "PyTorchFile.Load")]
    [TestCase("array.npy", "Npy.Load")]
    [TestCase("old.pt", "PyTorchFile.Load")]
    [TestCase("keras.h5", "HDF5")]
    [TestCase("page.html", "web page")]
    [TestCase("pointer", "git lfs pull")]
    [TestCase("packed.gz", "gzip")]
    public void Safetensors_OfAnotherKind_NamesIt(string file, string kind) =>
        Assert.That(() => Safetensors.Load(_folder.File(file)), Throws.TypeOf<ModelFileException>().With.Message.Contains(kind).And.Message.Contains("no safetensors file"));

    [TestCase("torch.zip", "Npz.Load")]
    [TestCase("keras.h5", "HDF5")]
    [TestCase("page.html", "web page")]
    [TestCase("a.safetensors", "NUMPY")]
    public void Npy_OfAnotherKind_NamesIt(string file, string kind) =>
        Assert.That(() => Npy.Load(_folder.File(file)), Throws.TypeOf<DataFileException>().With.Message.Contains(kind));

    [TestCase("array.npy", "Npy.Load")]
    [TestCase("keras.h5", "HDF5")]
    [TestCase("pointer", "git lfs pull")]
    [TestCase("a.safetensors", "Safetensors.Load")]
    public void PyTorchFile_OfAnotherKind_NamesIt(string file, string kind) =>
        Assert.That(() => PyTorchFile.Load(_folder.File(file)), Throws.TypeOf<ModelFileException>().With.Message.Contains(kind));
}
