using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>Projects outside of the repository's tree: whatever way they refer to Engine.Nn, their modules have their members, or are refused.</summary>
[Category("Process")]
internal sealed class GeneratorReachTests
{
    private const string Exe = "<OutputType>Exe</OutputType>";

    private static string ByProject(string project) => $"<ProjectReference Include=\"{Repository.File(project, project + ".csproj")}\" />";

    private static string ByPackage(string package) => $"<PackageReference Include=\"{package}\" Version=\"{Repository.Version}\" />";

    private static string ByFile(string project) => $"<Reference Include=\"{Path.Combine(Repository.Output(project), project + ".dll")}\" />";

    [Test]
    public void ByProject_MembersAreFound()
    {
        using OutsideFolder folder = new();
        folder.WriteProject("App", ByProject("Engine.Nn") + ByProject("Engine.Cpu"), Exe);
        folder.Write("App/Program.cs", ModuleKinds.Program);
        Assert.That(folder.Run("App"), Is.EqualTo(ModuleKinds.Listed.ReplaceLineEndings("\n")));
        Assert.That(Directory.GetFiles(folder.Path, "Engine.Nn.Generators.*", SearchOption.AllDirectories), Is.Empty, "a part of the compiler is not shipped");
    }

    [Test]
    public void ByProjectThroughAnother_MembersAreFound()
    {
        using OutsideFolder folder = new();
        folder.WriteProject("Middle", ByProject("Engine.Nn") + ByProject("Engine.Cpu"));
        folder.WriteProject("App", "<ProjectReference Include=\"../Middle/Middle.csproj\" />", Exe);
        folder.Write("App/Program.cs", ModuleKinds.Program);
        Assert.That(folder.Run("App"), Is.EqualTo(ModuleKinds.Listed.ReplaceLineEndings("\n")));
    }

    [Test]
    public void ByPackage_MembersAreFound()
    {
        using OutsideFolder folder = new(Feed.Folder);
        folder.WriteProject("App", ByPackage("Gradwerk.Nn") + ByPackage("Gradwerk.Cpu"), Exe);
        folder.Write("App/Program.cs", ModuleKinds.Program);
        Assert.That(folder.Run("App"), Is.EqualTo(ModuleKinds.Listed.ReplaceLineEndings("\n")));
    }

    /// <summary>NuGet hides the analyzers of a package's dependencies.</summary>
    [Test]
    public void ByPackageThroughAnother_MembersAreFound()
    {
        using OutsideFolder folder = new(Feed.Folder);
        folder.WriteProject("Middle", ByPackage("Gradwerk.Nn") + ByPackage("Gradwerk.Cpu"));
        Command.DotNet(Path.Combine(folder.Path, "Middle"), folder.Packages, "pack", "-c", Repository.Configuration, "-o", Path.Combine(folder.Path, "middle-feed"));
        folder.Write("nuget.config", File.ReadAllText(Path.Combine(folder.Path, "nuget.config")).Replace("</packageSources>", "<add key=\"middle\" value=\"middle-feed\" /></packageSources>", StringComparison.Ordinal));
        folder.WriteProject("App", "<PackageReference Include=\"Middle\" Version=\"1.0.0\" />", Exe);
        folder.Write("App/Program.cs", ModuleKinds.Program);
        Assert.That(folder.Run("App"), Is.EqualTo(ModuleKinds.Listed.ReplaceLineEndings("\n")));
    }

    [Test]
    public void ByFileOnly_EveryModuleWhoseMembersNothingListsIsRefused()
    {
        using OutsideFolder folder = new();
        folder.WriteProject("App", ByFile("Engine.Core") + ByFile("Engine.Cpu") + ByFile("Engine.Nn"), Exe + "<DefineConstants>$(DefineConstants);UNGUARDED</DefineConstants>");
        folder.Write("App/Program.cs", ModuleKinds.Program);
        string[] lines = folder.Run("App").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(ModuleKinds.Refused.Length + ModuleKinds.Harmless.Length));
        Assert.That(lines, Is.SupersetOf(ModuleKinds.Harmless));
        using (Assert.EnterMultipleScope())
        {
            foreach ((string kind, string type, string member) in ModuleKinds.Refused)
            {
                string line = lines.Single(l => l.StartsWith(kind + ": ", StringComparison.Ordinal));
                Assert.That(line, Does.StartWith($"{kind}: UnlistedMembersException: {type}: nothing lists its member {member}"));
                Assert.That(line, Does.Contain("because App was compiled without Engine.Nn's source generator").And.Contain("Add a ProjectReference"));
            }
        }
    }
}
