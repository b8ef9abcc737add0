using Engine.Nn;

namespace Engine.Perf;

/// <summary>Whole training steps and predictions of networks that classify images.</summary>
internal static class NetworkWorkloads
{
    /// <summary>The networks that are trained and the shape of a batch on a processor.</summary>
    public static IEnumerable<(string Name, int[] Input)> Networks => NetworkRow.Trained.Select(static row => (row.Name, row.Input));

    /// <summary>All of them.</summary>
    /// <param name="device">Where they run.</param>
    /// <param name="captured">Whether training steps are replays of a captured one.</param>
    /// <param name="precision">In which types the networks compute.</param>
    public static IEnumerable<Workload> All(Device device, bool captured, TrainingPrecision precision)
    {
        foreach (NetworkRow row in NetworkRow.Trained)
        {
            int batch = row.Name == "resnet18" && device.Kind != DeviceKind.Cpu ? 256 : row.Input[0];
            Shape shape = new Shape(row.Input).With(0, batch);
            yield return new Workload($"train_step/{row.Name}", () => captured ? Captured(device, TrainStep(row.Name, shape, precision)) : TrainStep(row.Name, shape, precision));
            yield return new Workload($"infer/{row.Name}", () => Infer(row, shape, precision));
        }

        foreach (NetworkRow row in device.Kind == DeviceKind.Cpu ? NetworkRow.Predicting : [])
        {
            yield return new Workload($"infer/{row.Name}", () => Infer(row, new Shape(row.Input), precision));
        }
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

    /// <summary>The types of a forward pass.</summary>
    public static Autocast.Scope Begin(TrainingPrecision precision) => precision switch
    {
        TrainingPrecision.MixedBFloat16 => Autocast.To(DType.BFloat16),
        TrainingPrecision.MixedFloat16 => Autocast.To(DType.Float16),
        _ => Autocast.Off(),
    };

    /// <summary>Replays of a step.</summary>
    public static Action Captured(Device device, Action step)
    {
        CapturedStep captured = device.Capture(step);
        return () => captured.Replay();
    }

    private static Action Infer(NetworkRow row, Shape shape, TrainingPrecision precision)
    {
        Layer network = ModelZoo.Create(row.Model, new Shape(shape.AsSpan()[1..]), row.Classes);
        row.Check(network.ParameterCount);
        return Infer(network, Data.Randn(shape.ToArray()), precision);
    }

    /// <summary>A prediction for one batch.</summary>
    public static Action Infer(Layer network, Tensor x, TrainingPrecision precision)
    {
        network.Eval();
        return () =>
        {
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope mode = GradMode.Off();
            using Autocast.Scope types = Begin(precision);
            network.Forward(x);
        };
    }
}
