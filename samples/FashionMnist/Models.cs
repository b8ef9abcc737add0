using Engine;
using Engine.Nn;

namespace FashionMnistSample;

/// <summary>The networks to choose from. ModelZoo has them ready; their classes in Engine.Nn/Models show how they are put together.</summary>
internal static class Models
{
    public static IReadOnlyList<string> Names { get; } = ["mlp", "lenet5", "convbn", "resnet20", "resnet18", "densenet"];

    public static Layer Create(string name, Shape image, Generator generator) =>
        ModelZoo.Create(name, image, FashionMnist.ClassNames.Count, generator);
}
