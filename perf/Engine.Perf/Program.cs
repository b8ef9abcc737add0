using System.Globalization;
using Engine.Perf;

// First steps are timed from the process's start: the parser of the other options, which the runtime compiles anew in each process, would take a part of it.
if (args is ["cold", string coldRow, string coldThreads])
{
    Cold.Print(coldRow, int.Parse(coldThreads, CultureInfo.InvariantCulture));
    return 0;
}

return FirstStep.TryRun(args) ? 0 : PerfCommand.Run(args);
