using Engine;
using Engine.Nn;

namespace FashionMnistSample;

/// <summary>What the options ask for, as the objects that do it: with a recipe its network, decay, schedule and augmentation, without one the plain ones.</summary>
internal sealed class TrainingPlan(TrainOptions options)
{
    private readonly Recipe? _recipe = options.Recipe is { } name ? Recipe.All[name] : null;

    public ImageDataset Augment(ImageDataset images) => _recipe is null ? images : images.With(_recipe.Augmentation);

    public Layer CreateModel(Shape image, Generator generator) =>
        _recipe is null ? Models.Create(options.Model, image, generator) : _recipe.CreateModel(image, FashionMnist.ClassNames.Count, generator);

    public Optimizer CreateOptimizer(Layer model)
    {
        if (_recipe is null)
        {
            return Optimizers.Create(options.Optimizer, [new ParameterGroup(model.Parameters)], options.LearningRate);
        }

        return Optimizers.Create(options.Optimizer, ParameterGroup.WithoutDecayOnBiasAndNorm(model, _recipe.WeightDecay), options.LearningRate);
    }

    public Tensor Loss(Tensor prediction, Tensor target) => Losses.CrossEntropy(prediction, target, labelSmoothing: _recipe?.LabelSmoothing ?? 0);

    /// <summary>The callback that sets the rate of each step; none for a constant rate.</summary>
    public Callback[] Schedule(int stepsPerEpoch) =>
        _recipe is null ? [] : [new ScheduleCallback(Engine.Nn.Schedule.OneCycle(options.LearningRate, options.Epochs * stepsPerEpoch))];
}
