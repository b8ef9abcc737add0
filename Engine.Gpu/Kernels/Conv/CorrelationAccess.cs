namespace Engine.Gpu;

/// <summary>How the kernels of a <see cref="Correlation"/> read and write their operands.</summary>
internal static class CorrelationAccess
{
    extension(in Operand operand)
    {
        /// <summary>The operand from a later (or, if negative, earlier) element on.</summary>
        public Operand Shifted(long elements) =>
            elements == 0 ? operand : operand.With(new Layout(operand.Shape, operand.Layout.Strides, operand.Layout.Offset + elements));
    }

    extension(in Correlation c)
    {
        /// <summary>The bias's stride.</summary>
        public long BiasStride => c.Bias?.Layout.Strides[0] ?? 0;

        /// <summary>The image as the operand that is summed along channels and taps.</summary>
        public TileAccess InAccess(TileMath math)
        {
            if (!Correlation.IsChannelsLast(c.In, c.InChannels))
            {
                return new TileAccess(AlongDepth: false, 1);
            }

            return new TileAccess(AlongDepth: true, VectorOfChannels(c, math));
        }

        /// <summary>The filters as the operand that is summed along channels and taps.</summary>
        public TileAccess WeightAccess(TileMath math)
        {
            Strides3 taps = c.Ordered(c.WeightTaps);
            long origin = (c.WeightOrigin + c.Weight.Layout.Offset) | (c.Phases is null ? 0 : c.Weight.Layout.Strides[2] | c.Weight.Layout.Strides[3]);
            bool even = c.HasEvenWeights, along = Math.Abs(taps.Third) <= Math.Abs(c.WeightStrides.Out);
            long offsets = along
                ? origin | c.WeightStrides.Out | c.WeightGroup | (uint)(even ? c.Depth : c.Sizes.Third) | (even ? 0 : taps.First | taps.Second)
                : origin | c.WeightGroup | taps.First | taps.Second | taps.Third | (uint)c.OutChannels;
            bool neighbours = (along ? taps.Third : c.WeightStrides.Out) == 1;
            return new TileAccess(along, neighbours ? Vector(c.Weight, math, offsets) : 1);
        }

        /// <summary>Neighbouring columns of the result that are stored at once.</summary>
        public int StoreWidth
        {
            get
            {
                int width = Widest(c.Out);
                Strides3 steps = c.OutSteps;
                long channel = c.Out.Layout.Strides[1], origin = (c.OutOrigin + c.Out.Layout.Offset) | (c.Phases is null ? 0 : c.Out.Layout.Strides[2] | c.Out.Layout.Strides[3]);
                bool aligned = c.WritesChannelsLast
                    ? channel == 1 && c.OutChannels % width == 0 && (origin | steps.First | steps.Second | steps.Third) % width == 0
                    : AlignsPixels(steps, c.Rows.Count, c.Columns.Count, width) && (origin | channel) % width == 0;
                return aligned ? width : 1;
            }
        }

        /// <summary>The result's gradient as the operand that is summed along pixels.</summary>
        public TileAccess GradAccess(TileMath math)
        {
            Strides3 steps = c.OutSteps;
            long channel = c.Out.Layout.Strides[1], origin = c.Out.Layout.Offset;
            if (c.WritesChannelsLast)
            {
                long offsets = origin | steps.First | steps.Second | steps.Third | (uint)c.OutChannels;
                return new TileAccess(AlongDepth: false, channel == 1 ? Vector(c.Out, math, offsets) : 1);
            }

            bool along = ArePixelsNeighbours(steps, c.Rows.Count, c.Columns.Count);
            return new TileAccess(AlongDepth: true, along ? Vector(c.Out, math, origin | channel | steps.First | (uint)(c.Rows.Count * c.Columns.Count)) : 1);
        }

