using TorchSharp.Modules;
using static TorchSharp.torch;
using Layer = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace TorchSharpPeer;

/// <summary>
/// A block of a transformer with the norms in front and GELU. By hand, because <c>nn.TransformerEncoderLayer</c> of LibTorch's C++ side has neither, and
/// its attention writes all scores out; this one is fused.
/// </summary>
internal sealed class TransformerBlock : Layer
{
    private readonly long _heads;
    private readonly LayerNorm _attentionNorm, _networkNorm;
    private readonly Linear _projections, _output, _wide, _narrow;

    public TransformerBlock(long size, long heads)
        : base(nameof(TransformerBlock))
    {
        _heads = heads;
        (_attentionNorm, _networkNorm) = (nn.LayerNorm(size), nn.LayerNorm(size));
        (_projections, _output) = (nn.Linear(size, 3 * size), nn.Linear(size, size));
        (_wide, _narrow) = (nn.Linear(size, 4 * size), nn.Linear(4 * size, size));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        x = x.add(Attend(_attentionNorm.forward(x)));
        return x.add(_narrow.forward(nn.functional.gelu(_wide.forward(_networkNorm.forward(x)))));
    }

    /// <summary>[N, L, E] → the same.</summary>
    private Tensor Attend(Tensor x)
    {
        long samples = x.shape[0], length = x.shape[1], size = x.shape[2];
        Tensor heads = _projections.forward(x).view(samples, length, 3, _heads, size / _heads).permute(2, 0, 3, 1, 4);
        Tensor y = nn.functional.scaled_dot_product_attention(heads[0], heads[1], heads[2]);
        return _output.forward(y.transpose(1, 2).reshape(samples, length, size));
    }
}
