namespace Engine.Perf;

/// <summary>One convolution of each shape in its three directions.</summary>
internal static class ConvWorkloads
{
    private static readonly (string Name, int N, int C, int H, int W, int K, int R, int Stride, int Padding, int Groups)[] s_shapes =
    [
        ("lenet1", 64, 1, 28, 28, 6, 5, 1, 2, 1),
        ("lenet2", 64, 6, 14, 14, 16, 5, 1, 0, 1),
        ("resnet20_s1", 64, 16, 32, 32, 16, 3, 1, 1, 1),
        ("resnet20_s2", 64, 32, 16, 16, 32, 3, 1, 1, 1),
        ("resnet20_s3", 64, 64, 8, 8, 64, 3, 1, 1, 1),
        ("c64_28", 64, 64, 28, 28, 64, 3, 1, 1, 1),
        ("resnet18_l1", 16, 64, 56, 56, 64, 3, 1, 1, 1),
        ("resnet18_l2", 16, 128, 28, 28, 128, 3, 1, 1, 1),
        ("resnet18_l3", 16, 256, 14, 14, 256, 3, 1, 1, 1),
        ("resnet18_l4", 16, 512, 7, 7, 512, 3, 1, 1, 1),
        ("resnet18_stem", 8, 3, 224, 224, 64, 7, 2, 3, 1),
        ("bottleneck_1x1", 16, 256, 14, 14, 64, 1, 1, 0, 1),
        ("downsample", 16, 64, 56, 56, 128, 3, 2, 1, 1),
        ("depthwise_112", 16, 32, 112, 112, 32, 3, 1, 1, 32),
        ("depthwise_56_s2", 16, 128, 56, 56, 128, 3, 2, 1, 128),
        ("depthwise_14", 16, 512, 14, 14, 512, 3, 1, 1, 512),
        ("depthwise_7", 16, 1024, 7, 7, 1024, 3, 1, 1, 1024),
    ];

    public static IEnumerable<Workload> All()
    {
        foreach ((string name, int n, int c, int h, int w, int k, int r, int stride, int padding, int groups) in s_shapes)
        {
            long p = ((h + (2 * padding) - r) / stride) + 1, q = ((w + (2 * padding) - r) / stride) + 1;
            long flop = 2L * n * k * (c / groups) * r * r * p * q;
            long bytes = 4L * (((long)n * c * h * w) + ((long)k * (c / groups) * r * r) + (n * k * p * q));
            yield return new Workload($"conv2d_fwd/{name}", () => Forward(n, c, h, w, k, r, stride, padding, groups), flop, bytes);
            yield return new Workload($"conv2d_bwd_data/{name}", () => Backward(n, c, h, w, k, r, stride, padding, groups, toData: true), flop, bytes);
            yield return new Workload($"conv2d_bwd_weight/{name}", () => Backward(n, c, h, w, k, r, stride, padding, groups, toData: false), flop, bytes);
        }
    }

    /// <summary>Random numbers as they lie inside a network: images from a layer before, filters of a layer. Few channels come from the host.</summary>
    private static Tensor Images(int n, int c, int h, int w)
    {
        Tensor x = Data.Randn(n, c, h, w);
        return c < 8 || !x.Device.Backend.PrefersChannelsLast ? x : x.Contiguous(MemoryFormat.ChannelsLast);
    }

    private static Action Forward(int n, int c, int h, int w, int k, int r, int stride, int padding, int groups)
    {
        Tensor x = Images(n, c, h, w), weight = Images(k, c / groups, r, r);
        return Data.Scoped(() => x.Conv2d(weight, stride: stride, padding: padding, groups: groups));
    }

    private static Action Backward(int n, int c, int h, int w, int k, int r, int stride, int padding, int groups, bool toData)
    {
        Tensor x = Images(n, c, h, w), weight = Images(k, c / groups, r, r);
        Tensor input = (toData ? x : weight).WithGrad();
        return Data.Backward(x.Conv2d(weight, stride: stride, padding: padding, groups: groups), input);
    }
}
