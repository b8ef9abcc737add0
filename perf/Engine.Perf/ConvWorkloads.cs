namespace Engine.Perf;

/// <summary>One convolution of each shape in its three directions.</summary>
internal static class ConvWorkloads
{
    public static IEnumerable<Workload> All()
    {
        foreach (ConvRow row in ConvRow.All)
        {
            yield return new Workload($"conv2d_fwd/{row.Name}", () => Forward(row), row.Flop, row.Bytes);
            yield return new Workload($"conv2d_bwd_data/{row.Name}", () => Backward(row, toData: true), row.Flop, row.Bytes);
            yield return new Workload($"conv2d_bwd_weight/{row.Name}", () => Backward(row, toData: false), row.Flop, row.Bytes);
        }
    }

    private static Action Forward(ConvRow row)
    {
        (Tensor x, Tensor weight) = Operands(row);
        return Data.Scoped(() => Convolve(row, x, weight));
    }

    private static Action Backward(ConvRow row, bool toData)
    {
        (Tensor x, Tensor weight) = Operands(row);
        Tensor input = (toData ? x : weight).WithGrad();
        return Data.Backward(Convolve(row, x, weight), input);
    }

    private static Tensor Convolve(ConvRow row, Tensor x, Tensor weight) => x.Conv2d(weight, stride: row.Stride, padding: row.Padding, groups: row.Groups);

    private static (Tensor X, Tensor Weight) Operands(ConvRow row) => (Images(row.N, row.C, row.Side), Images(row.K, row.FilterChannels, row.R));

    /// <summary>Random numbers as they lie inside a network: images from a layer before, filters of a layer. Few channels come from the host.</summary>
    private static Tensor Images(int n, int c, int side)
    {
        Tensor x = Data.Randn(n, c, side, side);
        return c < 8 || !x.Device.Backend.PrefersChannelsLast ? x : x.Contiguous(MemoryFormat.ChannelsLast);
    }
}
