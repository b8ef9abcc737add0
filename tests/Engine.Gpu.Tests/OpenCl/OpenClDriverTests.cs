using System.Runtime.InteropServices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixture]
internal sealed class OpenClDriverTests
{
    private OpenClDriver _driver = null!;

    [OneTimeSetUp]
    public void MakeDriver() => _driver = OpenClMachine.NewDriver();

    [OneTimeTearDown]
    public void DisposeDriver() => _driver?.Dispose();

    [Test]
    public void Target_OfTheDevice_StaysWithinTheLimitsThatKernelsAreBuiltFor()
    {
        GpuTarget target = _driver.Target;
        Assert.That(target.Api, Is.EqualTo(GpuApi.OpenCl));
        Assert.That(target.MaxGroupSize, Is.InRange(1, 256));
        Assert.That(target.SharedBytes, Is.InRange(1 << 10, 64 << 10));
        Assert.That(target.ComputeUnits, Is.Positive);
        Assert.That(target.MaxArgumentBytes, Is.AtLeast(256));
        Assert.That(target.HasMathFunctions, Is.True);
        Assert.That(_driver.TotalMemory, Is.Positive);
        Assert.That(_driver.Description, Is.Not.Empty);
        Assert.That(_driver.Identity, Does.Contain("-cl-std=CL1.2"));
    }

    [TestCase(0, 0)]
    [TestCase(1, 0)]
    [TestCase(7, 13)]
    [TestCase(4096, 64)]
    [TestCase(3_000_001, 5)]
    [TestCase(20_000_001, 3)]
    public void UploadThenDownload_AnyLengthAndOffset_GivesTheSameBytes(int length, int offset)
    {
        byte[] source = RandomBytes(length);
        byte[] result = new byte[length];
        using Block block = new(_driver, length + offset + 1);
        _driver.Upload(source, block.Handle, offset);
        _driver.Download(block.Handle, offset, result);
        Assert.That(result, Is.EqualTo(source));
    }

    [Test]
    public void Upload_SourceChangedAfterwards_KeepsWhatItWas()
    {
        byte[] source = RandomBytes(100_000);
        byte[] expected = [.. source];
        byte[] result = new byte[source.Length];
        using Block block = new(_driver, source.Length);
        _driver.Upload(source, block.Handle, 0);
        Array.Clear(source);
        _driver.Download(block.Handle, 0, result);
        Assert.That(result, Is.EqualTo(expected));
    }

    [Test]
    public void Uploads_ManyInARow_ArriveInOrder()
    {
        byte[] result = new byte[8];
        using Block block = new(_driver, 8);
        for (int i = 0; i < 100; i++)
        {
            _driver.Upload([(byte)i, (byte)i], block.Handle, i % 8 == 7 ? 0 : i % 8);
        }

        _driver.Download(block.Handle, 0, result);
        Assert.That(result, Is.EqualTo(new byte[] { 96, 97, 98, 99, 99, 93, 94, 94 }));
    }

    [Test]
    public void Copy_BetweenOffsets_MovesThatRangeOnly()
    {
        byte[] source = RandomBytes(1000);
        byte[] result = new byte[1000];
        using Block from = new(_driver, 1000);
        using Block to = new(_driver, 1000);
        _driver.Upload(source, from.Handle, 0);
        _driver.Clear(to.Handle, 0, 1000);
        _driver.Copy(from.Handle, 3, to.Handle, 501, 250);
        _driver.Copy(from.Handle, 0, to.Handle, 0, 0);
        _driver.Download(to.Handle, 0, result);
        byte[] expected = new byte[1000];
        source.AsSpan(3, 250).CopyTo(expected.AsSpan(501));
        Assert.That(result, Is.EqualTo(expected));
    }

