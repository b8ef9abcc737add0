using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Kernels from the disk, with a real driver.</summary>
[TestFixture]
internal sealed class KernelCacheTests
{
    private OpenClDriver _driver = null!;
    private string _folder = null!;

    [SetUp]
    public void MakeFolder()
    {
        _driver = OpenClMachine.NewDriver();
        _folder = Directory.CreateTempSubdirectory("engine-kernels-").FullName;
    }

    [TearDown]
    public void DeleteFolder()
    {
        _driver?.Dispose();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Test]
    public void Get_SecondStart_LoadsWhatTheFirstCompiled()
    {
        KernelCache first = new(_driver, new DiskCache(_folder));
        Assert.That(Run(first.Get(new AddConstant(5))), Is.All.EqualTo(5));
        Assert.That((first.Count, first.Loaded), Is.EqualTo((1, 0)));

        KernelCache second = new(_driver, new DiskCache(_folder));
        CompiledKernel loaded = second.Get(new AddConstant(5));
        Assert.That(Run(loaded), Is.All.EqualTo(5));
        Assert.That(Run(second.Get(new AddConstant(6))), Is.All.EqualTo(6));
        Assert.That(second.Get(new AddConstant(5)), Is.SameAs(loaded));
        Assert.That((second.Count, second.Loaded), Is.EqualTo((2, 1)));
    }

    [Test]
    public void Get_DamagedEntry_CompilesAndRepairsIt()
    {
        _ = new KernelCache(_driver, new DiskCache(_folder)).Get(new AddConstant(5));
        string file = Directory.GetFiles(_folder).Single();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);

        KernelCache second = new(_driver, new DiskCache(_folder));
        Assert.That(Run(second.Get(new AddConstant(5))), Is.All.EqualTo(5));
        Assert.That(second.Loaded, Is.Zero);

        KernelCache third = new(_driver, new DiskCache(_folder));
        Assert.That(Run(third.Get(new AddConstant(5))), Is.All.EqualTo(5));
        Assert.That(third.Loaded, Is.EqualTo(1));
    }

    [Test]
    public void Get_IntactEntryThatTheDriverRefuses_Compiles()
    {
        DiskCache disk = new(_folder);
        KernelSource source = KernelRenderer.Render(new AddConstant(5).Build(_driver.Target), _driver.Target);
        disk.Write(source, _driver.Identity, "not a program of this driver"u8);
        KernelCache cache = new(_driver, disk);
        Assert.That(Run(cache.Get(new AddConstant(5))), Is.All.EqualTo(5));
        Assert.That(cache.Loaded, Is.Zero);
    }

    [Test]
    public void Get_FromManyThreads_CompilesEachKernelOnce()
    {
        KernelCache cache = new(_driver);
        CompiledKernel[] kernels = new CompiledKernel[40];
        Parallel.For(0, kernels.Length, i => kernels[i] = cache.Get(new AddConstant(i % 2)));
        Assert.That(cache.Count, Is.EqualTo(2));
        Assert.That(kernels.Distinct().Count(), Is.EqualTo(2));
    }

    private int[] Run(CompiledKernel kernel)
    {
        using Block block = new(_driver, 256);
        _driver.Clear(block.Handle, 0, 256);
        _driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(block.Handle, 0)]);
        int[] values = new int[64];
        _driver.Download(block.Handle, 0, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
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
