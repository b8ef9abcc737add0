using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharpPeer;

/// <summary>Images as PyTorch has them, or in channels-last order: the values of one pixel lie together, which is how oneDNN likes them.</summary>
internal sealed class Images(Options options)
{
    public Tensor Randn(params long[] shape) => options.ChannelsLast && shape.Length == 4 ? ChannelsLast(randn(shape)) : randn(shape);

    /// <summary>A network whose filters lie as its images do.</summary>
    public T Arrange<T>(T network)
        where T : nn.Module
    {
        foreach (Conv2d convolution in options.ChannelsLast ? network.modules().OfType<Conv2d>() : [])
        {
            convolution.weight = new Parameter(ChannelsLast(convolution.weight.detach()).detach());
        }

        return network;
    }

    private static Tensor ChannelsLast(Tensor x) => x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
}
