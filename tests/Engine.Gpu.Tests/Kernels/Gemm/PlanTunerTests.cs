using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Measured plans: what is measured, what it changes, and what of it is believed later.</summary>
[TestFixture]
internal sealed class PlanTunerTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("plans").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Tune_OfAStep_MeasuresEachShapeOnceAndLeavesResultsAsTheyShouldBe([Values("opencl", "interpreter")] string name)
    {
        using GpuDevice device = NewDevice(name);
        Tensor[] results = [];
        int count = device.Tune(() => results = Step(device), TimeSpan.FromMinutes(5));
        Tensor[] expected = Step(Device.Cpu);
        Assert.That(count, Is.EqualTo(4), "a product, a convolution and its two gradients");
        Assert.That(device.Plans.Count, Is.EqualTo(4));
        Tensor[] later = Step(device), again = Step(device);
        for (int i = 0; i < expected.Length; i++)
        {
            Compare.AssertClose(results[i], expected[i], 2e-4, $"result {i} of the measured step");
            Assert.That(later[i].ToArray<float>(), Is.EqualTo(results[i].ToArray<float>()), $"result {i}: the same choices give the same bits");
            Assert.That(again[i].ToArray<float>(), Is.EqualTo(later[i].ToArray<float>()), $"result {i}");
        }

        Assert.That(device.Tune(() => Step(device), TimeSpan.FromMinutes(5)), Is.Zero, "all is measured");
    }

    [Test]
    public void Tune_WithoutTime_RunsTheStepAndKeepsNothing()
    {
        using GpuDevice device = NewDevice("interpreter");
        bool ran = false;
        int count = device.Tune(() => ran = Step(device).Length > 0, TimeSpan.Zero);
        Assert.That((ran, count, device.Plans.Count), Is.EqualTo((true, 0, 0)));
    }

    [Test]
    public void Tune_OfAStepThatThrows_ThrowsThatAndMeasuresNoMore()
    {
        using GpuDevice device = NewDevice("interpreter");
        Assert.That(() => device.Tune(static () => throw new InvalidDataException("step"), TimeSpan.FromMinutes(1)), Throws.TypeOf<InvalidDataException>());
        _ = Step(device);
        Assert.That(device.Plans.Count, Is.Zero);
    }

    [Test]
    public void Tune_BadArgumentsAndDevicesWithoutChoices()
    {
        using GpuDevice device = NewDevice("interpreter");
        Assert.That(() => device.Tune(null!, TimeSpan.Zero), Throws.ArgumentNullException);
        Assert.That(() => device.Tune(static () => { }, TimeSpan.FromSeconds(-1)), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(Device.Cpu.Tune(static () => throw new InvalidOperationException("not run"), TimeSpan.FromSeconds(1)), Is.Zero);
    }

    [Test]
    public void Plans_Saved_AreThoseOfTheNextDeviceWithThatDriverAlone()
    {
        using GpuDevice device = NewDevice("interpreter");
        (PlanKey key, GemmPlan model, GemmPlan other) = OtherPlan(device.Driver.Target);
        PlanBook book = NewBook("driver 1");
        book.Add(key, other);
        book.Save();
        Assert.That(NewBook("driver 1").TryFind(key, device.Driver.Target, out GemmPlan found), Is.True);
        Assert.That(found, Is.EqualTo(other).And.Not.EqualTo(model));
        Assert.That(NewBook("driver 2").Count, Is.Zero);

        // Two processes: neither loses what the other one has written.
        PlanBook second = NewBook("driver 1");
        PlanKey wider = key with { N = key.N + 1 };
        second.Add(wider, other);
        book.Add(key with { M = 7777 }, other);
        book.Save();
        second.Save();
        Assert.That(NewBook("driver 1").Count, Is.EqualTo(3));
    }

    [TestCase("not numbers\n")]
    [TestCase("1 2 3\n")]
    [TestCase("0 0 0 1 64 64 64 0 0 0 0 0 0 0 0 99999999999 64 8 8 8 2 0 8\n")]
    public void Plans_OfAFileThatMakesNoSense_AreIgnored(string text)
    {
        new DiskCache(_folder).Write(new KernelSource("measured_plans", "1", 0, 0), "driver", System.Text.Encoding.ASCII.GetBytes(text));
        Assert.That(NewBook("driver").Count, Is.Zero);
    }

    [Test]
    public void Plans_OfADamagedFile_AreIgnored()
    {
        using GpuDevice device = NewDevice("interpreter");
        (PlanKey key, _, GemmPlan other) = OtherPlan(device.Driver.Target);
        PlanBook book = NewBook("driver");
        book.Add(key, other);
        book.Save();
        string file = Directory.GetFiles(_folder).Single();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^2] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.That(NewBook("driver").Count, Is.Zero);
    }

    /// <summary>A file may be right and still not fit: it was written for other limits, or by hand.</summary>
    [Test]
    public void Plans_ThatTheDeviceHasNot_AreNotUsed()
    {
        using GpuDevice device = NewDevice("interpreter");
        GpuTarget target = device.Driver.Target;
        (PlanKey key, _, GemmPlan other) = OtherPlan(target);
        PlanBook book = NewBook("driver");
        foreach (GemmPlan plan in (GemmPlan[])[default, other with { Tile = other.Tile with { BM = 3 } }, other with { Parts = 1 << 20 }, other with { Tile = new GemmTile(8, 64, 8, 8, 1, 1) }])
        {
            book.Add(key, plan);
            Assert.That(book.TryFind(key, target, out _), Is.False);
        }

        book.Add(key, other);
        Assert.That(book.TryFind(key, target, out _), Is.True);
        Assert.That(book.TryFind(key, target with { SharedBytes = 1 << 10 }, out _), Is.False);
    }

    [Test]
    public void Plans_OfEachRank_GiveTheProduct()
    {
        using GpuDevice device = NewDevice("interpreter");
        Tensor a = Compare.Random([70, 300], 1, -1, 1, DType.Float32), b = Compare.Random([300, 90], 2, -1, 1, DType.Float32), expected = a.MatMul(b);
        PlanKey key = new(PlanKind.Product, DType.Float32, DType.Float32, 1, 70, 90, 300, default, default);
        GemmPlan[] plans = [.. GemmPlan.Ranked(device.Driver.Target, key, int.MaxValue)];
        Assert.That(plans, Has.Length.GreaterThan(8));
        Assert.That(plans[0], Is.EqualTo(GemmPlan.Choose(device.Driver.Target, DType.Float32, 1, 70, 90, 300)));
        foreach (GemmPlan plan in plans)
        {
            device.Plans.Add(key, plan);
            using LaunchCount count = device.CountLaunches();
            Compare.AssertClose(a.To(device).MatMul(b.To(device)), expected, 1e-4, plan.ToString());
            Assert.That(count.Launches.Select(static launch => launch.Name), Has.Some.Contains(plan.Tile.Name), "the plan was used");
        }
    }

    private GpuDevice NewDevice(string name)
    {
        GpuDevice device = name == "interpreter" ? InterpretedCuda.CreateDevice() : new OpenClDevice("opencl:tuned", OpenClMachine.NewDriver());
        device.Plans = NewBook(device.Driver.Identity);
        return device;
    }

    private PlanBook NewBook(string identity) => new(new DiskCache(_folder), identity);

    private static (PlanKey Key, GemmPlan Model, GemmPlan Other) OtherPlan(GpuTarget target)
    {
        PlanKey key = new(PlanKind.Product, DType.Float32, DType.Float32, 1, 512, 512, 512, default, default);
        GemmPlan[] plans = [.. GemmPlan.Ranked(target, key, 3)];
        return (key, plans[0], plans[2]);
    }

    private static Tensor[] Step(Device device)
    {
        Tensor x = Compare.Random([2, 16, 9, 9], 1, -1, 1, DType.Float32).To(device), w = Compare.Random([24, 16, 3, 3], 2, -1, 1, DType.Float32).To(device);
        Tensor a = Compare.Random([48, 40], 3, -1, 1, DType.Float32).To(device), b = Compare.Random([40, 72], 4, -1, 1, DType.Float32).To(device);
        x.RequiresGrad = w.RequiresGrad = true;
        Tensor y = x.Conv2d(w, padding: 1);
        y.Sum().Backward();
        return [a.MatMul(b), y.Detach(), x.Grad!, w.Grad!];
    }
}
