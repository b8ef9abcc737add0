using System.Runtime.InteropServices;

namespace Engine.PtxInterpreter;

/// <summary>
/// Runs one block of each launch on a card on paper and counts its instructions. Blocks of one launch do the same work but for those at the edge, so
/// that the sample times the number of blocks is about the work of the launch. Of kernels that were joined, some blocks all over the launch stand for it.
/// </summary>
/// <remarks>
/// Nothing has computed the operands: what the block loads was uploaded, or is zero, since no sample leaves what it wrote. A kernel whose addresses come from loaded numbers may not be run.
/// </remarks>
internal sealed unsafe class LaunchSampler
{
    /// <summary>What stands between the names of joined kernels.</summary>
    private const string JoinedMark = "_with_";

    private const int SamplesOfJoined = 16;

    private readonly Lock _lock = new();
    private readonly List<LaunchSample> _samples = [];
    private readonly Dictionary<(string Text, string Kernel, (int, int, int) Grid, string Sizes), LaunchSample> _known = [];

    /// <summary>The launches so far, in order.</summary>
    public IReadOnlyList<LaunchSample> Samples
    {
        get
        {
            lock (_lock)
            {
                return [.. _samples];
            }
        }
    }

    /// <summary>Forgets the launches; what their kernels do stays known.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _samples.Clear();
        }
    }

    public void Add(GlobalMemory memory, int architecture, string text, KernelProgram program, (int X, int Y, int Z) grid, int dynamicSharedBytes, byte[] parameters)
    {
        // Launches that differ in addresses only do the same work. Addresses have eight bytes, sizes four.
        string sizes = string.Join(' ', program.Parameters.Where(static p => p.Bytes != 8).Select(p => Convert.ToHexString(parameters, p.Offset, p.Bytes)));
        (string, string, (int, int, int), string) key = (text, program.Name, grid, sizes);
        lock (_lock)
        {
            if (!_known.TryGetValue(key, out LaunchSample? sample))
            {
                sample = new LaunchSample(
                    program.Name, text, architecture, (long)grid.X * grid.Y * grid.Z, program.GroupSize, program.SharedBytes + dynamicSharedBytes,
                    Count(memory, program, grid, dynamicSharedBytes, parameters));
                _known.Add(key, sample);
            }

            _samples.Add(sample);
        }
    }

    private static Dictionary<int, (long Issues, long Bytes)>? Count(GlobalMemory memory, KernelProgram program, (int X, int Y, int Z) grid, int dynamicSharedBytes, byte[] parameters)
    {
        int samples = program.Name.Contains(JoinedMark, StringComparison.Ordinal) ? Math.Min(SamplesOfJoined, grid.X) : 1;
        BlockSample sample = new(program.Operations.Length);
        Block block = program.RentBlock();
        try
        {
            fixed (byte* values = parameters.Length == 0 ? new byte[1] : parameters)
            {
                block.Begin(new Launch { Memory = memory, Grid = grid, DynamicSharedBytes = dynamicSharedBytes, Parameters = values });
                block.Sample = sample;
                for (int i = 0; i < samples; i++)
                {
                    // The middle of each of equal stretches.
                    int x = (int)(((2L * i) + 1) * grid.X / (2 * samples));
                    block.Run((x, grid.Y / 2, grid.Z / 2));
                    sample.Undo();
                }
            }
        }
        catch (PtxFault)
        {
            return null;
        }
        finally
        {
            sample.Undo();
            block.Sample = null;
            program.ReturnBlock(block);
        }

        Dictionary<int, (long Issues, long Bytes)> byLine = [];
        for (int i = 0; i < sample.Issues.Length; i++)
        {
            ref (long Issues, long Bytes) line = ref CollectionsMarshal.GetValueRefOrAddDefault(byLine, program.Operations[i].Line, out _);
            long bytes = program.Operations[i].Access is null ? LaunchSample.Unknown : line.Bytes + (sample.Bytes[i] / samples);
            line = (line.Issues + (sample.Issues[i] / samples), bytes);
        }

        return byLine;
    }
}
