namespace Engine.Nn;

/// <summary>Calls that concern all batch normalisations of a model.</summary>
public static class BatchNormExtensions
{
    /// <summary>
    /// Freezes the statistics of every batch normalisation in the model (<see cref="BatchNorm.StatisticsFrozen"/>), as one does when a trained
    /// network goes on with other data or tiny batches. Layers without running statistics stay as they are.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="affine">Whether γ and β are frozen too; otherwise they go on learning.</param>
    public static T FreezeBatchNorm<T>(this T model, bool affine = false)
        where T : Module => Set(model, frozen: true, affine);

    /// <summary>Undoes <see cref="FreezeBatchNorm"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="affine">Whether γ and β learn again too.</param>
    public static T UnfreezeBatchNorm<T>(this T model, bool affine = false)
        where T : Module => Set(model, frozen: false, affine);

    /// <summary>
    /// A form of the model for prediction in which batch normalisations are part of the convolution or linear layer before them. The model itself
    /// stays as it is.
    /// </summary>
    /// <exception cref="ArgumentException">There is nothing to fuse.</exception>
    public static FusedInference FuseBatchNorm(this Layer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new FusedInference(model);
    }

    private static T Set<T>(T model, bool frozen, bool affine)
        where T : Module
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach ((_, Module module) in model.NamedModules())
        {
            if (module is not BatchNorm { RunningMean: not null } norm)
            {
                continue;
            }

            norm.StatisticsFrozen = frozen;
            if (affine && norm is { Weight: { } weight, Bias: { } bias })
            {
                (weight.RequiresGrad, bias.RequiresGrad) = (!frozen, !frozen);
            }
        }

        return model;
    }
}
