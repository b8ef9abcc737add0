namespace Engine.Nn;

/// <summary>The step after an average of weights: new statistics of batch normalisation.</summary>
public static class RegularizationExtensions
{
    /// <summary>
    /// Computes the running statistics of all batch normalisation anew: the plain average over all batches of the data, with the weights as
    /// they are now. Nothing is trained; modes are as before, and frozen statistics (<see cref="BatchNorm.StatisticsFrozen"/>) stay.
    /// </summary>
    /// <remarks>Needed after averaged weights were loaded: their activations have other means than those that were seen while training.</remarks>
    /// <param name="model">The model; without batch normalisation nothing is done.</param>
    /// <param name="data">Training data, of which epoch 0 is taken.</param>
    /// <exception cref="ArgumentException">There are no batches.</exception>
    /// <exception cref="InvalidOperationException">Called inside an <see cref="InferenceScope"/>.</exception>
    public static T UpdateBatchNorm<T>(this T model, IBatchSource data)
        where T : Layer
    {
        ArgumentNullException.ThrowIfNull(model);
        model.UpdateBatchNorm(model.Call, data);
        return model;
    }

    /// <summary><see cref="UpdateBatchNorm{T}(T, IBatchSource)"/> of any module, given the function of the inputs of a batch.</summary>
    /// <param name="model">The model; without batch normalisation nothing is done.</param>
    /// <param name="forward">The function of the model.</param>
    /// <param name="data">Training data, of which epoch 0 is taken.</param>
    /// <exception cref="ArgumentException">There are no batches.</exception>
    /// <exception cref="InvalidOperationException">Called inside an <see cref="InferenceScope"/>.</exception>
    public static void UpdateBatchNorm(this Module model, Func<Tensor, Tensor> forward, IBatchSource data)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(data);
        model.UpdateBatchNorm(batch => forward(batch.Inputs), data);
    }

    /// <summary><see cref="UpdateBatchNorm{T}(T, IBatchSource)"/> of a module with several inputs or outputs, given the function of a batch.</summary>
    /// <inheritdoc cref="UpdateBatchNorm(Module, Func{Tensor, Tensor}, IBatchSource)"/>
    public static void UpdateBatchNorm(this Module model, Func<Batch, Tensors> forward, IBatchSource data)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(data);
        BatchNorm[] layers = [.. model.NamedModules().Select(static m => m.Module).OfType<BatchNorm>().Where(static b => b.NumBatchesTracked is not null && !b.StatisticsFrozen)];
        if (layers.Length == 0)
        {
            return;
        }

        if (data.BatchCount == 0)
        {
            throw new ArgumentException("UpdateBatchNorm: the data has no batches, and the statistics would be those of nothing.", nameof(data));
        }

        if (InferenceScope.IsActive)
        {
            throw new InvalidOperationException("UpdateBatchNorm: inside an InferenceScope every module predicts, and no statistics are kept. Call it outside.");
        }

        (Module Module, bool IsTraining)[] modes = [.. model.NamedModules().Select(static m => (m.Module, m.Module.IsInTrainingMode))];
        using GradMode.Scope mode = GradMode.Off();
        try
        {
            model.Train();
            foreach (BatchNorm layer in layers)
            {
                layer.BeginCumulative();
            }

            foreach (Batch taken in data.Epoch(0))
            {
                using Batch batch = taken;
                using TensorScope scope = TensorScope.Begin();
                _ = forward(batch);
            }
        }
        finally
        {
            Array.ForEach(layers, static layer => layer.EndCumulative());
            foreach ((Module module, bool isTraining) in modes)
            {
                // Parents come before their children, so that each child then gets its own mode.
                module.SetTraining(isTraining);
            }
        }
    }
}
