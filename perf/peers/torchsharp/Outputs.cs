using TorchSharp.Modules;
using static TorchSharp.torch;
using Layer = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace TorchSharpPeer;

/// <summary>A recurrent layer that gives the outputs of all steps and lets the last states go.</summary>
internal sealed class Outputs : Layer
{
    private readonly nn.Module _recurrent;

    public Outputs(nn.Module recurrent)
        : base(nameof(Outputs))
    {
        _recurrent = recurrent;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => _recurrent switch
    {
        LSTM lstm => lstm.forward(x).Item1,
        GRU gru => gru.forward(x).Item1,
        _ => throw new InvalidOperationException($"{_recurrent.GetName()} is not a recurrent layer."),
    };
}
