namespace Engine.Perf.Paper;

/// <summary>A card by its published figures. Rates are those of one multiprocessor and one clock.</summary>
/// <param name="Name">What a command calls it.</param>
/// <param name="Capability">The compute capability: 90 for 9.0.</param>
/// <param name="Multiprocessors">How many it has.</param>
/// <param name="GHz">The clock under load.</param>
/// <param name="Float32">Multiply-adds of float32.</param>
/// <param name="Tf32">Multiply-adds of tf32 on tensor cores by <c>mma.sync</c>; 0 without.</param>
/// <param name="Half">Multiply-adds of bfloat16 and float16 with sums in float32, likewise.</param>
/// <param name="SharedBytes">Bytes to or from shared memory.</param>
/// <param name="L2Bytes">Bytes from the second cache to all multiprocessors, a clock.</param>
/// <param name="MemoryGBs">Bytes from memory, in 10⁹ a second.</param>
/// <param name="SharedKiB">Shared memory of a multiprocessor.</param>
/// <param name="Warps">Warps that a multiprocessor holds.</param>
/// <param name="Warpgroups">How many times as many by <c>wgmma</c>, where the card has it.</param>
internal sealed record PaperCard(
    string Name, int Capability, int Multiprocessors, double GHz, int Float32, int Tf32, int Half, int SharedBytes, int L2Bytes, double MemoryGBs, int SharedKiB, int Warps, double Warpgroups = 1)
{
    /// <summary>
    /// Seconds that a launch of a captured step costs beside its work: starting and draining, and what the graph takes between two kernels. An assumption: NVIDIA's
    /// introduction to CUDA graphs has 3.4 µs for a kernel of 2.9 µs, and no kernel of a few groups runs in less than about 1 µs.
    /// </summary>
    public const double LaunchSeconds = 1.5e-6;

    /// <summary>
    /// Seconds that groups which meet wait for one another. An assumption: two ways to the second cache and back, some 700 clocks each, one for the count of the last group and one for
    /// who looks at it.
    /// </summary>
    public const double MeetingSeconds = 0.8e-6;

    /// <summary>Clocks from a load of memory to its number, of the V100, A100 and H100 alike; the table that docs/gpu-model.md names.</summary>
    public const int MemoryLatency = 400;

    /// <summary>Loads and stores of a warp that are under way together. An assumption: rows and slices are read four at a time.</summary>
    public const int AccessesInFlight = 4;

    /// <summary>Instructions that the schedulers of a multiprocessor issue in a clock, each to 32 work-items.</summary>
    public int Issues { get; init; } = 4;

    /// <summary>Registers of a multiprocessor.</summary>
    public int Registers { get; init; } = 65536;

    /// <summary>Of cards that are reached through OpenCL: most sums that a work-item of a product keeps; 0 for CUDA.</summary>
    /// <remarks>Their kernels are chosen by their limits and counted in PTX, since nobody here can assemble for them.</remarks>
    public int OpenClSums { get; init; }

    /// <summary>The cards. Where the figures are from stands in docs/gpu-model.md.</summary>
    public static IReadOnlyList<PaperCard> All { get; } =
    [
        new("h100", 90, 132, 1.755, 128, 640, 1280, 128, 5120, 3352, 227, 64, 1.6),
        new("a100", 80, 108, 1.41, 64, 512, 1024, 128, 5120, 1555, 163, 64),
        new("rtx4090", 89, 128, 2.52, 128, 128, 256, 128, 4096, 1008, 99, 48),
        new("l4", 89, 58, 2.04, 128, 256, 512, 128, 2048, 300, 99, 48),
        new("t4", 75, 40, 1.59, 64, 0, 512, 128, 1024, 300, 64, 32),
        new("a6000", 86, 84, 1.41, 128, 128, 256, 128, 3072, 768, 99, 48),
        new("rx7900", 70, 96, 2.5, 128, 0, 0, 128, 2048, 960, 64, 32) { Issues = 2, Registers = 98304, OpenClSums = 64 },
        new("arc770", 70, 32, 2.1, 128, 0, 0, 128, 2048, 560, 64, 64) { Registers = 131072, OpenClSums = 32 },
    ];

    /// <summary>Clocks in a second.</summary>
    public double Clock => GHz * 1e9;

    /// <summary>A card by its name; null if there is none of that name.</summary>
    public static PaperCard? Find(string name) => All.FirstOrDefault(card => card.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
