using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Devices;

/// <summary>
/// Tests that run once per device. Meanwhile the default device is another one, so that an operation that forgets its operands' device
/// is found out.
/// </summary>
internal abstract class DeviceFixture(string deviceName)
{
    private static readonly ReferenceDevice s_elsewhere = new();

    private CaseShare? _share;

    /// <summary>The device under test.</summary>
    protected Device Device { get; private set; } = ReferenceDevice.Shared;

    /// <summary>The floating types that the device computes with.</summary>
    protected DType[] FullTypes => Device.HasFloat64 ? [DType.Float32, DType.Float64] : [DType.Float32];

    /// <summary>The most precise of them.</summary>
    protected DType Widest => FullTypes[^1];

    /// <summary>Whether some devices run a share of the cases of each method; not where the fixture itself says what they leave out.</summary>
    protected virtual bool SharesCases => true;

    /// <summary>Numbers on the device, in the most precise type that it has.</summary>
    protected Tensor MostPrecise(double[] values, Shape shape) => Rounded(values, shape, Widest);

    /// <summary>Numbers on the device in a type; they are converted elsewhere, as the device may lack double precision.</summary>
    protected Tensor Rounded(double[] values, Shape shape, DType dtype) => Tensor.From<double>(values, shape, ReferenceDevice.Shared).To(dtype).To(Device);

    /// <summary>Skips a test that is about float64, on a device without it: there making such a tensor is what fails, at once.</summary>
    protected void RequireFloat64()
    {
        if (!Device.HasFloat64)
        {
            Assert.That(() => Tensor.From<double>([1], Device), Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains("double precision"));
            Assert.Ignore("the device has no double precision");
        }
    }

    /// <summary>Skips a test whose kernels have other tests, where compiling them takes seconds each.</summary>
    protected void SkipSlowCompilers()
    {
        if (TestDevices.CompilesSlowly(Device))
        {
            Assert.Ignore("the interpreter runs the same programs; ENGINE_TEST_DEVICES=opencl runs them here");
        }
    }

    /// <summary>The device of a name that the fixture's source gives.</summary>
    protected virtual Device Use(string name) => TestDevices.Use(name);

    [OneTimeSetUp]
    public void UseDevice()
    {
        Device = Use(deviceName);
        _share = TestDevices.CompilesSlowly(Device) ? CaseShare.OfProcessor() : TestDevices.HasAnotherArithmetic(Device) ? CaseShare.OfAnotherArithmetic() : null;
        Device.Default = s_elsewhere;
    }

    [SetUp]
    public void SkipBeyondTheShare()
    {
        if (SharesCases)
        {
            _share?.SkipBeyond();
        }
    }

    [TearDown]
    public void CheckRegisters() => Spills.AssertNone(Device);

    [OneTimeTearDown]
    public void RestoreDefault() => Device.Default = Device.All.Count > 0 ? Device.Best() : ReferenceDevice.Shared;
}
