using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using System.Text;
using System.Xml.Linq;
using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>What is inside of the packages, and that the same sources give the same bytes.</summary>
[Category("Process")]
internal sealed class PackageTests
{
    private static readonly string[] s_ids = ["Gradwerk", "Gradwerk.Core", "Gradwerk.Cpu", "Gradwerk.Gpu", "Gradwerk.Nn"];

    private static IEnumerable<string> Libraries => s_ids.Skip(1);

    [Test]
    public void Feed_HasEachPackageAndTheSymbolsOfEachAssembly()
    {
        IEnumerable<string> expected = s_ids.Select(static id => $"{id}.{Repository.Version}.nupkg").Concat(Libraries.Select(static id => $"{id}.{Repository.Version}.snupkg"));
        Assert.That(Directory.GetFiles(Feed.Folder).Select(Path.GetFileName), Is.EquivalentTo(expected));
    }

    [TestCaseSource(nameof(s_ids))]
    public void Package_SaysWhatItIs(string id)
    {
        using ZipArchive package = Open(id, "nupkg");
        XElement metadata = Metadata(package);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Value(metadata, "id"), Is.EqualTo(id));
            Assert.That(Value(metadata, "version"), Is.EqualTo(Repository.Version));
            Assert.That(Value(metadata, "license"), Is.EqualTo("MIT"));
            Assert.That(Value(metadata, "description").Length, Is.GreaterThan(40));
            Assert.That(Value(metadata, "tags").Split(' '), Has.Length.GreaterThanOrEqualTo(5));
            Assert.That(Value(metadata, "releaseNotes"), Does.Contain($"## {Repository.Version}"));
            Assert.That(Read(package, Value(metadata, "readme")), Does.StartWith($"# {id}\n"));

