using TorchSharp.Modules;
using static TorchSharp.torch;
using Layer = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace TorchSharpPeer;

/// <summary>A layer of DenseNet-BC: its input, and behind it the channels that it adds.</summary>
internal sealed class DenseLayer : Layer
{
    private readonly Sequential _body;

    public DenseLayer(int from, int growth)
        : base(nameof(DenseLayer))
    {
        _body = nn.Sequential(
            nn.BatchNorm2d(from), Networks.ReLU(), Networks.Conv(from, 4 * growth, 1), nn.BatchNorm2d(4 * growth), Networks.ReLU(), Networks.Conv(4 * growth, growth, 3));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => cat([x, _body.forward(x)], 1);
}
