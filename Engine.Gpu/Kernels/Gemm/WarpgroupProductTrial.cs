using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>A product of known whole numbers by warpgroups; see <see cref="WarpgroupTrial"/>.</summary>
/// <param name="Tile">The tile.</param>
/// <param name="LeftAlongDepth">Whether neighbours of the left factor lie along the depth.</param>
/// <param name="RightAlongDepth">The same of the right one.</param>
internal readonly record struct WarpgroupProductTrial(GemmTile Tile, bool LeftAlongDepth, bool RightAlongDepth) : IWarpgroupAttempt
{
    /// <inheritdoc/>
    public WarpgroupKind Kind => new(Tile, LeftAlongDepth, RightAlongDepth, IsPatch: false);

    /// <inheritdoc/>
    public string? Try(GpuBackend backend, GpuDriver driver)
    {
        // An edge on both sides, and more slices than buffers, the first of them short. Vectors of 16 bytes divide all sizes.
        GemmTile tile = Tile;
        int m = tile.BM + 8, n = tile.BN + 8, depth = ((tile.Buffers + 1) * tile.BK) + 16;
        float[] a = WarpgroupTrial.Numbers(m * depth, 1), b = WarpgroupTrial.Numbers(n * depth, 2), c = new float[m * n];
        Array.Fill(c, float.NaN);
        TileAccess Access(bool alongDepth) => new(alongDepth, 16 / ElementType(tile.Math).SizeInBytes());
        GemmKernel kernel = new(
            tile, ElementType(tile.Math), Access(LeftAlongDepth), ElementType(tile.Math), Access(RightAlongDepth), DType.Float32, DType.Float32, 2, Epilogue.None, 0, SplitKind.None, Is64Bit: false);
        CompiledKernel compiled = backend.CompiledKernels.Get(kernel);
        using TrialMemory memory = new(driver);
        KernelArgument left = memory.Upload(Bytes(a, m, depth, LeftAlongDepth, tile.Math)), right = memory.Upload(Bytes(b, n, depth, RightAlongDepth, tile.Math));
        KernelArgument result = memory.Upload(MemoryMarshal.AsBytes<float>(c));

        // The factors, the result, the sizes, and the strides of each along rows and columns, as GemmParameters declares them.
        (int row, int step) = LeftAlongDepth ? (depth, 1) : (1, m);
        (int column, int down) = RightAlongDepth ? (depth, 1) : (1, n);
        driver.Launch(compiled, TileGrid.For(new GemmPlan(tile, 1, 0), 1, m, n), [left, right, result, m, n, depth, row, step, down, column, n, 1]);
        driver.Download(result.Handle, 0, MemoryMarshal.AsBytes(c.AsSpan()));

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
}
