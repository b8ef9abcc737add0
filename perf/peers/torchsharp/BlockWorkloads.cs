using TorchSharp;
using static TorchSharp.torch;
using Layer = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace TorchSharpPeer;

/// <summary>Training steps and predictions of parts of networks: transformers, recurrent layers, the block of MobileNet.</summary>
internal sealed class BlockWorkloads(Images images)
{
    public IEnumerable<Workload> All() => BlockRow.All.SelectMany(row => (Workload[])
    [
        new($"train_step/{row.Name}", () => TrainStep(row)),
        new($"infer/{row.Name}", () => NetworkWorkloads.Infer(Create(row), images.Randn(Networks.Shape(row.Input)))),
    ]);

    private Layer Create(BlockRow row)
    {
        Layer layer = row.Name.Split('_')[0] switch
        {
            "transformer" => new TransformerBlock(row.Size, BlockRow.Heads),
            "lstm" => new Outputs(nn.LSTM(row.Size, row.Size, BlockRow.RecurrentLayers)),
            "gru" => new Outputs(nn.GRU(row.Size, row.Size, BlockRow.RecurrentLayers)),
            _ => MobileNetBlock(row.Input[1]),
        };
        row.Check(Networks.ParameterCount(layer));
        return images.Arrange(layer);
    }

    private static Layer MobileNetBlock(int channels) => nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding: 1, groups: channels, bias: false),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace: true),
        nn.Conv2d(channels, channels, 1, bias: false),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace: true));

    private Action TrainStep(BlockRow row)
    {
        Layer layer = Create(row);
        Tensor x = images.Randn(Networks.Shape(row.Input)), dy = images.Randn(Networks.Shape(row.Input));
        optim.Optimizer optimizer = optim.Adam(layer.parameters(), 1e-3);
        layer.train();
        return () =>
        {
            using DisposeScope scope = NewDisposeScope();
            optimizer.zero_grad();
            layer.forward(x).backward([dy]);
            optimizer.step();
        };
    }
}
