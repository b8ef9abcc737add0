using System.Numerics;

namespace Engine.Gpu;

/// <summary>How a convolution with few channels a group is laid over work-items: each takes a tile of results of some channels, and reads every element of the image that it needs once.</summary>
/// <param name="Rows">The vertical direction.</param>
/// <param name="Columns">The horizontal direction.</param>
/// <param name="Width">Neighbouring channels of a work-item.</param>
/// <param name="ChannelLanes">Work-items of a group along the channels; the others are along tiles. 1 where channels are no neighbours in memory.</param>
/// <param name="GroupSize">Work-items of a group.</param>
internal readonly record struct DepthwisePlan(DepthwiseAxis Rows, DepthwiseAxis Columns, int Width, int ChannelLanes, int GroupSize)
{
    // Taps times channels of a work-item, and results times channels: each is a register of 32 bits, or two.
    private const int MostFactors = 50;
    private const int MostSums = 64;

    /// <summary>Groups of 128 work-items that a multiprocessor must hold at once: with three, 168 registers each, a few bytes lie in memory.</summary>
    public const int MinGroupsPerUnit = 2, MinGroupsOfFilters = 2;

    private const int LargestTile = 4;
    private const int MostChannelLanes = 32;

    /// <summary>Work-items of a group along the tiles.</summary>
    public int TileLanes => GroupSize / ChannelLanes;

    /// <summary>Channels of a group.</summary>
    public int Channels => ChannelLanes * Width;

    /// <summary>Taps of a filter.</summary>
    public int Taps => Rows.Taps * Columns.Taps;

    /// <summary>The plan of a forward convolution or, where backward, of a gradient to the images; null where windows are too large for registers.</summary>
    /// <param name="target">The device.</param>
    /// <param name="g">The convolution.</param>
    /// <param name="c">Its sum.</param>
    /// <param name="isBackward">The direction.</param>
    /// <param name="compute">The type of the sums.</param>
    public static DepthwisePlan? Choose(GpuTarget target, in ConvGeometry g, in Correlation c, bool isBackward, DType compute)
    {
        if (OfWidth(target, g, c, c.OutChannels * c.Groups, compute) is not { } lanes)
        {
            return null;
        }

        bool last = lanes.ChannelLanes > 1;
        ReadOnlySpan<int> results = [c.Out.Shape[2], c.Out.Shape[3]];
        for (int tile = LargestTile; ; tile /= 2)
        {
            int tileRows = isBackward ? Multiple(tile, g.StrideH) : tile, tileColumns = isBackward ? Multiple(last ? tile : 1, g.StrideW) : last ? tile : 1;
            DepthwisePlan plan = lanes with
            {
                Rows = new DepthwiseAxis(g.KernelHeight, g.StrideH, g.DilationH, g.PadH, isBackward, tileRows),
                Columns = new DepthwiseAxis(g.KernelWidth, g.StrideW, g.DilationW, g.PadW, isBackward, tileColumns),
            };
            bool fits = tileRows * tileColumns * plan.Width * Registers(compute) <= MostSums;
            long items = plan.Tiles(c.Batch, results[0], results[1]) * c.OutChannels * c.Groups / plan.Width;
            if (tile == 1 || (fits && items >= (long)target.ComputeUnits * 2 * plan.GroupSize))
            {
                return fits && plan.SharedBytes(compute) <= target.SharedBytes ? plan : null;
            }
        }
    }

    /// <summary>The plan of a gradient to the filters; null where windows are too large for registers.</summary>
    public static DepthwisePlan? ChooseForFilters(GpuTarget target, in ConvGeometry g, in Correlation c, DType compute)
    {
        if (OfWidth(target, g, c, c.InChannels * c.OutChannels * c.Groups, compute) is not { } lanes)
        {
            return null;
        }

        bool last = lanes.ChannelLanes > 1;
        DepthwisePlan plan = lanes with
        {
            Rows = new DepthwiseAxis(g.KernelHeight, g.StrideH, g.DilationH, g.PadH, IsBackward: false, last ? 2 : 4),
            Columns = new DepthwiseAxis(g.KernelWidth, g.StrideW, g.DilationW, g.PadW, IsBackward: false, last ? 4 : 1),
        };
        while (plan.SumBytes(compute) > target.SharedBytes && plan.GroupSize > 1)
        {
            plan = plan with { GroupSize = plan.GroupSize / 2, ChannelLanes = Math.Min(plan.ChannelLanes, plan.GroupSize / 2) };
        }

        return plan.SumBytes(compute) <= target.SharedBytes ? plan : null;
    }

    /// <summary>Tiles of all images.</summary>
    public long Tiles(int batch, int rows, int columns) => (long)batch * Parts(rows, Rows.Tile) * Parts(columns, Columns.Tile);

    /// <summary>Elements of shared memory from one tap of a group's filters to the next: a little more than its channels, so that taps begin in different banks.</summary>
    public int Pitch => Channels + Width;

    /// <summary>Bytes of shared memory for a group's filters.</summary>
    public int SharedBytes(DType compute) => Taps * Pitch * compute.SizeInBytes();

    /// <summary>Bytes of shared memory for the sums of all work-items.</summary>
    public int SumBytes(DType compute) => GroupSize * Width * Taps * compute.SizeInBytes();

    /// <summary>Tiles along one direction.</summary>
    public static int Parts(int results, int tile) => (results + tile - 1) / tile;

    private static int Registers(DType compute) => compute == DType.Float64 ? 2 : 1;

    private static int Multiple(int tile, int stride) => (tile + stride - 1) / stride * stride;

    private static DepthwisePlan? OfWidth(GpuTarget target, in ConvGeometry g, in Correlation c, int channels, DType compute)
    {
        int taps = g.KernelHeight * g.KernelWidth, groupSize = Math.Min(128, target.GroupSize);
        if (target.IsProcessor || taps > MostFactors || c.Groups == 1)
        {
            return null;
        }

        bool last = Correlation.IsChannelsLast(c.In, c.InChannels * c.Groups) && Correlation.IsChannelsLast(c.Out, c.OutChannels * c.Groups);
        int width = 1;
        if (last && c.InChannels == 1 && c.OutChannels == 1)
        {
            width = Math.Min(VectorWidth(c.In), VectorWidth(c.Out));
            while (width > 1 && taps * width * Registers(compute) > MostFactors)
            {
                width /= 2;
            }
        }

        int lanes = last ? Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)((channels + width - 1) / width)), Math.Min(MostChannelLanes, groupSize)) : 1;
        while (lanes > 1 && taps * (lanes + 1) * width * compute.SizeInBytes() > target.SharedBytes)
        {
            lanes /= 2;
        }

        return new DepthwisePlan(default, default, width, lanes, groupSize);
    }

    /// <summary>Neighbouring channels that can be read at once.</summary>
    private static int VectorWidth(in Operand images)
    {
        ReadOnlySpan<long> strides = images.Layout.Strides;
        long offsets = images.Layout.Offset | strides[0] | strides[2] | strides[3] | (uint)images.Shape[1];
        int width = strides[1] == 1 ? Math.Min(4, 16 / images.DType.SizeInBytes()) : 1;
        while (offsets % width != 0)
        {
            width /= 2;
        }

        return width;
    }
}
