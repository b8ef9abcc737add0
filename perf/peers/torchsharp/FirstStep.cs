using System.Diagnostics;

namespace TorchSharpPeer;

/// <summary><c>--first-step</c>: when the first training steps end after the process's start.</summary>
internal static class FirstStep
{
    private const int Batch = 16, Steps = 3;

    public static void Print(Options options)
    {
        NetworkWorkloads networks = new(new Images(options), keepsLoss: false);
        foreach (NetworkRow row in NetworkRow.Trained.Where(row => options.Wants(row.Name)))
        {
            Action step = networks.TrainStep(row with { Input = [Batch, .. row.Input[1..]] });
            Console.Write($"{row.Name}, batch {Batch}: network made {SinceStart():F0} ms after the process's start; steps end at");
            for (int i = 0; i < Steps; i++)
            {
                step();
                Console.Write($" {SinceStart():F0} ms");
            }

            Console.WriteLine();
        }
    }

    private static double SinceStart()
    {
        using Process process = Process.GetCurrentProcess();
        return (DateTime.Now - process.StartTime).TotalMilliseconds;
    }
}