    [TestCase(0, 1000)]
    [TestCase(16, 512)]
    [TestCase(1, 3)]
    [TestCase(6, 10)]
    [TestCase(8, 0)]
    public void Clear_AnyRange_SetsThatRangeOnly(int offset, int bytes)
    {
        byte[] source = RandomBytes(1000);
        byte[] result = new byte[1000];
        using Block block = new(_driver, 1000);
        _driver.Upload(source, block.Handle, 0);
        _driver.Clear(block.Handle, offset, bytes);
        _driver.Download(block.Handle, 0, result);
        source.AsSpan(offset, bytes).Clear();
        Assert.That(result, Is.EqualTo(source));
    }

    [Test]
    public void Launch_BuffersWithOffsetsAndScalars_ComputesInPlace()
    {
        float[] x = [.. Enumerable.Range(0, 1000).Select(static i => i * 0.5f)];
        float[] y = new float[1000];
        using Block block = new(_driver, 12_000);
        _driver.Upload(MemoryMarshal.AsBytes(x), block.Handle, 16);
        CompiledKernel kernel = _driver.Compile(OpenClSources.Scale());
        _driver.Launch(kernel, new LaunchGrid(16), [KernelArgument.Buffer(block.Handle, 16), KernelArgument.Buffer(block.Handle, 8000), 3f, 1000L]);
        _driver.Download(block.Handle, 8000, MemoryMarshal.AsBytes(y.AsSpan()));
        Assert.That(y, Is.EqualTo(x.Select(static (v, i) => (3f * v) + i)));
    }

    [Test]
    public void Launch_ThreeDimensionalGrid_GivesEachGroupItsCoordinates()
    {
        int[] result = new int[2 * 3 * 4 * 8];
        using Block block = new(_driver, result.Length * sizeof(int));
        CompiledKernel kernel = _driver.Compile(OpenClSources.Coordinates);
        _driver.Launch(kernel, new LaunchGrid(2, 3, 4), [KernelArgument.Buffer(block.Handle, 0)]);
        _driver.Download(block.Handle, 0, MemoryMarshal.AsBytes(result.AsSpan()));
        int[] expected = [.. from z in Enumerable.Range(0, 4) from y in Enumerable.Range(0, 3) from x in Enumerable.Range(0, 2) from i in Enumerable.Range(0, 8) select x + (10 * y) + (100 * z) + (1000 * i)];
        Assert.That(result, Is.EqualTo(expected));
    }

    [Test]
    public void Launch_EmptyGrid_DoesNothing()
    {
        int[] result = [5];
        using Block block = new(_driver, 4);
        _driver.Upload(MemoryMarshal.AsBytes(result), block.Handle, 0);
        _driver.Launch(_driver.Compile(OpenClSources.Increment), new LaunchGrid(0), [KernelArgument.Buffer(block.Handle, 0)]);
        _driver.Download(block.Handle, 0, MemoryMarshal.AsBytes(result.AsSpan()));
        Assert.That(result[0], Is.EqualTo(5));
    }

