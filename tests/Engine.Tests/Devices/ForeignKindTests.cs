using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Devices;

/// <summary>Devices of a kind that the engine does not know: what their backend registers is found, chosen and used as the engine's own.</summary>
internal sealed class ForeignKindTests
{
    private static readonly DeviceKind s_metal = new("metal");

    [Test]
    public void Kind_IsItsNameInAnyCase()
    {
        DeviceKind kind = new("Metal");
        Assert.That(kind, Is.EqualTo(s_metal));
        Assert.That(kind == s_metal && kind != DeviceKind.Cuda);
        Assert.That(kind.GetHashCode(), Is.EqualTo(s_metal.GetHashCode()));
        Assert.That((kind.Name, kind.ToString()), Is.EqualTo(("metal", "metal")));
        Assert.That(new DeviceKind("CUDA"), Is.EqualTo(DeviceKind.Cuda));
        Assert.That((DeviceKind[])[DeviceKind.Cpu, DeviceKind.Cuda, DeviceKind.OpenCl], Is.Unique);
    }

    [TestCase("")]
    [TestCase("auto")]
    [TestCase("Auto")]
    [TestCase("metal:0")]
    [TestCase("me tal")]
    [TestCase("3d")]
    [TestCase("grafik-é")]
    public void Kind_NameThatNoDeviceCouldBeFoundBy_IsRefused(string name) =>
        Assert.That(() => new DeviceKind(name), Throws.ArgumentException.With.Property("ParamName").EqualTo("name"));

