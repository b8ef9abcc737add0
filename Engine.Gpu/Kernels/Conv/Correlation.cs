namespace Engine.Gpu;

/// <summary>
/// The sum that forward convolution and the gradient to the images have in common: out[n, k, i, j] = Σ in[n, c, i·Step + Origin + r·TapStep, …] ·
/// w[k, c, r, s], zero outside of the image. Origins and steps of taps may be negative.
/// </summary>
internal readonly record struct Correlation
{
    /// <summary>Images.</summary>
    public required int Batch { get; init; }

    /// <summary>Groups of channels.</summary>
    public required int Groups { get; init; }

    /// <summary>Channels of the result in one group.</summary>
    public required int OutChannels { get; init; }

    /// <summary>Channels of the image in one group.</summary>
    public required int InChannels { get; init; }

    /// <summary>The vertical direction.</summary>
    public required WindowAxis Rows { get; init; }

    /// <summary>The horizontal direction.</summary>
    public required WindowAxis Columns { get; init; }

    /// <summary>The image: [N, C, H, W].</summary>
    public required Operand In { get; init; }

    /// <summary>The operand that takes the results: [N, K, H, W].</summary>
    public required Operand Out { get; init; }

    /// <summary>The filters.</summary>
    public required Operand Weight { get; init; }

    /// <summary>Strides of the filters along the result's channels, the image's channels, rows and columns of taps.</summary>
    public required (long Out, long In, long Row, long Column) WeightStrides { get; init; }

    /// <summary>Distance between groups of the filters.</summary>
    public required long WeightGroup { get; init; }

    /// <summary>Offset of the first tap from the first element of the filters.</summary>
    public long WeightOrigin { get; init; }

    /// <summary>One number a channel of the result.</summary>
    public Operand? Bias { get; init; }

    /// <summary>A program with one input and one output, or null.</summary>
    public MapProgram? Activation { get; init; }

    /// <summary>
    /// All phases of a strided gradient to the images at once, each with results, taps and origins of its own; rows and columns then have the most of any phase. Null for one sum.
    /// </summary>
    public (WindowPhases Rows, WindowPhases Columns)? Phases { get; init; }

    /// <summary>Results of one channel.</summary>
    public long Pixels => (long)Batch * Rows.Count * Columns.Count;

    /// <summary>Results of all channels.</summary>
    public long Results => Pixels * OutChannels * Groups;

    /// <summary>Elements of the filters.</summary>
    public long WeightResults => (long)Depth * OutChannels * Groups;

    /// <summary>Length of the sums.</summary>
    public int Depth => checked(InChannels * Rows.Taps * Columns.Taps);

    /// <summary>Whether some tap may lie outside of the image.</summary>
    public bool IsPadded => Phases is not null || Rows.IsPadded || Columns.IsPadded;

    /// <summary>The order in which taps are summed: neighbours in memory after one another.</summary>
    public TapOrder Taps =>
        Rows.Taps * Columns.Taps == 1 ? TapOrder.One : IsChannelsLast(In, InChannels) ? TapOrder.ChannelLast : TapOrder.ChannelFirst;

    /// <summary>Whether channels are neighbours in the result.</summary>
    public bool WritesChannelsLast => IsChannelsLast(Out, OutChannels);

    /// <summary>Strides of the image for a step along the result: image, row, column.</summary>
    public Strides3 InSteps => new(In.Layout.Strides[0], In.Layout.Strides[2] * Rows.Step, In.Layout.Strides[3] * Columns.Step);

    /// <summary>Strides of the image for a step along channels and taps.</summary>
    public Strides3 InTaps => new(In.Layout.Strides[1], In.Layout.Strides[2] * Rows.TapStep, In.Layout.Strides[3] * Columns.TapStep);

    /// <summary>Strides of the filters for a step along channels and taps.</summary>
    public Strides3 WeightTaps => new(WeightStrides.In, WeightStrides.Row, WeightStrides.Column);

    /// <summary>Offset of the first tap of the first result from the image's first element; it may be outside.</summary>
    public long InOrigin => (In.Layout.Strides[2] * Rows.Origin) + (In.Layout.Strides[3] * Columns.Origin);

    /// <summary>Strides of the result: image, row, column.</summary>
    public Strides3 OutSteps => new(Out.Layout.Strides[0], Out.Layout.Strides[2] * Rows.OutStep, Out.Layout.Strides[3] * Columns.OutStep);

    /// <summary>Offset of the first result from the first element of its operand.</summary>
    public long OutOrigin => (Out.Layout.Strides[2] * Rows.OutOrigin) + (Out.Layout.Strides[3] * Columns.OutOrigin);

    /// <summary>Whether indices need 64 bits.</summary>
    public bool Is64Bit => StridesParameter.Is64Bit(In, Out, Weight) || Math.Abs(InOrigin) > int.MaxValue / 2;

    /// <summary>The operations after the sums.</summary>
    public Epilogue Epilogue(BiasKind perChannel) => new(false, false, Bias is null ? BiasKind.None : perChannel, Bias?.DType ?? default, Activation);

    /// <summary>Whether the filters lie evenly in the order of the sum.</summary>
    public bool HasEvenWeights => Taps == TapOrder.One || (Phases is null && Ordered(WeightTaps).IsEven(Sizes));

    /// <summary>Sizes of the depth in the order of the sum.</summary>
    public (int First, int Second, int Third) Sizes =>
        Taps == TapOrder.ChannelFirst ? (InChannels, Rows.Taps, Columns.Taps) : (Rows.Taps, Columns.Taps, InChannels);

    /// <summary>Strides (channel, row, column) in the order of the sum.</summary>
    public Strides3 Ordered(in Strides3 strides) =>
        Taps == TapOrder.ChannelFirst ? strides : new Strides3(strides.Second, strides.Third, strides.First);

    /// <summary>Whether neighbouring channels are nearer to one another than neighbouring columns.</summary>
    public static bool IsChannelsLast(in Operand images, int channels) =>
        channels > 1 && images.Shape[3] > 1 && Math.Abs(images.Layout.Strides[1]) < Math.Abs(images.Layout.Strides[3]);
}

/// <summary>The order in which channels and taps are summed.</summary>
internal enum TapOrder : byte
{
    /// <summary>Channel, row, column: where columns are neighbours in memory.</summary>
    ChannelFirst,

    /// <summary>Row, column, channel: where channels are neighbours in memory.</summary>
    ChannelLast,

    /// <summary>There is one tap: channels alone.</summary>
    One,
}

/// <summary>Strides along three nested axes.</summary>
internal readonly record struct Strides3(long First, long Second, long Third)
{
    /// <summary>Whether all three axes together step evenly.</summary>
    public bool IsEven((int First, int Second, int Third) sizes) =>
        (sizes.Second == 1 || Second == Third * sizes.Third) && (sizes.First == 1 || First == Third * sizes.Third * sizes.Second);

    /// <summary>Adds NAME0, NAME1 and NAME2 to the parameters of a kernel; <see cref="Bind"/> adds the arguments.</summary>
    public static Value[] Declare(KernelBuilder k, string name, RegisterType index) => [k.Scalar(name + "0", index), k.Scalar(name + "1", index), k.Scalar(name + "2", index)];

    /// <summary>Adds the three to the arguments.</summary>
    public void Bind(ref ArgumentList arguments, bool is64Bit)
    {
        arguments.AddIndex(First, is64Bit);
        arguments.AddIndex(Second, is64Bit);
        arguments.AddIndex(Third, is64Bit);
    }
}
