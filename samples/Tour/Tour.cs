using Engine;

namespace TourSample;

/// <summary>What the programs of the tour share: how long they may take, where their reports go and how they print.</summary>
/// <param name="isBrief">Whether a program only has to show that it runs: fewer steps, smaller networks.</param>
/// <param name="folder">Where reports go.</param>
internal sealed class Tour(bool isBrief, string folder)
{
    /// <summary>Whether a program only has to show that it runs.</summary>
    public bool IsBrief { get; } = isBrief;

    /// <summary>The full number of steps, or a few where the tour is brief.</summary>
    public int Steps(int full, int brief = 2) => IsBrief ? Math.Min(full, brief) : full;

    /// <summary>Where a program's report goes: NAME.html in the folder of the reports.</summary>
    public string ReportPath(TourProgram program) => Path.Combine(folder, program.Name + ".html");

    /// <summary>A line of results.</summary>
    public void Print(string line) => Console.WriteLine("  " + line);

    /// <summary>A line that says what to look at in the results above it.</summary>
    public void Notice(string line) => Console.WriteLine("  → " + line);

    /// <summary>Runs a program from fixed random numbers, so that its words stay true.</summary>
    public void Run(TourProgram program)
    {
        Console.WriteLine($"{program.Name}: {program.Subject}");
        using TensorScope scope = TensorScope.Begin();
        Generator.Default.Restore(seed: 1, draws: 0);
        program.Run(this);
        if (File.Exists(ReportPath(program)))
        {
            Console.WriteLine($"  report: {ReportPath(program)}");
        }

        Console.WriteLine();
    }
}
