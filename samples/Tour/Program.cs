using Engine;
using Engine.Nn;
using TourSample;

// Usage: list | all | NAME … [--brief] [--out DIR]. A program is a file in Programs; TourList.cs has their order.
bool isBrief = args.Contains("--brief");
int outAt = Array.IndexOf(args, "--out");
string folder = outAt < 0 ? "tour" : outAt + 1 < args.Length ? args[outAt + 1] : string.Empty;
string[] names = [.. args.Where((arg, i) => arg != "--brief" && (outAt < 0 || (i != outAt && i != outAt + 1)))];
if (names is ["list"])
{
    foreach (TourProgram program in TourList.All)
    {
        Console.WriteLine($"{program.Name,-24} {program.Subject}");
    }

    return 0;
}

TourProgram?[] chosen = names is ["all"] ? [.. TourList.All] : [.. names.Select(TourList.Find)];
if (chosen.Length == 0 || folder.Length == 0 || chosen.Contains(null))
{
    string? unknown = names.FirstOrDefault(static name => TourList.Find(name) is null);
    Console.Error.WriteLine(unknown is null ? "usage: Tour -- list | all | NAME … [--brief] [--out DIR]" : $"There is no program {unknown}; list names them.");
    return 1;
}

try
{
    // The programs say themselves what there is to notice.
    Trainer.DefaultVerbosity = Verbosity.Quiet;
    Directory.CreateDirectory(folder);
    Tour tour = new(isBrief, folder);
    foreach (TourProgram program in chosen.OfType<TourProgram>())
    {
        tour.Run(program);
    }
}
catch (Exception error) when (error is EngineException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"error: {error.Message}");
    return 1;
}

return 0;
