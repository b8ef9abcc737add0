namespace Engine.Gpu;

/// <summary>A tile of rows in shared memory, in elements of that memory.</summary>
/// <param name="Start">Where it begins.</param>
/// <param name="Lead">From one row to the next.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Columns">Columns that exist.</param>
internal readonly record struct AttentionRegion(int Start, int Lead, int Rows, int Columns)
{
    /// <summary>All elements.</summary>
    public int Size => Lead * Rows;
}

/// <summary>Where the tiles of a group lie in shared memory.</summary>
/// <remarks>
/// Elements are singles, or words of two halves. Rows are padded by 16 bytes, so that eight rows of 16 bytes, or with tf32 rows 0, 2, 4 and 6 of
/// eight words, fall into different banks.
/// </remarks>
internal readonly struct AttentionLayout
{
    private const int Pad = 4;

    /// <summary>Lays out the tiles of a kernel.</summary>
    /// <param name="tile">The sizes.</param>
    /// <param name="pass">Which kernel.</param>
    /// <param name="depth">Columns of Q and K.</param>
    /// <param name="width">Columns of V.</param>
    /// <param name="isStaged">Whether tiles are copied asynchronously, so that one has to have a second buffer where it is used until the end of a round.</param>
    public AttentionLayout(AttentionTile tile, AttentionPass pass, int depth, int width, bool isStaged)
    {
        int perWord = tile.Math.IsHalf ? 2 : 1, next = 0;
        bool isBackward = pass != AttentionPass.Forward;
        Own1 = Add(tile.Rows, depth);
        Own2 = isBackward ? Add(tile.Rows, width) : default;
        Other1 = Add(tile.Columns, depth);
        Stages = isStaged && pass == AttentionPass.GradKeyValue ? 2 : 1;
        next += (Stages - 1) * Other1.Size;
        Other2 = Add(tile.Columns, width);
        Weights = tile.Math == TileMath.Fma ? new AttentionRegion(next, tile.Columns + Pad, tile.Rows, tile.Columns) : default;
        next += Weights.Size;
        Statistics = next;
        next += pass == AttentionPass.GradKeyValue ? 2 * tile.Columns : 0;
        Elements = next;

        AttentionRegion Add(int rows, int columns)
        {
            AttentionRegion region = new(next, (AttentionTile.Padded(columns) / perWord) + Pad, rows, columns);
            next += region.Size;
            return region;
        }
    }

    /// <summary>X₁ and X₂.</summary>
    public AttentionRegion Own1 { get; }

    /// <inheritdoc cref="Own1"/>
    public AttentionRegion Own2 { get; }

    /// <summary>Y₁ and Y₂.</summary>
    public AttentionRegion Other1 { get; }

    /// <inheritdoc cref="Other1"/>
    public AttentionRegion Other2 { get; }

    /// <summary>Buffers of Y₁, one behind the other.</summary>
    public int Stages { get; }

    /// <summary>Weights on their way from the work-item that computed them to those that multiply with them; tensor cores need none.</summary>
    public AttentionRegion Weights { get; }

    /// <summary>Where the log-sum-exp of the other rows begins, and behind it Σ O·dO.</summary>
    public int Statistics { get; }

    /// <summary>All elements of four bytes.</summary>
    public int Elements { get; }

    /// <summary>All bytes.</summary>
    public int Bytes => Elements * 4;
}
