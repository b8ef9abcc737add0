using Engine.Fuzz.Api;
using Engine.Fuzz.Files;
using Engine.Fuzz.Kill;

namespace Engine.Fuzz;

/// <summary>Exit code 0: nothing was found. 1: something was, and it is printed. Anything else: the process itself died of it.</summary>
internal static class Program
{
    private const string Usage = """
        api   [--seconds 60] [--seed N] [--calls N]   random calls of the whole public API
        files [--count 10000] [--seed N]              damaged model and data files
        kill  [--count 20] [--seed N]                 a training run that is killed and resumed
        train FOLDER                                  the run that is killed
        """;

    private static int Main(string[] arguments)
    {
        // Printed by every process, so that any of them can be repeated.
        Options options = new(arguments.Skip(1));
        switch (arguments.FirstOrDefault())
        {
            case "api":
                return new ApiFuzz(options.Seed).Run(TimeSpan.FromSeconds(options.Number("--seconds", 60)), options.Number("--calls", long.MaxValue));
            case "files":
                return new FileMutation(options.Seed).Run((int)options.Number("--count", 10_000));
            case "kill":
                return new KillCampaign(options.Seed).Run((int)options.Number("--count", 20));
            case "train" when arguments.Length == 2:
                return TinyTraining.Run(arguments[1]);
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }
}