    [Test]
    public void Launch_ManyThreadsOneKernel_KeepsEachThreadsArguments()
    {
        CompiledKernel kernel = _driver.Compile(OpenClSources.Scale());
        float[] ones = [.. Enumerable.Repeat(1f, 64)];
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            float[] result = new float[64];
            using Block block = new(_driver, 512);
            _driver.Upload(MemoryMarshal.AsBytes(ones), block.Handle, 0);
            _driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(block.Handle, 0), KernelArgument.Buffer(block.Handle, 256), (float)i, 64L]);
            _driver.Download(block.Handle, 256, MemoryMarshal.AsBytes(result.AsSpan()));
            Assert.That(result, Is.EqualTo(Enumerable.Range(0, 64).Select(k => i + (float)k)));
        });
    }

    [Test]
    public void Compile_BrokenSource_TellsLogAndNumberedLines()
    {
        KernelSource source = new("broken", "__kernel void broken(__global float* x)\n{\n    x[0] = nonsense;\n}\n", 64, 0);
        Assert.That(() => _driver.Compile(source), Throws.InstanceOf<KernelCompilationException>()
            .With.Message.Contains("broken").And.Message.Contains("nonsense").And.Message.Contains("   3      x[0] = nonsense;").And.Message.Contains("CL_BUILD_PROGRAM_FAILURE (-11)"));
        Assert.That(_driver.Compile(OpenClSources.Increment), Is.Not.Null);
    }

    [Test]
    public void Compile_NameOfNoKernel_IsATypedError() =>
        Assert.That(() => _driver.Compile(OpenClSources.Increment with { Name = "decrement" }), Throws.InstanceOf<KernelCompilationException>().With.Message.Contains("CL_INVALID_KERNEL_NAME"));

    [Test]
    public void Launch_GroupThatTheKernelWasNotBuiltFor_NamesCallCodeAndKernel()
    {
        using Block block = new(_driver, 4096);
        CompiledKernel kernel = _driver.Compile(OpenClSources.Increment with { GroupSize = 32 });
        Assert.That(
            () => _driver.Launch(kernel, new LaunchGrid(1), [KernelArgument.Buffer(block.Handle, 0)]),
            Throws.InstanceOf<EngineException>().With.Message.Contains("clEnqueueNDRangeKernel").And.Message.Contains("CL_INVALID_WORK_GROUP_SIZE (-54)").And.Message.Contains("increment"));
        _driver.Synchronize();
    }

    [Test]
    public void Launch_TooFewArguments_IsATypedError() =>
        Assert.That(() => _driver.Launch(_driver.Compile(OpenClSources.Increment), new LaunchGrid(1), []), Throws.InstanceOf<EngineException>().With.Message.Contains("increment"));

    [Test]
    public void TryAllocate_MoreThanTheDeviceGrants_SaysSo()
    {
        Assert.That(_driver.TryAllocate(_driver.LargestBlock + 1, out nint handle), Is.False);
        Assert.That(handle, Is.EqualTo((nint)0));
        Assert.That(_driver.TryAllocate(long.MaxValue, out handle), Is.False);
    }

    [Test]
    public void Binary_LoadedAgain_ComputesTheSame()
    {
        KernelSource source = OpenClSources.Increment;
        byte[] binary = _driver.GetBinary(_driver.Compile(source));
        Assert.That(binary, Is.Not.Empty);
        CompiledKernel? loaded = _driver.TryLoad(source, binary);
        Assert.That(loaded, Is.Not.Null);
        int[] values = [.. Enumerable.Range(0, 64)];
        using Block block = new(_driver, 256);
        _driver.Upload(MemoryMarshal.AsBytes(values), block.Handle, 0);
        _driver.Launch(loaded!, new LaunchGrid(1), [KernelArgument.Buffer(block.Handle, 0)]);
        _driver.Download(block.Handle, 0, MemoryMarshal.AsBytes(values.AsSpan()));
        Assert.That(values, Is.EqualTo(Enumerable.Range(1, 64)));
    }

    [Test]
    public void TryLoad_Nonsense_IsRefusedQuietly()
    {
        Assert.That(_driver.TryLoad(OpenClSources.Increment, RandomBytes(100)), Is.Null);
        Assert.That(_driver.TryLoad(OpenClSources.Increment, []), Is.Null);
    }

    [Test]
    public void Events_AroundWork_AreDoneInOrderAndMeasureTime()
    {
        using Block block = new(_driver, 1 << 20);
        using GpuEvent before = _driver.RecordEvent();
        _driver.Clear(block.Handle, 0, 1 << 20);
        using GpuEvent after = _driver.RecordEvent();
        after.Wait();
        Assert.That(before.IsDone, Is.True);
        Assert.That(after.IsDone, Is.True);
        Assert.That(after.MillisecondsSince(before), Is.InRange(0, 60_000));
    }

    [Test]
    public void Dispose_ThenAnyCall_IsRefusedButFreeIsNot()
    {
        OpenClDriver driver = OpenClMachine.NewDriver();
        Assert.That(driver.TryAllocate(64, out nint handle), Is.True);
        driver.Dispose();
        driver.Dispose();
        Assert.That(() => driver.Synchronize(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => driver.Free(handle), Throws.Nothing);
    }

    private static byte[] RandomBytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return bytes;
    }
}
