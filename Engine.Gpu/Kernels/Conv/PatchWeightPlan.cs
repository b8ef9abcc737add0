namespace Engine.Gpu;

/// <summary>How a gradient to the filters is summed by patches: room for the pixels of a patch, and the parts in which pixels are summed.</summary>
/// <param name="PatchPixels">Pixels that a patch has room for.</param>
/// <param name="Parts">Groups that share the pixels of one tile of filters.</param>
/// <param name="BlocksPerPart">Blocks of pixels that each part takes.</param>
internal readonly record struct PatchWeightPlan(int PatchPixels, int Parts, int BlocksPerPart)
{
    // Sums that an item keeps are as many as taps.
    private const int MostTaps = 9;

    private const int MostParts = 128;

    // Blocks of pixels that are worth a part of their own.
    private const int LeastBlocks = 2;

    // With a smaller part of a tile in use tensor cores would multiply nothing but zeros.
    private const double LeastUse = 0.5;

    /// <summary>The plan; null where the correlation is none of a patch, or it does not fit.</summary>
    public static PatchWeightPlan? Choose(GpuTarget target, in Correlation c, TileMath math)
    {
        (int gradWidth, int imageWidth) = Widths(c, math);
        if (math == TileMath.Fma || Patch.Of(c) is not { } patch || c.Columns.TapStep != 1 || c.Rows.Taps * c.Columns.Taps > MostTaps || gradWidth < 4 || imageWidth < 4)
        {
            return null;
        }

        int pass = PixelSource.PixelsOfPass(PatchWeightProduct.GroupSize, imageWidth, PatchWeightProduct.Ins);
        int room = (PatchWeightProduct.Block + patch.Span + pass - 1) / pass * pass;
        if (PatchWeightProduct.GroupSize > target.MaxGroupSize || (long)PatchWeightProduct.Words(math, room) * sizeof(int) > target.SharedBytes - KernelBuilder.LastGroupBytes)
        {
            return null;
        }

        int tiles = Tiles(c);
        if ((double)c.OutChannels * c.InChannels < LeastUse * tiles * PatchWeightProduct.Outs * PatchWeightProduct.Ins)
        {
            return null;
        }

        int blocks = (int)((c.Pixels + PatchWeightProduct.Block - 1) / PatchWeightProduct.Block);
        int parts = Math.Clamp(target.ComputeUnits / tiles, 1, Math.Clamp(blocks / LeastBlocks, 1, MostParts));
        parts = target.HasLastGroup && TileParts.Counters(tiles, parts) <= GroupCounters.Count ? parts : 1;
        int perPart = (blocks + parts - 1) / parts;
        return new PatchWeightPlan(room, (blocks + perPart - 1) / perPart, perPart);
    }

    /// <summary>The tiles and parts as those of a product whose rows are taps and channels of the result.</summary>
    public GemmPlan Product(int taps) => new(PatchWeightProduct.TileOf(taps), Parts, BlocksPerPart);

    /// <summary>Neighbouring channels of the result's gradient and of the image that are read at once.</summary>
    public static (int Grad, int Image) Widths(in Correlation c, TileMath math) => (c.GradAccess(math).Width, c.ImageAccess(math).Width);

    /// <summary>Groups without parts.</summary>
    public static int Tiles(in Correlation c) => (c.OutChannels + PatchWeightProduct.Outs - 1) / PatchWeightProduct.Outs * TilesAcross(c);

    /// <summary>Tiles along the channels of the image.</summary>
    public static int TilesAcross(in Correlation c) => (c.InChannels + PatchWeightProduct.Ins - 1) / PatchWeightProduct.Ins;
}
