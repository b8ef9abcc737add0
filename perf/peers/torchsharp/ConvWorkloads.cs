using static TorchSharp.torch;

namespace TorchSharpPeer;

/// <summary>One convolution of each shape in its three directions.</summary>
internal sealed class ConvWorkloads(Images images)
{
    public IEnumerable<Workload> All() => ConvRow.All.SelectMany(row => (Workload[])
    [
        new($"conv2d_fwd/{row.Name}", () => Forward(row), row.Flop, row.Bytes),
        new($"conv2d_bwd_data/{row.Name}", () => Backward(row, toData: true), row.Flop, row.Bytes),
        new($"conv2d_bwd_weight/{row.Name}", () => Backward(row, toData: false), row.Flop, row.Bytes),
    ]);

    private Action Forward(ConvRow row)
    {
        (Tensor x, Tensor weight) = Operands(row);
        return Calls.Each(() => Convolve(row, x, weight));
    }

    private Action Backward(ConvRow row, bool toData)
    {
        (Tensor x, Tensor weight) = Operands(row);
        Tensor input = (toData ? x : weight).requires_grad_();
        return Calls.Backward(Convolve(row, x, weight), input);
    }

    private static Tensor Convolve(ConvRow row, Tensor x, Tensor weight) =>
        nn.functional.conv2d(x, weight, null, strides: [row.Stride, row.Stride], padding: [row.Padding, row.Padding], groups: row.Groups);

    private (Tensor X, Tensor Weight) Operands(ConvRow row) => (images.Randn(row.N, row.C, row.Side, row.Side), images.Randn(row.K, row.FilterChannels, row.R, row.R));
}