    [Test]
    public void Kind_Unset_NoDeviceCanHaveIt()
    {
        Assert.That(default(DeviceKind).Name, Is.Empty);
        Assert.That(() => new ForeignDevice("metal:0", default), Throws.ArgumentException.With.Message.Contains("'metal:0' has no kind").And.Property("ParamName").EqualTo("kind"));

        // What is left of the device has a finalizer, whose exception would end the process.
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [Test]
    public void All_RegisteredDevicesComeFirst_ProcessorsOfAnotherKindLast()
    {
        DeviceRegistry registry = NewRegistry();
        registry.Register(new Provider("Other", new ForeignDevice("other:0", new DeviceKind("other"), isProcessor: true), new ForeignDevice("metal:0", s_metal), new ForeignDevice("metal:1", s_metal)));
        Assert.That(registry.All.Select(static device => device.Name), Is.EqualTo(new[] { "metal:0", "metal:1", "cuda:0", "cpu", "other:0", "opencl:0" }));
        Assert.That(registry.Best().Name, Is.EqualTo("metal:0"));
    }

    [Test]
    public void Default_IsTheBest_UntilItIsSet()
    {
        DeviceRegistry registry = NewRegistry();
        registry.Register(new Provider("Metal", new ForeignDevice("metal:0", s_metal)));
        Assert.That(registry.Default.Kind, Is.EqualTo(s_metal));
        registry.Default = registry.Get("cpu");
        Assert.That(registry.Default.Kind, Is.EqualTo(DeviceKind.Cpu));
    }

    [TestCase("metal", "metal:0")]
    [TestCase("metal:0", "metal:0")]
    [TestCase("METAL:1", "metal:1")]
    [TestCase("auto", "metal:0")]
    [TestCase("cuda", "cuda:0")]
    [TestCase("CPU", "cpu")]
    public void Get_FindsForeignDevicesAsTheEnginesOwn(string name, string expected)
    {
        DeviceRegistry registry = NewRegistry();
        registry.Register(new Provider("Metal", new ForeignDevice("metal:0", s_metal), new ForeignDevice("metal:1", s_metal)));
        Assert.That(registry.Get(name).Name, Is.EqualTo(expected));
    }

    [Test]
    public void Get_WhatIsNotThere_NamesTheForeignDevicesAndWhatWasTried()
    {
        DeviceRegistry registry = NewRegistry();
        registry.Register(new Provider("Metal", new ForeignDevice("metal:0", s_metal)));
        DeviceUnavailableException error = Assert.Throws<DeviceUnavailableException>(() => registry.Get("metal:7"))!;
        Assert.That(error.Message, Does.Contain("There is no device 'metal:7'. Found: metal:0, cuda:0, cpu, opencl:0.").And.Contains("found    Metal: metal:0: a test"));
        Assert.That(registry.Report.Entries.Select(static entry => entry.Provider), Is.EqualTo(new[] { "Metal", "Engine", "Engine", "Engine" }));
    }

    [Test]
    public void Register_AfterAFirstLook_DevicesAreFoundToo()
    {
        DeviceRegistry registry = NewRegistry();
        Assert.That(registry.Best().Kind, Is.EqualTo(DeviceKind.Cuda));
        registry.Register(new Provider("Metal", new ForeignDevice("metal:0", s_metal)));
        Assert.That(registry.Best().Kind, Is.EqualTo(s_metal));
    }

    [Test]
    public void Get_Cpu_LooksForNoCard()
    {
        int looks = 0;
        ForeignDevice cpu = new("cpu", DeviceKind.Cpu, isProcessor: true);
        DeviceRegistry registry = new(
            _ =>
            {
                looks++;
                return [new Provider("Gpu", new ForeignDevice("cuda:0", DeviceKind.Cuda))];
            },
            _ => new Provider("Cpu", cpu));
        Assert.That(registry.Get("CPU"), Is.SameAs(cpu));
        Assert.That(looks, Is.Zero);

        Assert.That(registry.All.Select(static device => device.Name), Is.EqualTo(new[] { "cuda:0", "cpu" }));
        Assert.That(looks, Is.EqualTo(1));
        Assert.That(registry.Report.Entries.Select(static entry => entry.Provider), Is.EqualTo(new[] { "Gpu", "Cpu" }));
    }

    [Test]
    public void Get_Cpu_IsTheRegisteredBackendsWhereItHasOne_AndStaysTheSameObject()
    {
        ForeignDevice engines = new("cpu", DeviceKind.Cpu, isProcessor: true), registered = new("cpu", DeviceKind.Cpu, isProcessor: true);
        DeviceRegistry registry = new(static _ => [], _ => new Provider("Cpu", engines));
        Assert.That(registry.Get("cpu"), Is.SameAs(engines));
        registry.Register(new Provider("Metal", new ForeignDevice("metal:0", s_metal)));
        Assert.That(registry.Get("cpu"), Is.SameAs(engines));
        registry.Register(new Provider("Own", registered));
        Assert.That(registry.Get("cpu"), Is.SameAs(registered));
    }

    [Test]
    public void Registry_WithoutAnyDevice_SaysWhatToReference()
    {
        DeviceRegistry registry = new(static _ => []);
        Assert.That(() => registry.Best(), Throws.TypeOf<DeviceUnavailableException>().With.Message.Contains("No device was found. Reference Engine.Cpu or Engine.Gpu."));
        Assert.That(() => registry.Get("metal"), Throws.TypeOf<DeviceUnavailableException>().With.Message.Contains("Found: none."));
        registry.Register(new Provider("Metal", new ForeignDevice("metal:0", s_metal)));
        Assert.That(registry.Best().Name, Is.EqualTo("metal:0"));
    }

    [Test]
    public void ModuleTo_ForeignDevice_ComputesAndTrainsThere()
    {
        ForeignDevice device = new("metal:0", s_metal);
        Device cpu = Device.Cpu;
        Linear model = new(3, 2);
        model.To(cpu);
        Tensor x = Tensor.Randn([4, 3], device: cpu);
        float[] expected = model.Forward(x).ToArray<float>();

        model.To(device);
        Assert.That(model.Parameters.Select(static p => p.Device), Is.All.SameAs(device));
        Tensor y = model.Forward(x.To(device));
        Assert.That(y.Device.Kind, Is.EqualTo(s_metal));
        Assert.That(y.ToArray<float>(), Is.EqualTo(expected).Within(1e-5));

        float[] before = model.Weight.ToArray<float>();
        new Sgd(model.Parameters, 0.1).Step(() =>
        {
            Tensor loss = model.Forward(x.To(device)).Square().Mean();
            loss.Backward();
            return loss;
        });
        Assert.That(model.Weight.ToArray<float>(), Is.Not.EqualTo(before));
        Assert.That(() => model.Forward(x), Throws.TypeOf<DeviceMismatchException>().With.Message.Contains("metal:0"));
    }

    /// <summary>A registry whose "engine" has a card, the CPU and a processor behind OpenCL.</summary>
    private static DeviceRegistry NewRegistry() => new(static _ =>
    [
        new Provider(
            "Engine",
            new ForeignDevice("opencl:0", DeviceKind.OpenCl, isProcessor: true),
            new ForeignDevice("cuda:0", DeviceKind.Cuda),
            new ForeignDevice("cpu", DeviceKind.Cpu, isProcessor: true)),
    ]);

    private sealed class Provider(string name, params Device[] devices) : DeviceProvider
    {
        public override string Name => name;

        public override IEnumerable<Device> Discover(ICollection<ProbeEntry> report)
        {
            foreach (Device device in devices)
            {
                report.Add(new ProbeEntry(Name, device.Name, true, "a test"));
            }

            return devices;
        }
    }

    private sealed class ForeignDevice(string name, DeviceKind kind, bool isProcessor = false) : HostDevice(name, kind)
    {
        public override bool IsProcessor => isProcessor;

        public override Backend Backend { get; } = new ReferenceBackend();
    }
}
