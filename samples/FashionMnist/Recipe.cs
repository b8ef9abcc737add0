using Engine;
using Engine.Nn;

namespace FashionMnistSample;

/// <summary>
/// Everything that a result needs, under one name: <c>--recipe resnet20</c>. The figures to reach are those that the data set's own table of
/// benchmarks lists for the same network (github.com/zalandoresearch/fashion-mnist).
/// </summary>
/// <remarks>All follow one cycle: the rate rises for a third of the run and falls to almost nothing, and momentum does without a schedule of its own.</remarks>
internal sealed record Recipe
{
    public required string Name { get; init; }

    /// <summary>The network in a line.</summary>
    public required string Network { get; init; }

    /// <summary>The accuracy that was published for it.</summary>
    public required double Published { get; init; }

    public required Func<Shape, int, Generator, Layer> CreateModel { get; init; }

    public required int Epochs { get; init; }

    public required string Optimizer { get; init; }

    /// <summary>The highest rate of the cycle.</summary>
    public required double LearningRate { get; init; }

    public int BatchSize { get; init; } = 128;

    /// <summary>Of weights only: scales, shifts and biases do not decay.</summary>
    public double WeightDecay { get; init; }

    public double LabelSmoothing { get; init; }

    /// <summary>What happens to training images; test images stay as they are.</summary>
    public IImageTransform[] Augmentation { get; init; } = [];

    /// <summary>The recipes by name.</summary>
    public static IReadOnlyDictionary<string, Recipe> All { get; } = new[]
    {
        new Recipe
        {
            Name = "mlp",
            Network = "perceptron of 256, 128 and 100 units",
            Published = 0.8833,
            CreateModel = static (image, classes, generator) => new Mlp((int)image.ElementCount, [256, 128, 100], classes, generator),
            Epochs = 20,
            Optimizer = "adamw",
            LearningRate = 3e-3,
            WeightDecay = 0.01,
        },
        new Recipe
        {
            Name = "convbn",
            Network = "two convolutions with batch norm and pooling",
            Published = 0.934,
            CreateModel = static (image, classes, generator) => new ConvBn(image[0], classes, (image[1], image[2]), generator),
            Epochs = 20,
            Optimizer = "adamw",
            LearningRate = 4e-3,
            WeightDecay = 0.05,
            LabelSmoothing = 0.1,
            Augmentation = [new RandomHorizontalFlip(), new RandomCrop(1)],
        },
        new Recipe
        {
            Name = "resnet20",
            Network = "residual network of 20 layers, 0.27 million parameters",
            Published = 0.949,
            CreateModel = static (image, classes, generator) => ResNet.ResNet20(image[0], classes, generator),
            Epochs = 20,
            Optimizer = "nesterov",
            LearningRate = 0.2,
            WeightDecay = 5e-4,
            Augmentation = [new RandomHorizontalFlip(), new RandomCrop(2)],
        },
        new Recipe
        {
            Name = "resnet18",
            Network = "residual network of 18 layers, 11.2 million parameters",
            Published = 0.949,
            CreateModel = static (image, classes, generator) => ResNet.ResNet18(image[0], classes, generator),
            Epochs = 30,
            Optimizer = "nesterov",
            LearningRate = 0.1,
            WeightDecay = 5e-4,
            LabelSmoothing = 0.1,
            Augmentation = [new RandomHorizontalFlip(), new RandomCrop(2)],
        },
        new Recipe
        {
            Name = "densenet",
            Network = "DenseNet-BC of 100 layers and growth 12, 0.77 million parameters",
            Published = 0.954,
            CreateModel = static (image, classes, generator) => new DenseNetBc(100, 12, image[0], classes, generator),
            Epochs = 40,
            Optimizer = "nesterov",
            LearningRate = 0.2,
            BatchSize = 64,
            WeightDecay = 1e-4,
            Augmentation = [new RandomHorizontalFlip(), new RandomCrop(2)],
        },
    }.ToDictionary(static recipe => recipe.Name);
}
