namespace Engine.Perf.Rows;

/// <summary>A convolution of square images [N, C, Side, Side] with K filters of R×R.</summary>
internal readonly record struct ConvRow(string Name, int N, int C, int Side, int K, int R, int Stride, int Padding, int Groups = 1)
{
    public static IEnumerable<ConvRow> All { get; } =
    [
        new("lenet1", 64, 1, 28, 6, 5, 1, 2),
        new("lenet2", 64, 6, 14, 16, 5, 1, 0),
        new("resnet20_s1", 64, 16, 32, 16, 3, 1, 1),
        new("resnet20_s2", 64, 32, 16, 32, 3, 1, 1),
        new("resnet20_s3", 64, 64, 8, 64, 3, 1, 1),
        new("c64_28", 64, 64, 28, 64, 3, 1, 1),
        new("resnet18_l1", 16, 64, 56, 64, 3, 1, 1),
        new("resnet18_l2", 16, 128, 28, 128, 3, 1, 1),
        new("resnet18_l3", 16, 256, 14, 256, 3, 1, 1),
        new("resnet18_l4", 16, 512, 7, 512, 3, 1, 1),
        new("resnet18_stem", 8, 3, 224, 64, 7, 2, 3),
        new("bottleneck_1x1", 16, 256, 14, 64, 1, 1, 0),
        new("downsample", 16, 64, 56, 128, 3, 2, 1),
        new("depthwise_112", 16, 32, 112, 32, 3, 1, 1, 32),
        new("depthwise_56_s2", 16, 128, 56, 128, 3, 2, 1, 128),
        new("depthwise_14", 16, 512, 14, 512, 3, 1, 1, 512),
        new("depthwise_7", 16, 1024, 7, 1024, 3, 1, 1, 1024),
    ];

    public int FilterChannels => C / Groups;

    public long Flop => 2L * FilterElements * N * OutputSide * OutputSide;

    public long Bytes => sizeof(float) * (((long)N * C * Side * Side) + FilterElements + ((long)N * K * OutputSide * OutputSide));

    private int OutputSide => ((Side + (2 * Padding) - R) / Stride) + 1;

    private long FilterElements => (long)K * FilterChannels * R * R;
}
