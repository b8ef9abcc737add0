namespace Engine.Nn;

/// <summary>Ready networks by name, as commands take them.</summary>
public static class ModelZoo
{
    private static readonly OrderedDictionary<string, Func<Shape, int, Generator?, Layer>> s_factories = new(StringComparer.OrdinalIgnoreCase)
    {
        ["mlp"] = static (image, classes, generator) => new Mlp(Guard.Size("mlp", image.ElementCount), [256, 128], classes, generator),
        ["lenet5"] = static (image, classes, generator) => new LeNet5(image[0], classes, (image[1], image[2]), generator),
        ["convbn"] = static (image, classes, generator) => new ConvBn(image[0], classes, (image[1], image[2]), generator),
        ["resnet20"] = static (image, classes, generator) => ResNet.ResNet20(image[0], classes, generator),
        ["resnet18"] = static (image, classes, generator) => ResNet.ResNet18(image[0], classes, generator),
        ["densenet"] = static (image, classes, generator) => new DenseNetBc(40, 12, image[0], classes, generator),
        ["densenet_bc_40_12"] = static (image, classes, generator) => new DenseNetBc(40, 12, image[0], classes, generator),
    };

    /// <summary>The names; the last two are one network.</summary>
    public static IReadOnlyList<string> Names => [.. s_factories.Keys];

    /// <summary>A network with random start values.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="image">The shape of one image, [channels, height, width].</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="generator">The source of the start values.</param>
    /// <exception cref="ArgumentException">The name is unknown, or the shape does not have three axes.</exception>
    public static Layer Create(string name, Shape image, int classes = 10, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!s_factories.TryGetValue(name, out Func<Shape, int, Generator?, Layer>? factory))
        {
            throw new ArgumentException($"There is no model '{name}'; there are {string.Join(", ", Names)}.", nameof(name));
        }

        return image.Rank == 3
            ? factory(image, classes, generator)
            : throw new ArgumentException($"Model '{name}': the image is {image}; it must be [channels, height, width].", nameof(image));
    }
}
