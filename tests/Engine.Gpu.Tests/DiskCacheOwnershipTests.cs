using System.Diagnostics;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Code from a file runs in this process, so that only this user's own files are read.</summary>
[TestFixture]
[Platform("Linux", Reason = "modes and owners are those of Linux")]
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
internal sealed class DiskCacheOwnershipTests
{
    private static readonly KernelSource s_source = new("k", "text of a kernel", 64, 0);

    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("engine-kernels-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase(UnixFileMode.GroupWrite)]
    [TestCase(UnixFileMode.OtherWrite)]
    [TestCase(UnixFileMode.GroupWrite | UnixFileMode.OtherWrite | UnixFileMode.StickyBit)]
    public void Folder_ThatOthersMayWriteTo_IsNotUsed(UnixFileMode others)
    {
        new DiskCache(_folder).Write(s_source, "device", [1, 2, 3]);
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | others);
        DiskCache cache = new(_folder);
        Assert.That(cache.TryRead(s_source, "device"), Is.Null);
        cache.Write(s_source with { Text = "another" }, "device", [1]);
        Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(1));
        Assert.That(cache.TakeTurn(s_source, "device", out _), Is.Null);
        Assert.That(cache.Fault, Does.Contain(_folder).And.Contain("chmod go-w"));

        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) & ~others);
        Assert.That(new DiskCache(_folder).TryRead(s_source, "device"), Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    [Test]
    public void FolderAndFile_OfAnotherUser_AreNotUsed()
    {
        DiskCache mine = new(_folder);
        mine.Write(s_source, "device", [1, 2, 3]);
        string file = Directory.GetFiles(_folder).Single();
        if (!Run("chown", "12345", file))
        {
            Assert.Ignore("only root can give files away");
        }

        Assert.That(mine.TryRead(s_source, "device"), Is.Null);
        Run("chown", "0", file);
        Assert.That(mine.TryRead(s_source, "device"), Is.Not.Null);
        Run("chown", "12345", _folder);
        DiskCache cache = new(_folder);
        Assert.That(cache.TryRead(s_source, "device"), Is.Null);
        Assert.That(cache.Fault, Does.Contain("belongs to another user (number 12345)"));
        Run("chown", "0", _folder);
    }

    [Test]
    public void File_ThatOthersMayWriteTo_IsNotRead()
    {
        DiskCache cache = new(_folder);
        cache.Write(s_source, "device", [1, 2, 3]);
        string file = Directory.GetFiles(_folder).Single();
        Assert.That(File.GetUnixFileMode(file) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite), Is.EqualTo(UnixFileMode.None));
        File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.OtherWrite);
        Assert.That(cache.TryRead(s_source, "device"), Is.Null);
        cache.Write(s_source, "device", [4]);
        Assert.That(cache.TryRead(s_source, "device"), Is.EqualTo(new byte[] { 4 }));
    }

    [Test]
    [CancelAfter(20_000)]
    public void Pipe_LinkFolderOrHugeFile_InAnEntrysPlace_IsPassedOver([Values("pipe", "link", "folder", "huge")] string kind, CancellationToken token)
    {
        DiskCache cache = new(_folder);
        cache.Write(s_source, "device", [1, 2, 3]);
        string file = Directory.GetFiles(_folder).Single(), moved = file + ".moved";
        File.Move(file, moved);
        switch (kind)
        {
            case "pipe":
                Assert.That(Run("mkfifo", file), Is.True);
                break;
            case "link":
                File.CreateSymbolicLink(file, moved);
                break;
            case "folder":
                Directory.CreateDirectory(file);
                break;
            default:
                using (FileStream huge = File.Create(file))
                {
                    // With a hole instead of content: it takes no room on the disk.
                    huge.SetLength(1L << 40);
                }

                break;
        }

        Task read = Task.Run(() => Assert.That(new DiskCache(_folder, long.MaxValue).TryRead(s_source, "device"), Is.Null), token);
        Assert.That(() => read.Wait(token), Throws.Nothing, kind);
    }

    [Test]
    public void Folder_ThatTheCacheMakes_IsItsUsersAlone()
    {
        string folder = Path.Combine(_folder, "a", "b");
        DiskCache cache = new(folder);
        cache.Write(s_source, "device", [1]);
        Assert.That(File.GetUnixFileMode(folder), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        Assert.That(cache.TryRead(s_source, "device"), Is.EqualTo(new byte[] { 1 }));
        Assert.That(cache.Fault, Is.Null);
    }

    private static bool Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