        /// <summary>The image as the operand that is summed along pixels.</summary>
        public TileAccess ImageAccess(TileMath math) => Correlation.IsChannelsLast(c.In, c.InChannels)
            ? new TileAccess(AlongDepth: false, VectorOfChannels(c, math))
            : new TileAccess(AlongDepth: true, 1);

        /// <summary>Neighbouring taps of the filters' gradient that are stored at once.</summary>
        public int WeightStoreWidth
        {
            get
            {
                int width = Widest(c.Weight);
                bool aligned = c.HasEvenWeights && c.Ordered(c.WeightTaps).Third == 1 && c.Depth % width == 0
                    && (c.Weight.Layout.Offset | c.WeightStrides.Out | c.WeightGroup) % width == 0;
                return aligned ? width : 1;
            }
        }

        /// <summary>The axes of a result that was stored as a matrix, with the strides of the result and the bias.</summary>
        public BatchAxisList ResultAxes(bool pixelsAreRows)
        {
            Strides3 steps = c.OutSteps;
            long channel = c.Out.Layout.Strides[1];
            BatchAxis channels = new(c.OutChannels, 0, 0, channel, c.BiasStride);
            BatchAxisList axes = default;
            axes.Add(new BatchAxis(c.Groups, 0, 0, c.OutChannels * channel, c.OutChannels * c.BiasStride));
            if (!pixelsAreRows)
            {
                axes.Add(channels);
            }

            axes.Add(new BatchAxis(c.Batch, 0, 0, steps.First, 0));
            axes.Add(new BatchAxis(c.Rows.Count, 0, 0, steps.Second, 0));
            axes.Add(new BatchAxis(c.Columns.Count, 0, 0, steps.Third, 0));
            if (pixelsAreRows)
            {
                axes.Add(channels);
            }

            return axes;
        }

        /// <summary>The axes of a gradient to the filters that was stored as a matrix.</summary>
        public BatchAxisList WeightAxes
        {
            get
            {
                (int first, int second, int third) = c.Sizes;
                Strides3 taps = c.Ordered(c.WeightTaps);
                BatchAxisList axes = default;
                axes.Add(new BatchAxis(c.Groups, 0, 0, c.WeightGroup, 0));
                axes.Add(new BatchAxis(c.OutChannels, 0, 0, c.WeightStrides.Out, 0));
                axes.Add(new BatchAxis(first, 0, 0, taps.First, 0));
                axes.Add(new BatchAxis(second, 0, 0, taps.Second, 0));
                axes.Add(new BatchAxis(third, 0, 0, taps.Third, 0));
                return axes;
            }
        }
    }

    private static int Widest(in Operand operand) => TileAccess.Widest(operand.DType, TileMath.Fma);

    /// <summary>Elements of an operand that are read at once where all these distances and sizes are multiples of their number.</summary>
    private static int Vector(in Operand operand, TileMath math, long offsets)
    {
        int width = TileAccess.Widest(operand.DType, math);
        while (width > 1 && offsets % width != 0)
        {
            width = TileAccess.Narrower(width);
        }

        return width;
    }

    private static int VectorOfChannels(in Correlation c, TileMath math)
    {
        Strides3 steps = c.InSteps, taps = c.InTaps;
        long offsets = (c.InOrigin + c.In.Layout.Offset) | steps.First | steps.Second | steps.Third | taps.Second | taps.Third | (uint)c.InChannels;
        return taps.First == 1 ? Vector(c.In, math, offsets) : 1;
    }

    private static bool ArePixelsNeighbours(in Strides3 steps, int rows, int columns) => steps.Third == 1 && (rows == 1 || steps.Second == columns);

    /// <summary>Whether the pixels of an image lie one after another and their number is a multiple of the width.</summary>
    private static bool AlignsPixels(in Strides3 steps, int rows, int columns, int width) =>
        ArePixelsNeighbours(steps, rows, columns) && rows * columns % width == 0 && steps.First % width == 0;
}
