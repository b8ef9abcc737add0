using Engine.Nn;
using TorchSharpPeer;

namespace Engine.Perf.Paired;

/// <summary>Times the rows that both sides have, and writes their lines to <c>ours.jsonl</c> and <c>peer.jsonl</c> of a folder.</summary>
internal static class Pairs
{
    public static void Run(Options options, Device device, string folder)
    {
        Directory.CreateDirectory(folder);
        using StreamWriter ours = File.AppendText(Path.Combine(folder, "ours.jsonl")), peer = File.AppendText(Path.Combine(folder, "peer.jsonl"));
        Dictionary<string, Workload> peers = TorchSharpPeer.WorkloadList.For(options).ToDictionary(static row => row.Name);
        foreach (Workload row in WorkloadList.For(device, captured: false, TrainingPrecision.Full))
        {
            // Limits of the machine have no other side.
            Workload? other = peers.GetValueOrDefault(row.Name);
            if (!options.Wants(row.Name) || (other is null && !row.IsLimit))
            {
                continue;
            }

            double[][] times = Turns.Of(other is null ? [row.Prepare()] : [row.Prepare(), other.Prepare()], options.Seconds);
            Array.ForEach(times, Array.Sort);
            double[] mine = times[0];
            ours.WriteLine(Line("engine", row, mine, options).ToJson());
            if (other is not null)
            {
                double[] theirs = times[1];
                peer.WriteLine(Line(options.Peer(), row, theirs, options).ToJson());
                Console.WriteLine($"{row.Name,-40} {options.Threads} {1e3 * Median(mine),10:0.0000} {1e3 * Median(theirs),10:0.0000} ms  {Median(theirs) / Median(mine):0.00}   least {1e3 * mine[0],10:0.0000} {1e3 * theirs[0],10:0.0000}  {theirs[0] / mine[0]:0.00}");
            }

            device.Pool.Trim();
        }
    }

    private static ResultLine Line(string side, Workload row, double[] times, Options options)
        => new(side, row.Name, "cpu", options.Threads, Median(times), times[0], times.Length, row.Flop, row.Bytes, 0);

    private static double Median(double[] sorted) => sorted[sorted.Length / 2];
}
