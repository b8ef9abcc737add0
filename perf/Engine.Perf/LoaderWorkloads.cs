using System.IO.Compression;
using Engine.Nn;

namespace Engine.Perf;

/// <summary>
/// What feeding a step costs. <c>loader/lenet5_batch</c> makes the batch of <c>train_step/lenet5</c> on the caller's thread, all of which a background thread hides: its share of the step is the most
/// that loading can cost. <c>loader/decode_*</c> takes batches of 16 images of 224 × 224 that are unpacked as a decoder would.
/// </summary>
internal static class LoaderWorkloads
{
    private const int Images = 64, Side = 224, BatchSize = 16;

    public static IEnumerable<Workload> All()
    {
        yield return new Workload("loader/lenet5_batch", () => Take(new DataLoader(new ImageDataset(new byte[1024 * 28 * 28], new byte[1024], [1, 28, 28], new PixelNormalization(0.5, 0.25)), 128) { Shuffle = true, Prefetch = 0 }));
        foreach (int workers in (int[])[1, 2])
        {
            yield return new Workload($"loader/decode_workers{workers}", () => Take(new DataLoader(Packed(), BatchSize) { Shuffle = true, Workers = workers, Prefetch = 2 * workers }));
        }
    }

    /// <summary>Each call takes one batch; epochs follow one another.</summary>
    private static Action Take(DataLoader loader)
    {
        IEnumerator<Batch> batches = loader.GetEnumerator();
        return () =>
        {
            while (!batches.MoveNext())
            {
                batches.Dispose();
                batches = loader.GetEnumerator();
            }

            batches.Current.Dispose();
        };
    }

    private static SampleDataset Packed()
    {
        Random random = new(1);
        byte[] pixels = new byte[3 * Side * Side];
        byte[][] packed = new byte[Images][];
        for (int i = 0; i < Images; i++)
        {
            for (int p = 0; p < pixels.Length; p++)
            {
                pixels[p] = (byte)((p % Side) + random.Next(16));
            }

            using MemoryStream stream = new();
            using (ZLibStream zip = new(stream, CompressionLevel.Fastest))
            {
                zip.Write(pixels);
            }

            packed[i] = stream.ToArray();
        }

        return Dataset.From(packed, static bytes =>
        {
            byte[] unpacked = new byte[3 * Side * Side];
            using (ZLibStream zip = new(new MemoryStream(bytes), CompressionMode.Decompress))
            {
                zip.ReadExactly(unpacked);
            }

            float[] values = new float[unpacked.Length];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (unpacked[i] - 127.5f) * (1 / 64f);
            }

            return new Sample(HostArray.From(values, [3, Side, Side]), 0);
        });
    }
}
