using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>A convolution of known whole numbers by patches and warpgroups; see <see cref="WarpgroupTrial"/>.</summary>
/// <param name="Tile">The tile.</param>
/// <param name="FiltersAlongDepth">Whether neighbours among the filters' numbers are those of a filter.</param>
internal readonly record struct WarpgroupPatchTrial(GemmTile Tile, bool FiltersAlongDepth) : IWarpgroupAttempt
{
    private const int Taps = 3, Width = 11;

    /// <inheritdoc/>
    public WarpgroupKind Kind => new(Tile, LeftAlongDepth: true, FiltersAlongDepth, IsPatch: true);

    /// <inheritdoc/>
    public string? Try(GpuBackend backend, GpuDriver driver)
    {
        (GemmTile tile, bool filtersAlongDepth) = (Tile, FiltersAlongDepth);

        // Edges on both sides, and two slices of channels, the second short. Every pixel at an edge has taps outside.
        int height = (tile.BM / Width) + 2, pixels = height * Width, outs = tile.BN + 8, ins = tile.BK + 16;
        float[] image = WarpgroupTrial.Numbers(pixels * ins, 1), filters = WarpgroupTrial.Numbers(Taps * Taps * ins * outs, 2), result = new float[pixels * outs];
        Array.Fill(result, float.NaN);
        WindowAxis rows = new(height, Taps, height, -1, 1, 1), columns = new(Width, Taps, Width, -1, 1, 1);
        var patch = Patch.Of(rows, columns);
        const int Vector = 4;
        PatchCorrelationKernel kernel = new(
            tile,
            PatchPlan.Room(tile, patch, Vector),
            Taps,
            Taps,
            columns.TapStep,
            DType.Float32,
            Vector,
            DType.Float32,
            new TileAccess(filtersAlongDepth, Vector),
            DType.Float32,
            2,
            Epilogue.None,
            IsSplit: false,
            Is64Bit: false);
        CompiledKernel compiled = backend.CompiledKernels.Get(kernel);

        // Of filters along the depth, channels of the image are neighbours; else those of the result.
        (int filterOut, int filterIn, int filterColumn) = filtersAlongDepth ? (Taps * Taps * ins, 1, ins) : (1, Taps * Taps * outs, outs);
        using TrialMemory memory = new(driver);
        ArgumentList arguments = new(stackalloc KernelArgument[32]);
        arguments.Add(memory.Upload(MemoryMarshal.AsBytes<float>(image)));
        arguments.Add(memory.Upload(MemoryMarshal.AsBytes<float>(filters)));
        KernelArgument written = memory.Upload(MemoryMarshal.AsBytes<float>(result));
        arguments.Add(written);
        foreach (int number in (ReadOnlySpan<int>)[outs, pixels, ins, ins, filterOut, filterIn, Taps * filterColumn, filterColumn, outs, 1, 0])
        {
            arguments.Add(number);
        }

        PatchWindows.Bind(ref arguments, patch, rows, columns);
        driver.Launch(compiled, TileGrid.For(new GemmPlan(tile, 1, 0), 1, pixels, outs), arguments.Span);
        driver.Download(written.Handle, 0, MemoryMarshal.AsBytes(result.AsSpan()));
        for (int at = 0; at < result.Length; at++)
        {
            int pixel = at / outs;
            float sum = 0;
            for (int tap = 0; tap < Taps * Taps; tap++)
            {
                int row = (pixel / Width) + (tap / Taps) - 1, column = (pixel % Width) + (tap % Taps) - 1;
                if ((uint)row >= (uint)height || (uint)column >= Width)
                {
                    continue;
                }

                int from = ((row * Width) + column) * ins, filter = (at % outs * filterOut) + (tap * filterColumn);
                for (int channel = 0; channel < ins; channel++)
                {
                    sum += image[from + channel] * filters[filter + (channel * filterIn)];
                }
            }

            if (!result[at].Equals(sum))
            {
                return $"a convolution by {tile.Name} (wgmma) computes {result[at]} where {sum} is right";
            }
        }

        return null;
    }
}
