using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Launches are compared with what their kernel declares, on every driver.</summary>
[TestFixture]
internal sealed class LaunchCheckTests
{
    private static readonly GpuTarget s_target = new() { Api = GpuApi.OpenCl, ComputeUnits = 4, SharedBytes = 32 << 10 };

    private static IEnumerable<TestCaseData> Drivers =>
    [
        new TestCaseData((Func<GpuDriver>)(static () => new ScriptedDriver())).SetArgDisplayNames("scripted"),
        new TestCaseData((Func<GpuDriver>)(static () => OpenClMachine.NewDriver())).SetArgDisplayNames("opencl"),
        new TestCaseData((Func<GpuDriver>)InterpretedCuda.CreateDriver).SetArgDisplayNames("interpreted cuda"),
    ];

    [Test]
    public void Switch_InTestProcesses_IsOn() => Assert.That(LaunchCheck.IsOn);

    [TestCaseSource(nameof(Drivers))]
    public void Launch_ArgumentsThatDoNotFit_Throws(Func<GpuDriver> make)
    {
        using TestDevice device = new(make());
        using Tensor x = Tensor.From<float>([1, 2, 3, 4], device), y = Tensor.Zeros([4], device: device), i = Tensor.Zeros([4], DType.Int64, device);
        KernelArgument from = x.Operand, to = y.Operand, integers = i.Operand;
        KernelEntry entry = device.CompiledKernels.Find(new Scale(), compilesAhead: false);

        Assert.That(() => Launch(from, to, 4, 2f), Throws.Nothing);
        Assert.That(() => Launch(from, to, 4), Throws.InvalidOperationException.With.Message.Contains("scale takes 4 arguments, the launch gives 3"));
        Assert.That(() => Launch(from, to, 4, 2f, 0), Throws.InvalidOperationException.With.Message.Contains("scale takes 4 arguments, the launch gives 5"));
        Assert.That(() => Launch(from, to, 4L, 2f), Throws.InvalidOperationException.With.Message.Contains("scale: argument 2 is count (Int32), the launch gives Int64"));
        Assert.That(() => Launch(from, to, 4u, 2f), Throws.InvalidOperationException.With.Message.Contains("Int32, the launch gives UInt32").Or.Message.Contains("the launch gives UInt32"));
        Assert.That(() => Launch(from, to, 2f, 4), Throws.InvalidOperationException.With.Message.Contains("argument 2"), "swapped numbers of one size");
        Assert.That(() => Launch(from, to, 4, 2.0), Throws.InvalidOperationException.With.Message.Contains("Float64"));
        Assert.That(() => Launch(4, to, from, 2f), Throws.InvalidOperationException.With.Message.Contains("argument 0"));
        Assert.That(() => Launch(from, integers, 4, 2f), Throws.InvalidOperationException.With.Message.Contains("y (f32 buffer), the launch gives a i64 buffer"));

        device.Work.Drain();
        Assert.That(() => Launch(from, to, 4), Throws.InvalidOperationException, "also of a kernel that is there");
        Assert.That(() => Launch(from, to, 4, 2f), Throws.Nothing, "and the device goes on");
        if (device.Driver is not ScriptedDriver)
        {
            Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 2, 4, 6, 8 }));
            Assert.That(() => device.Driver.Launch(entry.Wait(), new LaunchGrid(1), [to]), Throws.InvalidOperationException, "past the queue as well");
        }

        void Launch(params ReadOnlySpan<KernelArgument> arguments) => device.Work.Launch(entry, new LaunchGrid(1), arguments);
    }

    [Test]
    public void Signature_ReadsAndWrites_AreToldApart()
    {
        KernelBuilder k = new("k", s_target, 64);
        Memory read = k.Buffer("read", DType.Float32, readOnly: true), written = k.Buffer("written", DType.Float32), both = k.Buffer("both", DType.Int32);
        Value number = k.Scalar("number", RegisterType.UInt32);
        Memory unused = k.Buffer("unused", DType.Float16);
        k.If(k.LocalId < 3, () => k.Store(written, k.LocalId, k.Load(read, k.LocalId)), () => k.For(0, k.Int32(4), 1, i => k.Store(both, i, k.Load(both, i) + number.To(RegisterType.Int32))));
        KernelSignature signature = KernelSignature.Of(k.Build());

        Assert.That(signature.Slots.ToArray(), Is.EqualTo(new[]
        {
            new ParameterSlot("read", ArgumentKind.Buffer, DType.Float32, IsRead: true, IsWritten: false),
            new ParameterSlot("written", ArgumentKind.Buffer, DType.Float32, IsRead: false, IsWritten: true),
            new ParameterSlot("both", ArgumentKind.Buffer, DType.Int32, IsRead: true, IsWritten: true),
            new ParameterSlot("number", ArgumentKind.UInt32, default, IsRead: false, IsWritten: false),
            new ParameterSlot("unused", ArgumentKind.Buffer, unused.Element, IsRead: false, IsWritten: false),
        }));
    }

    [Test]
    public void Signature_BuffersBehindAPointer_CountAsWhatIsDoneThroughIt()
    {
        KernelBuilder k = new("k", s_target, 64);
        Memory a = k.Buffer("a", DType.Float32), b = k.Buffer("b", DType.Float32), pointer = k.Pointer("pointer", DType.Float32);
        k.If(k.GroupX.Is(0), () => k.Point(pointer, a), () => k.Point(pointer, b));
        k.Store(pointer, k.LocalId, k.Float32(1));
        foreach (ParameterSlot slot in KernelSignature.Of(k.Build()).Slots)
        {
            Assert.That((slot.IsRead, slot.IsWritten), Is.EqualTo((false, true)), slot.Name);
        }
    }

    /// <summary>y = factor · x.</summary>
    private readonly record struct Scale : IKernelDefinition
    {
        public Kernel Build(GpuTarget target)
        {
            KernelBuilder k = new("scale", target, Math.Min(64, target.MaxGroupSize));
            Memory x = k.Buffer("x", DType.Float32, readOnly: true), y = k.Buffer("y", DType.Float32);
            Value count = k.Size("count"), factor = k.Scalar("factor", RegisterType.Float32);
            k.If(k.GlobalId < count, () => k.Store(y, k.GlobalId, k.Load(x, k.GlobalId) * factor));
            return k.Build();
        }
    }
}