            byte[] icon = Bytes(package, Value(metadata, "icon"));
            Assert.That(icon[..8], Is.EqualTo((byte[])[0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n']));
            Assert.That(icon[16..24], Is.EqualTo((byte[])[0, 0, 0, 128, 0, 0, 0, 128]), "width and height");
        }

        XElement repository = Element(metadata, "repository");
        Assert.That((string?)repository.Attribute("type"), Is.EqualTo("git"));
        Assert.That((string?)repository.Attribute("url"), Is.Null, "an address that nobody gave");
    }

    [TestCase("Gradwerk.Core", "System.Numerics.Tensors")]
    [TestCase("Gradwerk.Cpu", "Gradwerk.Core")]
    [TestCase("Gradwerk.Gpu", "Gradwerk.Core", "ILGPU", "ILGPU.Algorithms")]
    [TestCase("Gradwerk.Nn", "Gradwerk.Core")]
    [TestCase("Gradwerk", "Gradwerk.Core", "Gradwerk.Cpu", "Gradwerk.Gpu", "Gradwerk.Nn", "ILGPU", "ILGPU.Algorithms")]
    public void Package_DependsOn(string id, params string[] expected)
    {
        using ZipArchive package = Open(id, "nupkg");
        XElement[] dependencies = [.. Metadata(package).Descendants().Where(static e => e.Name.LocalName == "dependency")];
        Assert.That(dependencies.Select(static d => (string?)d.Attribute("id")).Except(["System.Numerics.Tensors"]), Is.EquivalentTo(expected.Except(["System.Numerics.Tensors"])));
        if (id == "Gradwerk")
        {
            Assert.That(dependencies.Where(static d => (string?)d.Attribute("id") == "Gradwerk.Nn").Select(static d => (string?)d.Attribute("include")), Is.EqualTo((string[])["All"]), "the generator comes along");
            Assert.That(package.Entries.Select(static e => e.FullName), Has.None.StartsWith("lib/"));
        }
        else
        {
            string assembly = id.Replace("Gradwerk", "Engine", StringComparison.Ordinal);
            Assert.That(package.GetEntry($"lib/net10.0/{assembly}.dll"), Is.Not.Null);
            Assert.That(package.GetEntry($"lib/net10.0/{assembly}.xml"), Is.Not.Null);
        }
    }

    [TestCaseSource(nameof(Libraries))]
    public void Symbols_ArePortableAndNameNoFolderOfThisMachine(string id)
    {
        string assembly = id.Replace("Gradwerk", "Engine", StringComparison.Ordinal);
        using ZipArchive package = Open(id, "nupkg"), symbols = Open(id, "snupkg");
        byte[] pdb = Bytes(symbols, $"lib/net10.0/{assembly}.pdb");
        Assert.That(Encoding.ASCII.GetString(pdb[..4]), Is.EqualTo("BSJB"), "the portable format");
        if (Repository.Configuration == "Release")
        {
            byte[] root = Encoding.UTF8.GetBytes(Repository.Root);
            Assert.That(pdb.AsSpan().IndexOf(root), Is.Negative);
            Assert.That(Bytes(package, $"lib/net10.0/{assembly}.dll").AsSpan().IndexOf(root), Is.Negative);
        }
    }

    /// <summary>The same assembly, once with code for a platform and once without: whichever is taken, references fit.</summary>
    [Test]
    public void Package_HasCodeForPlatformsBesideThePortableAssembly([ValueSource(nameof(Libraries))] string id, [Values("linux-x64", "win-x64")] string platform)
    {
        string assembly = id.Replace("Gradwerk", "Engine", StringComparison.Ordinal);
        using ZipArchive package = Open(id, "nupkg");
        using PEReader portable = new(new MemoryStream(Bytes(package, $"lib/net10.0/{assembly}.dll")));
        using PEReader compiled = new(new MemoryStream(Bytes(package, $"runtimes/{platform}/lib/net10.0/{assembly}.dll")));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Version(compiled), Is.EqualTo(Version(portable)));
            Assert.That(portable.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size, Is.Zero);
            Assert.That(compiled.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size, Is.Positive);
            Assert.That(compiled.PEHeaders.CoffHeader.Machine == Machine.Amd64, Is.EqualTo(platform == "win-x64"), "an image for another system than Windows has a number of its own");
        }
    }

    /// <summary>A backend from elsewhere has the packages and nothing else: whatever of the seam is not public is an error here.</summary>
    [Test]
    public void OwnBackend_AgainstThePackagesAlone_Trains()
    {
        using OutsideFolder folder = new(Feed.Folder);
        string references = string.Concat(((string[])["Core", "Cpu", "Nn"]).Select(static name => $"<PackageReference Include=\"Gradwerk.{name}\" Version=\"{Repository.Version}\" />"));
        folder.WriteProject("OwnBackend", references, "<OutputType>Exe</OutputType><AllowUnsafeBlocks>true</AllowUnsafeBlocks><InvariantGlobalization>true</InvariantGlobalization>");
        foreach (string file in Directory.GetFiles(Repository.File("samples", "OwnBackend"), "*.cs"))
        {
            folder.Write($"OwnBackend/{Path.GetFileName(file)}", File.ReadAllText(file));
        }

        folder.Write("OwnBackend/Loaded.cs", """
            file static class Loaded
            {
                [System.Runtime.CompilerServices.ModuleInitializer]
                internal static void Tell() => Console.Error.WriteLine("loaded " + Path.GetRelativePath(AppContext.BaseDirectory, typeof(Engine.Tensor).Assembly.Location).Replace('\\', '/'));
            }
            """);
        string output = folder.Run("OwnBackend", "--steps", "4");
        Assert.That(output, Does.StartWith("devices: own, cpu\n").And.Contain("difference of the first loss"));
        string? platform = RuntimeInformation.ProcessArchitecture != Architecture.X64 ? null : OperatingSystem.IsWindows() ? "win-x64" : OperatingSystem.IsLinux() ? "linux-x64" : null;
        Assert.That(output, Does.Contain($"loaded {(platform is null ? string.Empty : $"runtimes/{platform}/lib/net10.0/")}Engine.Core.dll\n"), "the host takes the code for its platform");
    }

    [Test]
    public void PackedAgain_GivesTheSameBytes()
    {
        using OutsideFolder again = new();

        // The entries of a package tell the time to two seconds.
        Thread.Sleep(TimeSpan.FromSeconds(2.5));
        Feed.Pack(Repository.Root, Repository.Configuration, again.Path);
        AssertSameFiles(again.Path);
    }

    /// <summary>A clone with the files of this one, built from nothing.</summary>
    [Test]
    public void PackedInAnotherFolder_GivesTheSameBytes()
    {
        if (Repository.Configuration != "Release" || !Path.Exists(Repository.File(".git")))
        {
            Assert.Ignore("paths are mapped in a clone's Release build only; in Debug they lead a debugger to the sources");
        }

        using OutsideFolder folder = new();
        string clone = Path.Combine(folder.Path, "clone");
        WorkingTree.Copy(clone);
        Command.DotNet(clone, null, "build", "Engine.All", "-c", "Release");
        Feed.Pack(clone, "Release", Path.Combine(folder.Path, "feed"));

        AssertSameFiles(Path.Combine(folder.Path, "feed"));
    }

    [Test]
    public void Release_WithoutTheRepositorysAddress_IsRefused()
    {
        (int exitCode, string output) = Pack("-p:IsRelease=true");
        Assert.That(exitCode, Is.Not.Zero);
        Assert.That(output, Does.Contain("A release names its repository"));
    }

    [Test]
    public void RepositoryUrl_IsWrittenIntoThePackage()
    {
        using OutsideFolder folder = new();
        (int exitCode, string output) = Pack("-p:RepositoryUrl=https://example.org/engine", "-o", folder.Path);
        Assert.That(exitCode, Is.Zero, output);
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(folder.Path, $"Gradwerk.Core.{Repository.Version}.nupkg"));
        Assert.That((string?)Element(Metadata(package), "repository").Attribute("url"), Is.EqualTo("https://example.org/engine"));
    }

    private static (int ExitCode, string Output) Pack(params string[] arguments) =>
        Command.TryDotNet(Repository.Root, null, ["pack", "Engine.Core", "--no-build", "-c", Repository.Configuration, .. arguments]);

    private static void AssertSameFiles(string folder)
    {
        string[] files = [.. Directory.GetFiles(Feed.Folder).Order()];
        Assert.That(Directory.GetFiles(folder).Select(Path.GetFileName).Order(), Is.EqualTo(files.Select(Path.GetFileName)));
        using (Assert.EnterMultipleScope())
        {
            foreach (string file in files)
            {
                string other = Path.Combine(folder, Path.GetFileName(file));
                Assert.That(File.ReadAllBytes(other).AsSpan().SequenceEqual(File.ReadAllBytes(file)), Is.True, () => $"{Path.GetFileName(file)} differs in {string.Join(", ", Differences(file, other))}");
            }
        }
    }

    private static IEnumerable<string> Differences(string file, string other)
    {
        using ZipArchive a = ZipFile.OpenRead(file), b = ZipFile.OpenRead(other);
        return [.. a.Entries.Where(e => b.GetEntry(e.FullName) is not { } f || f.LastWriteTime != e.LastWriteTime || !Bytes(a, e.FullName).SequenceEqual(Bytes(b, e.FullName))).Select(static e => e.FullName)];
    }

    private static Guid Version(PEReader assembly)
    {
        MetadataReader metadata = assembly.GetMetadataReader();
        return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
    }

    private static ZipArchive Open(string id, string extension) => ZipFile.OpenRead(Path.Combine(Feed.Folder, $"{id}.{Repository.Version}.{extension}"));

    private static XElement Metadata(ZipArchive package)
    {
        using Stream stream = package.Entries.Single(static e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(stream).Root!.Elements().Single();
    }

    private static XElement Element(XElement metadata, string name) => metadata.Elements().Single(e => e.Name.LocalName == name);

    private static string Value(XElement metadata, string name) => Element(metadata, name).Value;

    private static string Read(ZipArchive package, string name) => Encoding.UTF8.GetString(Bytes(package, name));

    private static byte[] Bytes(ZipArchive package, string name)
    {
        using Stream stream = package.GetEntry(name)!.Open();
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
