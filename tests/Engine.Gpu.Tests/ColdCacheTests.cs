using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Many processes that start at once on an empty cache: each kernel is compiled once, and all of them end.</summary>
[TestFixture]
internal sealed class ColdCacheTests
{
    private const int Processes = 20;
    private const int Kernels = 8;

    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("engine-kernels-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    [CancelAfter(60_000)]
    public void ManyCachesOverOneFolder_CompileEachKernelOnce(CancellationToken token)
    {
        int compiled = Start(hasBinaries: true, token);

        // A little room for one that looks just between another's file and its turn.
        Assert.That(compiled, Is.InRange(Kernels, Kernels + 2));
        Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(Kernels), "neither turns nor unfinished files stay behind");
    }

    [Test]
    [CancelAfter(60_000)]
    public void DriverWithoutBinaries_MakesNobodyWaitInARow(CancellationToken token)
    {
        // 160 compilations of 100 ms one after another would take 16 s.
        long start = Environment.TickCount64;
        Assert.That(Start(hasBinaries: false, token), Is.EqualTo(Processes * Kernels));
        Assert.That(Environment.TickCount64 - start, Is.LessThan(12_000));
        Assert.That(Directory.GetFiles(_folder), Is.Empty);
    }

    [Test]
    public void Turn_OfOneThatDied_IsFree()
    {
        KernelSource source = new("k", "text", 64, 0);
        DiskCache cache = new(_folder);
        using (CompileTurn? turn = cache.TakeTurn(source, "device", out byte[]? binary))
        {
            Assert.That(turn, Is.Not.Null);
            Assert.That(binary, Is.Null);
            Assert.That(CompileTurn.TryTake(Directory.GetFiles(_folder).Single(), out bool isTaken), Is.Null);
            Assert.That(isTaken, Is.True);
        }

        // The file of a process that was killed stays, without its lock.
        string left = Path.Combine(_folder, "x");
        File.WriteAllText(left, string.Empty);
        using (CompileTurn? next = CompileTurn.TryTake(left, out bool isTaken))
        {
            Assert.That(next, Is.Not.Null);
            Assert.That(isTaken, Is.False);
        }

        Assert.That(Directory.GetFiles(_folder), Is.Empty);
    }

    private int Start(bool hasBinaries, CancellationToken token)
    {
        int compiled = 0;
        Thread[] threads = [.. Enumerable.Range(0, Processes).Select(_ => new Thread(() =>
        {
            // Nothing is shared but the folder, as between processes.
            ScriptedDriver driver = new()
            {
                HasBinaries = hasBinaries,
                Compiling = _ =>
                {
                    Interlocked.Increment(ref compiled);
                    Thread.Sleep(100);
                },
            };
            KernelCache cache = new(driver, new DiskCache(_folder));
            for (int i = 0; i < Kernels; i++)
            {
                cache.Get(new AddConstant(i));
            }
        }))];
        Array.ForEach(threads, static t => t.Start());
        foreach (Thread thread in threads)
        {
            while (!thread.Join(100))
            {
                token.ThrowIfCancellationRequested();
            }
        }

        return compiled;
    }

    private readonly record struct AddConstant(int Constant) : IKernelDefinition
    {
        public Kernel Build(GpuTarget target)
        {
            KernelBuilder k = new("add_constant", target, 64);
            Memory x = k.Buffer("x", DType.Int32);
            k.Store(x, k.GlobalId, k.Load(x, k.GlobalId) + Constant);
            return k.Build();
        }
    }
}
