using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn;

internal sealed class AtomicFileTests
{
    private const string Digits = "0123456789abcdef";

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase("model.st", "model.st.my-own-backup.tmp")]
    [TestCase("model.st", "model.st.abc.tmp")]
    [TestCase("model.st", "model.st.0123456789ABCDEF.engine-tmp")]
    [TestCase("model.st", "model.st.0123456789abcde.engine-tmp")]
    [TestCase("model.st", "model.st.0123456789abcdef0.engine-tmp")]
    [TestCase("model.st", "model.st.backup-of-monday.engine-tmp")]
    [TestCase("model.st", "other.st.0123456789abcdef.engine-tmp")]
    [TestCase("model.st", "modelXst.0123456789abcdef.engine-tmp")]
    [TestCase("a?", "ab.0123456789abcdef.engine-tmp")]
    [TestCase("a*", "abc.0123456789abcdef.engine-tmp")]
    [TestCase("[ab]", "a.0123456789abcdef.engine-tmp")]
    [Platform(Exclude = "Win", Reason = "names with wildcards cannot be made there")]
    public void Write_OldFileOfAnotherName_Stays(string name, string other)
    {
        string path = _folder.Write(other, [1]);
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-3));
        AtomicFile.WriteText(_folder.File(name), "new");
        Assert.That(File.Exists(path), Is.True);
        Assert.That(File.ReadAllText(_folder.File(name)), Is.EqualTo("new"));
    }

    [TestCase("model.st")]
    [TestCase("a b [c] {d}")]
    public void Write_LeftoverOfItsOwn_IsDeletedOnceItIsOld(string name)
    {
        string old = _folder.Write($"{name}.{Digits}.engine-tmp", [1]), young = _folder.Write($"{name}.{Digits[1..]}0.engine-tmp", [1]);
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-2));
        AtomicFile.WriteText(_folder.File(name), "new");
        Assert.That(Directory.GetFiles(_folder.Path), Is.EquivalentTo((string[])[_folder.File(name), young]));
    }

    [Test]
    public void Write_FileThatAnotherIsWriting_StaysWhateverItsTimeSays()
    {
        string path = _folder.File("x"), inside = string.Empty;
        AtomicFile.Write(path, stream =>
        {
            stream.Write("first"u8);
            stream.Flush();
            inside = Directory.GetFiles(_folder.Path).Single();
            File.SetLastWriteTimeUtc(inside, DateTime.UtcNow.AddDays(-1));
            AtomicFile.WriteText(path, "second");
            Assert.That(File.Exists(inside), Is.True, "it is being written to");
        });
        Assert.That(Directory.GetFiles(_folder.Path), Is.EqualTo((string[])[path]));
        Assert.That(File.ReadAllText(path), Is.EqualTo("first"));
    }

    [Test]
    public void Write_NamesItsTemporaryFileByThePatternThatIsLookedFor()
    {
        string path = _folder.File("x");
        AtomicFile.Write(path, _ => Assert.That(Path.GetFileName(Directory.GetFiles(_folder.Path).Single()), Does.Match("^x\\.[0-9a-f]{16}\\.engine-tmp$")));
        Assert.That(() => AtomicFile.Write(_folder.File("y"), static _ => throw new InvalidDataException()), Throws.TypeOf<InvalidDataException>());
        Assert.That(Directory.GetFiles(_folder.Path), Is.EqualTo((string[])[path]));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "there folders are not synchronised")]
    public void Folder_IsForcedToTheDisk()
    {
        Assert.That(FolderSync.Flush(_folder.Path), Is.True);
        Assert.That(FolderSync.Flush(_folder.File("absent")), Is.False);
        FolderSync.Create(_folder.File("a/b/c"));
        Assert.That(Directory.Exists(_folder.File("a/b/c")), Is.True);
        AtomicFile.WriteText(_folder.File("d/e/f"), "x");
        Assert.That(File.ReadAllText(_folder.File("d/e/f")), Is.EqualTo("x"));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "there folders are not synchronised")]
    public void Write_ForcesTheFolderToTheDisk_OnceTheFileHasItsName()
    {
        string path = _folder.File("a/b/x");
        List<(string Folder, string? Content)> flushes = [];
        FolderSync.Flushed = folder => flushes.Add((folder, File.Exists(path) ? File.ReadAllText(path) : null));
        try
        {
            AtomicFile.WriteText(path, "first");
            AtomicFile.WriteText(path, "second");
            Safetensors.Save(_folder.File("s"), new Dictionary<string, Tensor> { ["x"] = Tensor.Ones([1]) });
        }
        finally
        {
            FolderSync.Flushed = null;
        }

        (string, string?)[] expected = [(_folder.Path, null), (_folder.File("a"), null), (_folder.File("a/b"), "first"), (_folder.File("a/b"), "second"), (_folder.Path, "second")];
        Assert.That(flushes, Is.EqualTo(expected));
    }
}
