using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>docs/getting-started.md from the empty folder on: its commands as they stand, its programs one after the other.</summary>
[Category("Process")]
internal sealed partial class GettingStartedTests
{
    private static readonly string s_page = Repository.Text("docs", "getting-started.md").ReplaceLineEndings("\n");

    [Test]
    public void Page_FromAnEmptyFolder_TrainsSavesAndPredicts()
    {
        using OutsideFolder folder = new();
        string[] commands = Console().Match(s_page).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(commands, Has.Length.EqualTo(3));
        Assert.That(commands[1], Is.EqualTo("cd Spirals"));
        Command.DotNet(folder.Path, null, Arguments(commands[0]));
        string project = Path.Combine(folder.Path, "Spirals");
        Command.DotNet(project, null, Arguments(commands[2]));

        string[] programs = [.. Program().Matches(s_page).Select(static match => match.Groups[1].Value)];
        Assert.That(programs, Has.Length.EqualTo(3));
        string[] outputs = [.. programs.Select(program => Run(folder, program))];
        Assert.That(outputs[0], Does.Contain("34\n8\n"));
        Assert.That(outputs[1], Does.Match(@"epoch 20/20[^\n]*\ntest: loss 0\.\d\d, accuracy (0\.9\d\d|1\.000)\n"));
        Assert.That(outputs[2], Does.StartWith("6 tensors fit\n"));
        Assert.That(File.ReadAllText(Path.Combine(project, "spirals.html")), Does.Contain("<title>Spirals</title>"));
    }

    private static string Run(OutsideFolder folder, string program)
    {
        folder.Write("Spirals/Program.cs", program);
        return folder.Run("Spirals");
    }

    /// <summary>Those of a line that begins with <c>dotnet</c>; the clone is this repository.</summary>
    private static string[] Arguments(string command) => command.Replace("../engine/", Repository.Root + "/", StringComparison.Ordinal).Split(' ')[1..];

    [GeneratedRegex("```console\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Console();

    [GeneratedRegex("<!-- program -->\n```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Program();
}
