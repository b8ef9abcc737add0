namespace Engine.Perf.Rows;

/// <summary>A network that classifies images, with a batch for a processor. Both sides check that theirs has so many parameters.</summary>
/// <param name="Name">The row's name behind <c>train_step/</c> and <c>infer/</c>.</param>
/// <param name="Model">The network.</param>
/// <param name="Input">The shape of a batch.</param>
/// <param name="Classes">The number of outputs.</param>
/// <param name="Parameters">The number of values that are trained.</param>
internal sealed record NetworkRow(string Name, string Model, int[] Input, int Classes, long Parameters)
{
    /// <summary>Networks that are trained and predict.</summary>
    public static IReadOnlyList<NetworkRow> Trained { get; } =
    [
        new("mlp", "mlp", [128, 1, 28, 28], 10, 235_146),
        new("lenet5", "lenet5", [128, 1, 28, 28], 10, 61_706),
        new("convbn", "convbn", [128, 1, 28, 28], 10, 421_738),
        new("resnet20", "resnet20", [64, 3, 32, 32], 10, 272_474),
        new("densenet_bc_40_12", "densenet_bc_40_12", [32, 3, 32, 32], 10, 176_122),
        new("resnet18", "resnet18", [32, 3, 32, 32], 10, 11_173_962),
    ];

    /// <summary>Networks that predict only, most of them one image at a time.</summary>
    public static IReadOnlyList<NetworkRow> Predicting { get; } =
    [
        .. Trained.Where(static row => row.Model is "mlp" or "lenet5" or "resnet18").Select(static row => row with { Name = $"{row.Name}_b1", Input = [1, .. row.Input[1..]] }),
        new("resnet50_b1", "resnet50", [1, 3, 224, 224], 1000, 25_557_032),
        new("resnet50_b16", "resnet50", [16, 3, 224, 224], 1000, 25_557_032),
    ];

    /// <exception cref="InvalidOperationException">A side built something else than the row says.</exception>
    public void Check(long parameters) => CheckCount(Name, Parameters, parameters);

    internal static void CheckCount(string name, long expected, long parameters)
    {
        if (parameters != expected)
        {
            throw new InvalidOperationException($"{name} has {parameters} parameters here; the row says {expected}.");
        }
    }
}
