using System.Diagnostics;
using System.Formats.Tar;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Data.Images.Tests;

/// <summary>Images a second on one thread. Not part of the suite: <c>dotnet test --filter Name~Throughput</c> on a quiet machine runs and prints it.</summary>
internal sealed class ThroughputTests
{
    private const int Count = 16, Seconds = 4;

    [Test]
    [Explicit("It measures the machine.")]
    public void Throughput_OfPhotographs()
    {
        byte[][] files = [.. Enumerable.Range(0, Count).Select(static i => Pictures.File(375, 500, seed: i, noise: 20))];
        ImageOptions options = new() { Normalization = PixelNormalization.ImageNet };
        ImageFileDataset images = new(files.Select(static file => (ReadOnlyMemory<byte>)file), options: options);
        TestContext.Out.WriteLine($"{Count} JPEG of 500 × 375, {files.Average(static file => file.Length) / 1024:F0} KB each");
        Measure("decode only", Count, () => Array.ForEach(files, static file => ImageDecoder.Decode(file)));
        DecodedImage[] decoded = [.. files.Select(static file => ImageDecoder.Decode(file))];
        RandomResizedCrop crop = new(224);
        byte[] small = new byte[3 * 224 * 224];
        long position = 0;
        Measure("random resized crop", Count, () => Array.ForEach(decoded, image =>
        {
            SampleRandom random = new(1, position++);
            crop.Apply(image.Pixels, small, image.Shape, ref random);
        }));
        float[] numbers = new float[small.Length];
        Measure("normalise", Count, () => Array.ForEach(decoded, _ => PixelNormalization.ImageNet.Apply(small, numbers, 3)));
        foreach ((string name, IImageTransform[] transforms) in ((string, IImageTransform[])[])
        [
            ("decode, random resized crop, flip, normalise", [new RandomResizedCrop(224), new RandomHorizontalFlip()]),
            ("and colour jitter 0.4, 0.4, 0.4, 0.1", [new RandomResizedCrop(224), new RandomHorizontalFlip(), new ColorJitter(0.4, 0.4, 0.4, 0.1)]),
            ("decode, resize 256, centre crop 224, normalise", [new Resize(256), new CenterCrop(224)]),
        ])
        {
            ImageFileDataset changed = images.With(transforms);
            int[] indices = [.. Enumerable.Range(0, Count)];
            ulong seed = 0;
            double rate = Measure(name, Count, () => changed.GetBatch(new BatchRequest(indices, Device.Cpu, seed++)).Dispose());
            Assert.That(rate, Is.GreaterThan(50), "images a second: less is an error, not a slow machine");
        }
    }

    /// <summary>Whole epochs by a loader: files in memory and the same in a tar shard, for 1 and 2 threads that decode.</summary>
    [Test]
    [Explicit("It measures the machine.")]
    public void Throughput_OfALoader()
    {
        const int Epoch = 128, BatchSize = 16;
        byte[][] files = [.. Enumerable.Range(0, Epoch).Select(static i => Pictures.File(375, 500, seed: i, noise: 20))];
        ImageOptions options = new() { Normalization = PixelNormalization.ImageNet };
        IImageTransform[] transforms = [new RandomResizedCrop(224), new RandomHorizontalFlip()];
        ImageFileDataset images = new ImageFileDataset(files.Select(static file => (ReadOnlyMemory<byte>)file), options: options).With(transforms);
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream stream = File.Create(path))
            using (TarWriter tar = new(stream, TarEntryFormat.Ustar))
            {
                for (int i = 0; i < Epoch; i++)
                {
                    tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"{i:D3}.jpg") { DataStream = new MemoryStream(files[i]) });
                }
            }

            IStreamDataset shards = new TarDataset(path, [new("jpg", new ImageFieldDecoder(options, transforms))]).Shuffle(32);
            foreach (int workers in (int[])[1, 2])
            {
                int epoch = 0;
                DataLoader ofFiles = new(images, BatchSize) { Shuffle = true, Device = Device.Cpu, Workers = workers, Prefetch = 2 * workers };
                DataLoader ofShards = new(shards, BatchSize) { Device = Device.Cpu, Workers = workers, Prefetch = 2 * workers };
                foreach ((string name, DataLoader loader) in ((string, DataLoader)[])[("files", ofFiles), ("shards", ofShards)])
                {
                    double rate = Measure($"{name}, {workers} workers", Epoch, () =>
                    {
                        foreach (Batch batch in loader.Epoch(epoch++))
                        {
                            batch.Dispose();
                        }
                    });
                    Assert.That(rate, Is.GreaterThan(50), "images a second: less is an error, not a slow machine");
                }
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static double Measure(string name, int images, Action action)
    {
        for (var warm = Stopwatch.StartNew(); warm.Elapsed.TotalSeconds < 1;)
        {
            action();
        }

        int done = 0;
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var time = Stopwatch.StartNew();
        while (time.Elapsed.TotalSeconds < Seconds)
        {
            action();
            done += images;
        }

        double wall = time.Elapsed.TotalSeconds, used = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
        TestContext.Out.WriteLine($"{name}: {done / wall:F0} images/s, {1000 * wall / done:F2} ms each ({1000 * used / done:F2} ms of processor time)");
        return done / wall;
    }
}
