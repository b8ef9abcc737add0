namespace Engine.Gpu;

/// <summary>
/// Whether products of warpgroups are right on a device: before the first of a kind (a tile, and the directions in which factors lie) one of known whole numbers is computed and
/// compared. A device that refuses the kernel, or computes it wrongly once, is given none of them from then on, and the probe report says so.
/// </summary>
internal sealed class WarpgroupTrial(GpuDevice device)
{
    private readonly Lock _lock = new();
    private readonly HashSet<WarpgroupKind> _passed = [];
    private volatile bool _isTrusted;
    private volatile string? _complaint;

    /// <summary>Why none are used; null if nothing speaks against them so far.</summary>
    public string? Complaint => _complaint;

    /// <summary>Takes them to be right, on a device that computes nothing.</summary>
    public void Trust() => _isTrusted = true;

    /// <summary>Whether products with a tile may be used. The first question about a kind takes as long as its compiler and a small product.</summary>
    /// <remarks>While the calling thread records nothing can be tried, so what was not tried before is not used.</remarks>
    public bool Passes(GpuBackend backend, GemmTile tile, TileAccess left, TileAccess right) => Passes(backend, new WarpgroupProductTrial(tile, left.AlongDepth, right.AlongDepth));

    /// <summary>Whether what an attempt stands for may be used; the attempt is made once.</summary>
    public bool Passes<TAttempt>(GpuBackend backend, in TAttempt attempt)
        where TAttempt : struct, IWarpgroupAttempt
    {
        if (_isTrusted || _complaint is not null)
        {
            return _complaint is null;
        }

        lock (_lock)
        {
            if (_passed.Contains(attempt.Kind))
            {
                return true;
            }

            // In a host's stream nothing is waited for that the host has not asked for.
            if (_complaint is not null || device.Work.IsRecordedHere || !device.Driver.OwnsStream)
            {
                return false;
            }

            try
            {
                string? fault = attempt.Try(backend, device.Driver);
                _complaint = fault is null ? null : $"{device.Description}: {fault}; products use mma.sync instead, at about 60 % of the speed. Please report it";
            }
            catch (EngineException e) when (e is not DeviceLostException)
            {
                _complaint = $"{device.Description}: a kernel with wgmma could not be used; products use mma.sync instead, at about 60 % of the speed: {e.Message.Split('\n')[0]}";
            }

            return _complaint is null && _passed.Add(attempt.Kind);
        }
    }

    /// <summary>Whole numbers that are small enough for every format, and their sums for float32.</summary>
    internal static float[] Numbers(int count, int seed)
    {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = (((i * 7) + (i / 64 * 3) + (seed * 5)) % 17) - 8;
        }

        return numbers;
    }
}

/// <summary>What is tried once: a tile, the directions in which factors lie, and whether it is a convolution by patches.</summary>
internal readonly record struct WarpgroupKind(GemmTile Tile, bool LeftAlongDepth, bool RightAlongDepth, bool IsPatch);

/// <summary>A small computation with known results.</summary>
internal interface IWarpgroupAttempt
{
    /// <summary>What it stands for.</summary>
    WarpgroupKind Kind { get; }

    /// <summary>Computes and compares; what is wrong, or null.</summary>
    string? Try(GpuBackend backend, GpuDriver driver);
}
