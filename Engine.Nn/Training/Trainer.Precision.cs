namespace Engine.Nn;

// Mixed precision.
public sealed partial class Trainer
{
    /// <summary>
    /// In which types the model and the loss are computed: in training, evaluation and prediction. Parameters, gradients and the optimizer's
    /// state are those of the model in any case, so that a run can be saved in one precision and go on in another.
    /// </summary>
    public TrainingPrecision Precision
    {
        get;
        init => field = Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(nameof(Precision), value, "Trainer: there is no such precision.");
    }

    /// <summary>The scaler that keeps float16 gradients in range; made with its defaults for <see cref="TrainingPrecision.MixedFloat16"/>, otherwise null.</summary>
    /// <remarks>A step that it leaves out counts as one: <see cref="Step"/>, callbacks and schedules go on.</remarks>
    public LossScaler? LossScaler
    {
        get => field ??= Precision == TrainingPrecision.MixedFloat16 ? new LossScaler() : null;
        init;
    }

    /// <summary>The scope of the precision; in full precision a scope around the trainer stays in force.</summary>
    private Autocast.Scope BeginPrecision() => Precision switch
    {
        TrainingPrecision.MixedBFloat16 => Autocast.To(DType.BFloat16),
        TrainingPrecision.MixedFloat16 => Autocast.To(DType.Float16),
        _ => default,
    };

    /// <summary>The output of the model in the trainer's precision.</summary>
    internal Tensors ForwardInPrecision(Batch batch)
    {
        using Autocast.Scope types = BeginPrecision();
        return Forward(batch);
    }

    private (Tensors Predictions, Tensor Loss) ForwardWithLoss(Batch batch)
    {
        using Autocast.Scope types = BeginPrecision();
        Tensors predictions = Forward(batch);
        return (predictions, ScalarLoss(predictions, batch));
    }

    /// <summary>Adds the gradients of a share of the loss, scaled where that is needed.</summary>
    private void Backward(Tensor loss, double share = 1)
    {
        loss = Regularizer is { } regularizer ? loss + Penalty(regularizer) : loss;
        Tensor root = LossScaler is { } scaler ? scaler.Scale(loss) : loss;
        root.Backward(share == 1 ? null : Tensor.Full(root.Shape, share, root.DType, root.Device));
    }

    /// <summary>Clips the gradients and updates the parameters; returns the result of <see cref="Clip"/>.</summary>
    private Tensor? Apply()
    {
        Tensor? isClipped;
        if (LossScaler is not { } scaler)
        {
            isClipped = Clip(Optimizer);
            Optimizer.Step();
            return isClipped;
        }

        // Bounds are meant for gradients of their true size.
        scaler.Unscale(Optimizer);
        isClipped = Clip(Optimizer);
        scaler.Step(Optimizer);
        scaler.Update();
        return isClipped;
    }

    /// <summary>Drops the gradients, and the rest of a step that was given up.</summary>
    private void BeginStep()
    {
        Optimizer.ZeroGrad();
        LossScaler?.Abandon();
    }
}
