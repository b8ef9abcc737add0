using TorchSharp.Modules;
using static TorchSharp.torch;
using Layer = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace TorchSharpPeer;

/// <summary>A body and a shortcut, which is a 1×1 convolution and batch norm where the shape changes; then ReLU.</summary>
internal sealed class ResidualBlock : Layer
{
    private const int Expansion = 4;

    private readonly Sequential _body;
    private readonly Sequential? _shortcut;

    private ResidualBlock(Sequential body, long from, long to, int stride)
        : base(nameof(ResidualBlock))
    {
        _body = body;
        _shortcut = stride == 1 && from == to ? null : nn.Sequential(Networks.Conv(from, to, 1, stride), nn.BatchNorm2d(to));
        RegisterComponents();
    }

    /// <summary>Two 3×3 convolutions.</summary>
    public static ResidualBlock Basic(long from, long width, int stride)
    {
        Sequential body = nn.Sequential(
            Networks.Conv(from, width, 3, stride), nn.BatchNorm2d(width), Networks.ReLU(), Networks.Conv(width, width, 3), nn.BatchNorm2d(width));
        return new ResidualBlock(body, from, width, stride);
    }

    /// <summary>1×1, 3×3 with the stride, 1×1 to four times the width.</summary>
    public static ResidualBlock Bottleneck(long from, long width, int stride)
    {
        long to = Expansion * width;
        Sequential body = nn.Sequential(
            Networks.Conv(from, width, 1), nn.BatchNorm2d(width), Networks.ReLU(), Networks.Conv(width, width, 3, stride), nn.BatchNorm2d(width), Networks.ReLU(),
            Networks.Conv(width, to, 1), nn.BatchNorm2d(to));
        return new ResidualBlock(body, from, to, stride);
    }

    public override Tensor forward(Tensor x) => _body.forward(x).add_(_shortcut?.forward(x) ?? x).relu_();
}
