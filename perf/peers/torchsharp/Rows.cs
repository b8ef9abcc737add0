using TorchSharp;

namespace TorchSharpPeer;

/// <summary>Lists, checks or times the rows that the filter names.</summary>
internal static class Rows
{
    public static void Run(Options options)
    {
        Workload[] rows = [.. WorkloadList.For(options).Where(workload => options.Wants(workload.Name))];
        if (options.Memory)
        {
            PeakMemory.CheckAlone(rows.Length);
        }

        foreach (Workload row in rows)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            if (options.List)
            {
                Console.WriteLine(row.Name);
            }
            else if (options.Check)
            {
                Check.Run(row);
            }
            else
            {
                Measurement time = Measurement.Of(row.Prepare(), options.Seconds);
                Console.WriteLine(new ResultLine(
                    options.Peer(), row.Name, "cpu", options.Threads, time.Median, time.Minimum, time.Runs, row.Flop, row.Bytes, options.Memory ? PeakMemory.Bytes() : 0).ToJson());
            }
        }
    }
}
