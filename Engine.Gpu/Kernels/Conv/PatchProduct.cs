namespace Engine.Gpu;

/// <summary>
/// The inner part of a <see cref="PatchCorrelationKernel"/>: a group holds a <see cref="Patch"/> in shared memory, some channels of it at a time, and multiplies it by the
/// filters' taps one after another, on tensor cores. Each pixel is fetched and rounded once, not once a tap.
/// </summary>
/// <remarks>
/// <para>A warp's rows of factors are pixels of the patch, shifted by the tap. A lane names the rows that matrix loads read: where the tap lies outside
/// of the image it names a row of zeros instead.</para>
/// <para>While one tap is multiplied, the next one's filters and a share of the next channels' patch are on their way through registers.</para>
/// </remarks>
/// <param name="k">The kernel.</param>
/// <param name="tile">Pixels by channels.</param>
/// <param name="shared">Shared memory in words: filters, two patches, a row of zeros.</param>
/// <param name="pixels">Pixels of a patch.</param>
/// <param name="patchStart">Words of the filters.</param>
internal abstract class PatchProduct(KernelBuilder k, GemmTile tile, Memory shared, int pixels, int patchStart) : TileProduct(k, tile)
{
    private readonly FactorWriter _writer = new(k, shared, tile.Math);
    private readonly MmaSlice _patch = PatchOf(tile, pixels);
    private readonly Value _depthHalf = k.LocalId % 32 / 16 * 4;

    /// <inheritdoc/>
    public override int ColumnVector => 2;

    /// <summary>Blocks of rows in which a lane names one.</summary>
    public int Blocks => Tile.TM / 2;

    /// <summary>Words from one pixel of the patch to the next.</summary>
    public int Lead => _patch.Lead;

    /// <summary>Words of one tap of filters.</summary>
    public int FilterWords => StageSize;

    /// <summary>The number to add for the other patch buffer.</summary>
    public int PatchWords => _patch.Words;

    /// <summary>Words of a patch from one matrix instruction's depth to the next one's.</summary>
    protected int PatchStep => _patch.StepWords;

    /// <inheritdoc/>
    protected override RegisterType Compute => RegisterType.Float32;

    private int ZeroRow => patchStart + (2 * _patch.Words);

    /// <summary>The product of a tile.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="tile">Pixels by channels.</param>
    /// <param name="filters">How the filters are read.</param>
    /// <param name="pixels">Pixels of a patch.</param>
    public static PatchProduct Create(KernelBuilder k, GemmTile tile, TileAccess filters, int pixels) =>
        tile.UsesWarpgroups ? new WarpgroupPatchProduct(k, tile, filters, pixels) : new MmaPatchProduct(k, tile, filters, pixels);

    /// <summary>Words of shared memory.</summary>
    public static int Words(GemmTile tile, TileAccess filters, int pixels)
    {
        MmaSlice patch = PatchOf(tile, pixels);
        return (tile.UsesWarpgroups ? WarpgroupPatchProduct.WordsOfFilters(tile) : MmaPatchProduct.WordsOfFilters(tile, filters)) + (2 * patch.Words) + patch.Lead;
    }

    /// <summary>Fills the row of zeros.</summary>
    public void WriteZeros() => Kernel.Store(shared, Kernel.LocalId + ZeroRow, Kernel.Int32(0), Kernel.LocalId < _patch.Lead);

    /// <inheritdoc/>
    public override bool CarriesWords(DType element, int width) => FactorWriter.CarriesWords(Tile.Math, element, width);

    /// <summary>The pixel of the tile that the lane names in a block.</summary>
    public abstract Value Pixel(int block);

    /// <summary>Where the lane reads a pixel of the first patch buffer.</summary>
    /// <param name="pixel">Its number in the patch.</param>
    public Value PatchRow(Value pixel) => (pixel * _patch.Lead) + _depthHalf + patchStart;

    /// <summary>Where the lane reads zeros.</summary>
    public Value Zeros => _depthHalf + ZeroRow;

    /// <summary>Writes neighbouring channels of a pixel of the patch.</summary>
    /// <param name="pixel">Its number in the patch.</param>
    /// <param name="channel">The first channel, counted from the patch's first.</param>
    /// <param name="values">The numbers; or the words that hold them.</param>
    /// <param name="buffer">0 or <see cref="PatchWords"/>.</param>
    /// <param name="condition">Whether there is such a pixel.</param>
    public void WritePatch(Value pixel, Value channel, Value[] values, Value buffer, Value? condition) =>
        _writer.Write((pixel * _patch.Lead) + buffer + patchStart, channel, values, condition);

    /// <summary>Adds the products of one tap, or begins to.</summary>
    /// <param name="sums">The sums.</param>
    /// <param name="rows">Where the lane reads its row of each block.</param>
    /// <param name="stage">The buffer of the filters.</param>
    public abstract void Multiply(Variable[] sums, Value[] rows, Value stage);

    /// <summary>The buffer of the tap after that of a buffer.</summary>
    public abstract Value Next(Value stage);

    /// <summary>Makes what was written visible to the whole group.</summary>
    public virtual void Publish() => Kernel.Barrier();

    /// <summary>Ends all products.</summary>
    public virtual void Finish()
    {
    }

    /// <inheritdoc/>
    protected override void Multiply(Variable[] sums, Value stage) => throw new NotSupportedException("A patch is multiplied tap by tap.");

    private static MmaSlice PatchOf(GemmTile tile, int pixels) => new(tile.Math, AlongDepth: true, pixels, tile.BK);
}
