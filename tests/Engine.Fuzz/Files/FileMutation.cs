using System.IO.Compression;
using Engine.Fuzz.Api;
using Engine.Nn;
using Engine.Tests.Nn;

namespace Engine.Fuzz.Files;

/// <summary>Damaged files: each is read, or refused with the one exception that is declared for it, in little memory and time.</summary>
internal sealed class FileMutation(int seed)
{
    private const long MostManagedBytes = 64L << 20;
    private const long MostDataBytes = 16L << 20;

    private readonly Dictionary<string, (int Count, string First)> _faults = [];

    public int Run(int count)
    {
        Console.WriteLine($"files: seed {seed}");
        Device.Default = Device.Get("cpu");
        Device.Default.Threads = 1;
        string folder = Directory.CreateTempSubdirectory("engine-fuzz-").FullName;
        try
        {
            FileKind[] kinds = [Weights(folder), .. new ForeignFiles(folder).Kinds(), .. new CheckpointFiles(folder).Kinds(), Images(compressed: false), Images(compressed: true)];
            FileKind[] chances = [.. kinds.SelectMany(static kind => Enumerable.Repeat(kind, kind.Share))];
            Dictionary<string, (int Read, int Refused)> outcomes = kinds.ToDictionary(static k => k.Name, static _ => (0, 0));
            using Watch watch = new(Environment.CurrentDirectory, seed);
            for (int i = 0; i < count; i++)
            {
                Random random = new(HashCode(seed, i));
                FileKind kind = chances[random.Next(chances.Length)];
                byte[] bytes = kind.Damage(random);
                string path = Path.Combine(folder, "damaged");
                File.WriteAllBytes(path, bytes);
                watch.Begin(i, $"{kind.Name}, {bytes.Length} bytes");
                (int read, int refused) = outcomes[kind.Name];
                outcomes[kind.Name] = One(kind, path, i) ? (read + 1, refused) : (read, refused + 1);
                watch.End();
            }

            foreach ((string name, (int read, int refused)) in outcomes)
            {
                Console.WriteLine($"  {name}: {read} read, {refused} refused");
                if (count >= 1000 && (read == 0 || refused == 0))
                {
                    Note($"{name}: the damage is never or always noticed, so that it tests nothing", 0);
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        foreach ((string fault, (int times, string first)) in _faults)
        {
            Console.WriteLine($"  {times} × {fault}\n      {first}");
        }

        Console.WriteLine($"files: {count} files, {_faults.Count} kinds of faults; again: Engine.Fuzz files --seed {seed} --count {count}");
        return _faults.Count == 0 ? 0 : 1;
    }

    // Another process has other string hashes, but must make the same files.
    private static int HashCode(int seed, int number) => unchecked((seed * 16777619) ^ (number * 486187739));

    private bool One(FileKind kind, string path, int number)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            kind.Read(path);
            return true;
        }
        catch (Exception error) when (error.GetType() == kind.Declared)
        {
            if (Forget(kind) is { } changed)
            {
                Note($"{kind.Name}: a refused file changed its reader", number, $"{changed.Message}, after: {error.Message.Split('\n')[0]}");
            }

            return false;
        }
        catch (Exception error)
        {
            string where = (error.StackTrace ?? string.Empty).Split('\n').FirstOrDefault(static l => l.Contains(" Engine.") && !l.Contains(" Engine.Fuzz."))?.Trim().Split(" in ")[0] ?? string.Empty;
            Note($"{kind.Name}: {error.GetType().Name} {where}", number, error.Message.Split('\n')[0]);
            Forget(kind);
            return false;
        }
        finally
        {
            if (GC.GetAllocatedBytesForCurrentThread() - before is var managed and > MostManagedBytes)
            {
                Note($"{kind.Name}: {managed >> 20} MiB of managed memory", number);
            }
        }
    }

    private static InvalidDataException? Forget(FileKind kind)
    {
        try
        {
            kind.Refused?.Invoke();
            return null;
        }
        catch (InvalidDataException changed)
        {
            return changed;
        }
    }

    private void Note(string fault, int number, string detail = "") =>
        _faults[fault] = _faults.TryGetValue(fault, out (int Count, string First) known) ? (known.Count + 1, known.First) : (1, $"file {number} {detail}");

    private static FileKind Weights(string folder)
    {
        string path = Path.Combine(folder, "valid");
        Safetensors.Save(
            path,
            new Dictionary<string, Tensor>
            {
                ["layer.0.weight"] = Tensor.Randn([4, 3]),
                ["layer.0.bias"] = Tensor.Randn([3], dtype: DType.Float64),
                ["layer.1.weight"] = Tensor.Randn([2, 2]).To(DType.BFloat16),
                ["steps"] = Tensor.Scalar(7, DType.Int64),
                ["mask"] = Tensor.From<bool>([true, false, true]),
            },
            new Dictionary<string, string> { ["format"] = "pt" });
        byte[] valid = File.ReadAllBytes(path);
        return new FileKind("safetensors", 3, random => Mutation.Apply(valid, random.Next()), ReadWeights, typeof(ModelFileException));
    }

    private static void ReadWeights(string path)
    {
        foreach (Tensor tensor in Safetensors.Load(path).Values)
        {
            tensor.Dispose();
        }
    }

    private static FileKind Images(bool compressed)
    {
        byte[] plain = [0, 0, 0x0B, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 3, .. Enumerable.Repeat((byte)3, 120)];
        return new FileKind(
            compressed ? "IDX, compressed" : "IDX", 1, random => compressed ? Compressed(plain, random) : Mutation.Apply(plain, random.Next()), static path => IdxArray.Read(path, MostDataBytes), typeof(DataFileException));
    }

    /// <summary>Damaged before or after compression; sometimes what it unpacks to is huge.</summary>
    private static byte[] Compressed(byte[] plain, Random random) => random.Next(20) switch
    {
        0 => Gzip([.. plain.AsSpan(0, 4), .. Enumerable.Repeat((byte)127, 12), .. new byte[8 << 20]]),
        < 8 => Gzip(Mutation.Apply(plain, random.Next())),
        _ => Mutation.Apply(Gzip(plain), random.Next()),
    };

    private static byte[] Gzip(byte[] content)
    {
        using MemoryStream result = new();
        using (GZipStream gzip = new(result, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return result.ToArray();
    }
}
