using System.Numerics;

namespace Engine.Gpu;

/// <summary>
/// Windows over an image of few channels, as in the first layer of a network: a group looks at a tile of 8 × 16 results, and holds all of the image that their windows reach
/// in shared memory, row by row with the channels of a pixel side by side.
/// </summary>
/// <param name="Channels">Channels of the image.</param>
/// <param name="RowTaps">Rows of taps.</param>
/// <param name="ColumnTaps">Columns of taps.</param>
/// <param name="RowStep">Rows of the image from one window to the next.</param>
/// <param name="ColumnStep">Columns of the image from one window to the next.</param>
internal readonly record struct StemShape(int Channels, int RowTaps, int ColumnTaps, int RowStep, int ColumnStep)
{
    /// <summary>Rows of results in a tile.</summary>
    public const int TileRows = 8;

    /// <summary>Columns of results in a tile.</summary>
    public const int TileColumns = 16;

    /// <summary>Results of a tile.</summary>
    public const int TilePixels = TileRows * TileColumns;

    /// <summary>The fewest channels of the result that a group takes.</summary>
    public const int LeastSide = 16;

    // With more, neighbouring channels are worth reading as vectors, which other kernels do.
    private const int MostChannels = 4;

    private const int MostTaps = 7, MostSteps = 2;

    private const int MostSide = 64;

    /// <summary>Rows of the image under a tile.</summary>
    public int PatchRows => ((TileRows - 1) * RowStep) + RowTaps;

    /// <summary>Words of one of these rows.</summary>
    public int Line => (((TileColumns - 1) * ColumnStep) + ColumnTaps) * Channels;

    /// <summary>Words of all of them.</summary>
    public int Words => PatchRows * Line;

    /// <summary>Words from a window to the next in its row.</summary>
    public int Pixel => ColumnStep * Channels;

    /// <summary>Words from a window to the one below it.</summary>
    public int PixelRow => RowStep * Line;

    /// <summary>Numbers of one row of taps: they are neighbours in the image's rows.</summary>
    public int RowLength => ColumnTaps * Channels;

    /// <summary>Numbers of a window.</summary>
    public int Depth => RowTaps * RowLength;

    /// <summary>The windows of a correlation; null where there are too many channels or taps, or the channels of a result are not side by side.</summary>
    public static StemShape? Of(in Correlation c) =>
        c.Groups == 1 && c.InChannels is >= 1 and <= MostChannels && c.Phases is null && c.WritesChannelsLast && c.Rows.Taps * c.Columns.Taps > 1
            && IsForward(c.Rows) && IsForward(c.Columns)
            ? new StemShape(c.InChannels, c.Rows.Taps, c.Columns.Taps, c.Rows.Step, c.Columns.Step)
            : null;

    /// <summary>Tiles of an image's results: rows and columns of them.</summary>
    public static (int Down, int Across) TilesOf(in Correlation c) =>
        ((c.Rows.Count + TileRows - 1) / TileRows, (c.Columns.Count + TileColumns - 1) / TileColumns);

    /// <summary>Channels of the result that a group takes.</summary>
    public static int SideOf(in Correlation c) => Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)c.OutChannels), LeastSide, MostSide);

    /// <summary>Where a number of a window lies in the image under the tile, counted from the window's first.</summary>
    /// <param name="number">Its number in the window: row of taps, column of taps, channel.</param>
    public Value Place(Value number) => (number / RowLength * Line) + (number - (number / RowLength * RowLength));

    private static bool IsForward(in WindowAxis axis) =>
        axis.Taps <= MostTaps && axis.Step is >= 1 and <= MostSteps && axis.TapStep == 1 && (axis.OutOrigin, axis.OutStep) == (0, 1);
}
