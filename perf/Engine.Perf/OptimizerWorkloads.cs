using Engine.Nn;

namespace Engine.Perf;

/// <summary>One update of every parameter of ResNet-18 for small images.</summary>
internal static class OptimizerWorkloads
{
    public static IEnumerable<Workload> All()
    {
        long bytes = sizeof(float) * Shapes().Sum(static s => s.ElementCount);
        yield return new Workload("optimizer/sgd_momentum", () => Optimizer(static p => new Sgd(p, 0.1, momentum: 0.9, weightDecay: 5e-4)), 0, 5 * bytes);
        yield return new Workload("optimizer/adam", () => Optimizer(static p => new Adam(p, 1e-3)), 0, 7 * bytes);
        yield return new Workload("optimizer/adamw", () => Optimizer(static p => new AdamW(p, 1e-3)), 0, 7 * bytes);
    }

    private static Action Optimizer(Func<IEnumerable<Tensor>, Nn.Optimizer> make)
    {
        Tensor[] parameters = [.. Shapes().Select(static s => Data.Randn(s.ToArray()).WithGrad())];
        foreach (Tensor parameter in parameters)
        {
            parameter.SetGrad(Data.Randn(parameter.Shape.ToArray()));
        }

        return make(parameters).Step;
    }

    /// <summary>The parameters of ResNet-18 for small images: 11.2 million values in 62 tensors.</summary>
    private static IEnumerable<Shape> Shapes()
    {
        yield return [64, 3, 3, 3];
        yield return [64];
        yield return [64];
        int channels = 64;
        foreach ((int width, int stride) in ((int, int)[])[(64, 1), (128, 2), (256, 2), (512, 2)])
        {
            for (int block = 0; block < 2; block++)
            {
                yield return [width, channels, 3, 3];
                yield return [width];
                yield return [width];
                yield return [width, width, 3, 3];
                yield return [width];
                yield return [width];
                if (block == 0 && stride == 2)
                {
                    yield return [width, channels, 1, 1];
                    yield return [width];
                    yield return [width];
                }

                channels = width;
            }
        }

        yield return [10, 512];
        yield return [10];
    }
}
