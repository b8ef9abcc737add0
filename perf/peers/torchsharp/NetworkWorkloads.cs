using TorchSharp;
using static TorchSharp.torch;
using Layer = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace TorchSharpPeer;

/// <summary>Whole training steps and predictions of networks that classify images.</summary>
internal sealed class NetworkWorkloads(Images images, bool keepsLoss)
{
    /// <summary>The loss of the last step, for the check that it falls.</summary>
    public static float LastLoss { get; private set; }

    public IEnumerable<Workload> All() =>
    [
        .. NetworkRow.Trained.SelectMany(row => (Workload[])[new($"train_step/{row.Name}", () => TrainStep(row)), Prediction(row)]),
        .. NetworkRow.Predicting.Select(Prediction),
    ];

    /// <summary>A step on a batch of its own.</summary>
    public Action TrainStep(NetworkRow row)
    {
        Layer network = Create(row);
        Tensor x = images.Randn(Networks.Shape(row.Input)), target = randint(row.Classes, [row.Input[0]], int64);
        optim.Optimizer optimizer = optim.Adam(network.parameters(), 1e-3);
        network.train();
        return () => Step(network, optimizer, x, target, keepsLoss);
    }

    /// <summary>Zero gradients, forward, cross-entropy, backward, the optimizer's update. The scope gives the step's tensors back at its end.</summary>
    public static void Step(Layer network, optim.Optimizer optimizer, Tensor x, Tensor target, bool keepsLoss = false)
    {
        using DisposeScope scope = NewDisposeScope();
        optimizer.zero_grad();
        Tensor loss = nn.functional.cross_entropy(network.forward(x), target);
        loss.backward();
        optimizer.step();
        LastLoss = keepsLoss ? loss.item<float>() : 0;
    }

    /// <summary>A prediction for one batch.</summary>
    public static Action Infer(Layer network, Tensor x)
    {
        network.eval();
        return () =>
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable mode = inference_mode();
            network.forward(x);
        };
    }

    private Workload Prediction(NetworkRow row) => new($"infer/{row.Name}", () => Infer(Create(row), images.Randn(Networks.Shape(row.Input))));

    private Layer Create(NetworkRow row)
    {
        Layer network = images.Arrange(Networks.Create(row.Model, row.Classes));
        row.Check(Networks.ParameterCount(network));
        return network;
    }
}
