using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>
/// The machine's OpenCL device, said to have no double precision as many cards have none: float32 and integer work needs none, and what does
/// is refused in its own call.
/// </summary>
[TestFixture]
internal sealed class FirstContactTests
{
    private OpenClDevice _device = null!;

    private static IEnumerable<TestCaseData> Work =>
    [
        Case("Arange", static d => Tensor.Arange(0, 7, device: d, dtype: DType.Float32)),
        Case("Arange, fractions", static d => Tensor.Arange(-1, 2, 0.1, DType.Float32, d)),
        Case("Linspace", static d => Tensor.Linspace(0, 1, 11, device: d)),
        Case("Linspace, whole", static d => Tensor.Linspace(-5, 5, 11, device: d)),
        Case("RandInt", static d => Tensor.RandInt([40], -3, 100, new Generator(5), d)),
        Case("Rand", static d => Tensor.Rand([40], -3, 100, new Generator(5), device: d)),
        Case("Randn", static d => Tensor.Randn([40], 1, 2, new Generator(5), device: d)),
        Case("Eye", static d => Tensor.Eye(3, device: d)),
        Case("Sin", static d => X(d).Sin()),
        Case("integer division", static d => Integers(d) / 4),
        Case("integer product", static d => Integers(d).Reshape(3, 4).MatMul(Integers(d).Reshape(4, 3))),
        Case("integer mean", static d => Integers(d).Mean()),
        Case("ArgMax", static d => X(d).ArgMax(0)),
        Case("Var", static d => X(d).Var(0)),
        Case("CumSum", static d => X(d).CumSum(0)),
        Case("Sort", static d => X(d).Sort(0).Values),
        Case("Softmax", static d => X(d).Reshape(3, 4).Softmax(-1)),
        Case("AdaptiveAvgPool2d", static d => X(d).Reshape(1, 1, 3, 4).AdaptiveAvgPool2d(new Size2(2, 3))),
        Case("CopyFrom", static d =>
        {
            Tensor y = Tensor.Zeros([3], device: d);
            y.CopyFrom([1.5, 2.5, 3.5]);
            return y;
        }),
    ];

    [OneTimeSetUp]
    public void Open()
    {
        GpuTarget target;
        using (OpenClDriver driver = OpenClMachine.NewDriver())
        {
            target = driver.Target;
        }

        _device = new OpenClDevice("opencl:single", OpenClMachine.NewDriver(target with { HasFloat64 = false }));
    }

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    [TestCaseSource(nameof(Work))]
    public void Work_WithoutDoublePrecision_GivesWhatTheCpuGives(Func<Device, Tensor> work)
    {
        Tensor actual = work(_device), expected = work(Device.Cpu);
        Assert.That((actual.DType, actual.Shape, actual.Device), Is.EqualTo((expected.DType, expected.Shape, (Device)_device)));
        Assert.That(actual.ToArray<double>(), Is.EqualTo(expected.ToArray<double>()).Within(2e-6).Percent.Or.EqualTo(expected.ToArray<double>()).Within(1e-5));
    }

    [Test]
    public void Reading_InAnyType_ConvertsOnTheHost()
    {
        Tensor x = Tensor.From<float>([1.5f, -2.25f, 3e9f], _device), i = Tensor.From<long>([(1L << 53) + 1, -7], _device);
        Assert.That(x[0].Item(), Is.EqualTo(1.5));
        Assert.That(x.ToArray<double>(), Is.EqualTo(new[] { 1.5, -2.25, 3e9 }));
        Assert.That(x.ToArray<int>(), Is.EqualTo(new[] { 1, -2, int.MaxValue }));
        Assert.That(x.Flip().ToArray<double>(), Is.EqualTo(new[] { 3e9, -2.25, 1.5 }));
        Assert.That(i.ToArray<double>(), Is.EqualTo(new[] { 9007199254740992.0, -7 }));
        Assert.That(x.ToString(), Does.Contain("1.5"));
        using LaunchCount count = _device.CountLaunches();
        _ = x.ToArray<double>();
        _ = i.ToArray<float>();
        x.CopyFrom([3.0, 2, 1]);
        Assert.That(count.Kernels, Is.Empty, "no kernel is needed for that");
    }

    [Test]
    public void Float64_IsRefusedInItsOwnCall_AndTheDeviceGoesOn()
    {
        Tensor x = X(_device);
        Assert.That(_device.HasFloat64, Is.False);
        Assert.That(() => Tensor.Arange(0, 3, dtype: DType.Float64, device: _device), Unsupported);
        Assert.That(() => Tensor.Zeros([2], DType.Float64, _device), Unsupported);
        Assert.That(() => Tensor.From([1.0, 2], _device), Unsupported);
        Assert.That(() => Tensor.Rand([2], dtype: DType.Float64, device: _device), Unsupported);
        Assert.That(() => x.To(DType.Float64), Unsupported);
        Assert.That(() => Pointwise.Into(x, Programs.Copy, [x], [], DType.Float64), Unsupported);
        Assert.That((x + 1).Sum().Item(), Is.EqualTo((X(Device.Cpu) + 1).Sum().Item()).Within(1e-4));
        _device.Synchronize();
    }

    private static NUnit.Framework.Constraints.IResolveConstraint Unsupported => Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains("double precision");

    private static TestCaseData Case(string name, Func<Device, Tensor> work) => new TestCaseData(work).SetArgDisplayNames(name);

    private static Tensor X(Device device) => Tensor.From<float>([3, -1, 4, 1, -5, 9, 2, 6, -5.5f, 3.5f, 8, 9.5f], device);

    private static Tensor Integers(Device device) => Tensor.From<long>([3, -1, 4, 1, -5, 9, 2, 6, -5, 3, 8, 9], device);
}
