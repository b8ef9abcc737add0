using Engine.Nn;

namespace Engine.Perf;

/// <summary>Optimizer updates, whole training steps and predictions.</summary>
internal static class NetworkWorkloads
{
    /// <summary>The networks and the shape of a batch on a processor.</summary>
    public static readonly (string Name, int[] Input)[] Networks =
    [
        ("mlp", [128, 1, 28, 28]),
        ("lenet5", [128, 1, 28, 28]),
        ("convbn", [128, 1, 28, 28]),
        ("resnet20", [64, 3, 32, 32]),
        ("densenet_bc_40_12", [32, 3, 32, 32]),
        ("resnet18", [32, 3, 32, 32]),
    ];

    /// <summary>All of them.</summary>
    /// <param name="device">Where they run.</param>
    /// <param name="captured">Whether training steps are replays of a captured one.</param>
    /// <param name="precision">In which types the networks compute.</param>
    public static IEnumerable<Workload> All(Device device, bool captured, TrainingPrecision precision)
    {
        long parameters = Shapes().Sum(static s => s.ElementCount);
        yield return new Workload(
            "optimizer/sgd_momentum", () => Optimizer(static p => new Sgd(p, 0.1, momentum: 0.9, weightDecay: 5e-4)), 0, 4 * parameters * 5);
        yield return new Workload("optimizer/adam", () => Optimizer(static p => new Adam(p, 1e-3)), 0, 4 * parameters * 7);
        yield return new Workload("optimizer/adamw", () => Optimizer(static p => new AdamW(p, 1e-3)), 0, 4 * parameters * 7);
        foreach ((string name, int[] input) in Networks)
        {
            int batch = name == "resnet18" && device.Kind != DeviceKind.Cpu ? 256 : input[0];
            Shape shape = new Shape(input).With(0, batch);
            yield return new Workload($"train_step/{name}", () => captured ? Captured(device, TrainStep(name, shape, precision)) : TrainStep(name, shape, precision));
            yield return new Workload($"infer/{name}", () => Infer(name, shape, precision));
        }
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

    /// <summary>One step of training from zeroed gradients to updated parameters.</summary>
    public static Action TrainStep(string name, Shape shape, TrainingPrecision precision) =>
        TrainStep(name, Data.Randn(shape.ToArray()), Data.Labels(shape[0], 10), precision);

    /// <summary>The same with a batch of the caller's.</summary>
    public static Action TrainStep(string name, Tensor x, Tensor target, TrainingPrecision precision)
    {
        Layer network = ModelZoo.Create(name, new Shape(x.Shape.AsSpan()[1..]));
        network.Train();
        Adam optimizer = new(network.Parameters, 1e-3);
        LossScaler? scaler = precision == TrainingPrecision.MixedFloat16 ? new LossScaler() : null;
        return () =>
        {
            using TensorScope step = TensorScope.Begin();
            optimizer.ZeroGrad();
            Tensor loss;
            using (Begin(precision))
            {
                loss = network.Forward(x).CrossEntropy(target);
            }

            (scaler?.Scale(loss) ?? loss).Backward();
            if (scaler is null)
            {
                optimizer.Step();
                return;
            }

            scaler.Step(optimizer);
            scaler.Update();
        };
    }

    private static Autocast.Scope Begin(TrainingPrecision precision) => precision switch
    {
        TrainingPrecision.MixedBFloat16 => Autocast.To(DType.BFloat16),
        TrainingPrecision.MixedFloat16 => Autocast.To(DType.Float16),
        _ => Autocast.Off(),
    };

    private static Action Captured(Device device, Action step)
    {
        CapturedStep captured = device.Capture(step);
        return () => captured.Replay();
    }

    private static Action Infer(string name, Shape shape, TrainingPrecision precision)
    {
        Layer network = ModelZoo.Create(name, new Shape(shape.AsSpan()[1..]));
        network.Eval();
        Tensor x = Data.Randn(shape.ToArray());
        return () =>
        {
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope mode = GradMode.Off();
            using Autocast.Scope types = Begin(precision);
            network.Forward(x);
        };
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
