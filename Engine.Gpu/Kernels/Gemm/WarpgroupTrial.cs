using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>
/// Whether products of warpgroups are right on a device: before the first of a kind (a tile, and the directions in which factors lie) one of known whole numbers is computed and
/// compared. A device that refuses the kernel, or computes it wrongly once, is given none of them from then on, and the probe report says so.
/// </summary>
internal sealed class WarpgroupTrial(GpuDevice device)
{
    private readonly Lock _lock = new();
    private readonly HashSet<Kind> _passed = [];
    private volatile bool _isTrusted;
    private volatile string? _complaint;

    /// <summary>Why none are used; null if nothing speaks against them so far.</summary>
    public string? Complaint => _complaint;

    /// <summary>Takes them to be right, on a device that computes nothing.</summary>
    public void Trust() => _isTrusted = true;

    /// <summary>Whether products with a tile may be used. The first question about a kind takes as long as its compiler and a small product.</summary>
    /// <remarks>While the calling thread records nothing can be tried, so what was not tried before is not used.</remarks>
    public bool Passes(GpuBackend backend, GemmTile tile, TileAccess left, TileAccess right) => Passes(backend, new Kind(tile, left.AlongDepth, right.AlongDepth, IsPatch: false));

    /// <summary>The same of convolutions by patches.</summary>
    public bool Passes(GpuBackend backend, in PatchPlan plan, TileAccess filters) => Passes(backend, new Kind(plan.Tile, true, filters.AlongDepth, IsPatch: true));

    private bool Passes(GpuBackend backend, in Kind kind)
    {
        if (_isTrusted || _complaint is not null)
        {
            return _complaint is null;
        }

        lock (_lock)
        {
            if (_passed.Contains(kind))
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
                string? fault = kind.IsPatch ? WarpgroupPatchTrial.Try(backend, device.Driver, kind.Tile, kind.RightAlongDepth) : Try(backend, kind);
                _complaint = fault is null ? null : $"{device.Description}: {fault}; products use mma.sync instead, at about 60 % of the speed. Please report it";
            }
            catch (EngineException e) when (e is not DeviceLostException)
            {
                _complaint = $"{device.Description}: a kernel with wgmma could not be used; products use mma.sync instead, at about 60 % of the speed: {e.Message.Split('\n')[0]}";
            }

            return _complaint is null && _passed.Add(kind);
        }
    }

    /// <summary>Computes and compares; what is wrong, or null.</summary>
    private string? Try(GpuBackend backend, in Kind kind)
    {
        // An edge on both sides, and more slices than buffers, the first of them short. Vectors of 16 bytes divide all sizes.
        GemmTile tile = kind.Tile;
        int m = tile.BM + 8, n = tile.BN + 8, depth = ((tile.Buffers + 1) * tile.BK) + 16;
        float[] a = Numbers(m * depth, 1), b = Numbers(n * depth, 2), c = new float[m * n];
        Array.Fill(c, float.NaN);
        TileAccess Access(bool alongDepth) => new(alongDepth, 16 / ElementType(tile.Math).SizeInBytes());
        GemmKernel kernel = new(
            tile, ElementType(tile.Math), Access(kind.LeftAlongDepth), ElementType(tile.Math), Access(kind.RightAlongDepth), DType.Float32, DType.Float32, 2, Epilogue.None, 0, SplitKind.None, Is64Bit: false);
        CompiledKernel compiled = backend.CompiledKernels.Get(kernel);
        using TrialMemory memory = new(device.Driver);
        KernelArgument left = memory.Upload(Bytes(a, m, depth, kind.LeftAlongDepth, tile.Math)), right = memory.Upload(Bytes(b, n, depth, kind.RightAlongDepth, tile.Math));
        KernelArgument result = memory.Upload(MemoryMarshal.AsBytes<float>(c));

        // The factors, the result, the sizes, and the strides of each along rows and columns, as GemmParameters declares them.
        (int row, int step) = kind.LeftAlongDepth ? (depth, 1) : (1, m);
        (int column, int down) = kind.RightAlongDepth ? (depth, 1) : (1, n);
        device.Driver.Launch(compiled, TileGrid.For(new GemmPlan(tile, 1, 0), 1, m, n), [left, right, result, m, n, depth, row, step, down, column, n, 1]);
        device.Driver.Download(result.Handle, 0, MemoryMarshal.AsBytes(c.AsSpan()));

        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                float sum = 0;
                for (int k = 0; k < depth; k++)
                {
                    sum += a[(i * depth) + k] * b[(j * depth) + k];
                }

                if (!c[(i * n) + j].Equals(sum))
                {
                    return $"{tile.Name} (wgmma) computes {c[(i * n) + j]} where {sum} is right";
                }
            }
        }

        return null;
    }

    private static DType ElementType(TileMath math) => math.IsHalf ? math.HalfType : DType.Float32;

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

    /// <summary>Lines of numbers along the depth, as they lie in a format and direction.</summary>
    private static byte[] Bytes(float[] numbers, int lines, int depth, bool alongDepth, TileMath math)
    {
        int size = ElementType(math).SizeInBytes();
        byte[] bytes = new byte[numbers.Length * size];
        for (int i = 0; i < numbers.Length; i++)
        {
            Span<byte> to = bytes.AsSpan((alongDepth ? i : (i % depth * lines) + (i / depth)) * size, size);
            switch (math)
            {
                case TileMath.Float16:
                    MemoryMarshal.Write(to, (Half)numbers[i]);
                    break;
                case TileMath.BFloat16:
                    MemoryMarshal.Write(to, (BFloat16)numbers[i]);
                    break;
                default:
                    MemoryMarshal.Write(to, numbers[i]);
                    break;
            }
        }

        return bytes;
    }

    private readonly record struct Kind(GemmTile Tile, bool LeftAlongDepth, bool RightAlongDepth, bool IsPatch);
}
