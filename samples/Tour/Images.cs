using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>The part of Fashion-MNIST that lies in this repository, as small sets: 10,000 images to learn from and 2,000 to test on.</summary>
internal static class Images
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, FashionMnist.ShippedDirectory);

    /// <summary>The first images of a part, [count, 1, 28, 28], or each 2×2 pixels averaged to one, which costs a quarter.</summary>
    public static (Tensor Pixels, Tensor Classes) Load(int count, bool train = true, bool halved = false)
    {
        ImageDataset all = FashionMnist.Load(s_folder, train);
        Batch batch = all.GetBatch(new BatchRequest([.. Enumerable.Range(0, Math.Min(count, all.Count))], Device.Default));
        return (halved ? batch.Inputs.AvgPool2d(2) : batch.Inputs, batch.Targets);
    }

    /// <summary>The same as batches in a random order.</summary>
    public static DataLoader Batches(int count, int batchSize, bool train = true, bool halved = false)
    {
        (Tensor pixels, Tensor classes) = Load(count, train, halved);
        return new DataLoader(new TensorDataset(pixels, classes), batchSize) { Shuffle = train, Seed = 1 };
    }
}
