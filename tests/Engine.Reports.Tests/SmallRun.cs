using Engine.Nn;

namespace Engine.Reports.Tests;

/// <summary>A run that takes a moment: dark and bright images of 4 × 4 pixels, told apart by a layer.</summary>
internal static class SmallRun
{
    public static (Trainer Trainer, ImageDataset Images) Make(params Callback[] callbacks) => Make(TimeProvider.System, callbacks);

    public static (Trainer Trainer, ImageDataset Images) Make(TimeProvider clock, params Callback[] callbacks)
    {
        Random random = new(7);
        byte[] labels = [.. Enumerable.Range(0, 64).Select(static i => (byte)(i % 2))];
        byte[] pixels = [.. labels.SelectMany(label => Enumerable.Range(0, 16).Select(_ => (byte)((100 * label) + random.Next(100))))];
        ImageDataset images = new(pixels, labels, [1, 4, 4]);
        Sequential model = new(new Flatten(), new Linear(16, 2, generator: new Generator(1)));
        return (new Trainer(model, new Sgd(model.Parameters, 0.1), Losses.CrossEntropy) { Metrics = [new Accuracy()], Callbacks = callbacks, TimeProvider = clock }, images);
    }
}
