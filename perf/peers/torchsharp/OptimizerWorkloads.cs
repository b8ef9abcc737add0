using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharpPeer;

/// <summary>One update of every parameter of ResNet-18 for small images: 11.2 million values in 62 tensors.</summary>
internal static class OptimizerWorkloads
{
    public static IEnumerable<Workload> All()
    {
        long bytes = sizeof(float) * NetworkRow.Trained.Single(static row => row.Model == "resnet18").Parameters;
        yield return new("optimizer/sgd_momentum", () => Update(static p => optim.SGD(p, 0.1, momentum: 0.9, weight_decay: 5e-4)), 0, 5 * bytes);
        yield return new("optimizer/adam", () => Update(static p => optim.Adam(p, 1e-3)), 0, 7 * bytes);
        yield return new("optimizer/adamw", () => Update(static p => optim.AdamW(p, 1e-3, weight_decay: 0.01)), 0, 7 * bytes);
    }

    private static Action Update(Func<IEnumerable<Parameter>, optim.Optimizer> make)
    {
        Parameter[] parameters = [.. Networks.Create("resnet18").parameters().Select(static p => new Parameter(randn(p.shape)))];
        foreach (Parameter parameter in parameters)
        {
            parameter.grad = randn_like(parameter).detach();
        }

        optim.Optimizer optimizer = make(parameters);
        return () =>
        {
            using DisposeScope scope = NewDisposeScope();
            optimizer.step();
        };
    }
}
