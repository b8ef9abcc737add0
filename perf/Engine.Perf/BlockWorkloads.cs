using Engine.Nn;

namespace Engine.Perf;

/// <summary>Training steps and predictions of parts of networks: transformers, recurrent layers, the block of MobileNet.</summary>
internal static class BlockWorkloads
{
    public static IEnumerable<Workload> All(Device device, bool captured, TrainingPrecision precision)
    {
        foreach (BlockRow row in BlockRow.All)
        {
            yield return new Workload($"train_step/{row.Name}", () => captured ? NetworkWorkloads.Captured(device, TrainStep(row, precision)) : TrainStep(row, precision), row.TrainingFlop);
            yield return new Workload($"infer/{row.Name}", () => NetworkWorkloads.Infer(Create(row), Data.Randn(row.Input), precision), row.Flop);
        }
    }

    private static Layer Create(BlockRow row)
    {
        Layer layer = row.Name.Split('_')[0] switch
        {
            "transformer" => new TransformerEncoderLayer(
                row.Size, BlockRow.Heads, 4 * row.Size, dropout: 0, activation: static x => x.Gelu(), batchFirst: true, normFirst: true),
            "lstm" => new Lstm(row.Size, row.Size, BlockRow.RecurrentLayers),
            "gru" => new Gru(row.Size, row.Size, BlockRow.RecurrentLayers),
            _ => MobileNetBlock(row.Input[1]),
        };
        row.Check(layer.ParameterCount);
        return layer;
    }

    private static Sequential MobileNetBlock(int channels) => new(
        new Conv2d(channels, channels, 3, padding: 1, groups: channels, bias: false),
        new BatchNorm2d(channels),
        new Relu(),
        new Conv2d(channels, channels, 1, bias: false),
        new BatchNorm2d(channels),
        new Relu());

    private static Action TrainStep(BlockRow row, TrainingPrecision precision)
    {
        Layer layer = Create(row);
        layer.Train();
        Tensor x = Data.Randn(row.Input), dy = Data.Randn(row.Input);
        Adam optimizer = new(layer.Parameters, 1e-3);
        return () =>
        {
            using TensorScope step = TensorScope.Begin();
            optimizer.ZeroGrad();
            Tensor y;
            using (NetworkWorkloads.Begin(precision))
            {
                y = layer.Forward(x);
            }

            y.Backward(dy);
            optimizer.Step();
        };
    }
}
