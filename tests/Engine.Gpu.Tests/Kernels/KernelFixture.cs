using Engine.PtxInterpreter;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>
/// Runs kernels on a device of the machine: as it is, and with groups of 64 as small cards have them; and on the interpreter of PTX, which
/// checks every access.
/// </summary>
internal abstract class KernelFixture(Func<GpuTarget, GpuTarget> limits, bool isInterpreted = false, bool hasFloat64 = true, MathMode mode = MathMode.Strict, bool usesIlgpu = false, bool usesWarpgroups = false)
{
    /// <summary>Among <see cref="GroupLimits"/>: the interpreter.</summary>
    private const int Interpreter = -1;

    /// <summary>Among <see cref="GroupLimits"/>: the interpreter of a card without double precision.</summary>
    private const int SinglePrecision = -2;

    private CaseShare? _share;
    private GpuDriver? _driver;
    private TestDevice? _device;

    /// <summary>With groups of at most so many work-items; 0 for the device's own limit.</summary>
    protected KernelFixture(int largestGroup)
        : this(target => largestGroup > 0 ? target with { MaxGroupSize = largestGroup } : target, largestGroup < 0, largestGroup != SinglePrecision)
    {
    }

    /// <summary>A device's limits, driver and mode.</summary>
    protected KernelFixture(TargetVariant variant)
        : this(target => TargetVariants.Of(target, variant), TargetVariants.IsInterpreted(variant), variant != TargetVariant.InterpreterSinglePrecision, TargetVariants.Mode(variant), TargetVariants.IsIlgpu(variant), TargetVariants.HasWarpgroups(variant))
    {
    }

    /// <summary>The largest groups to build kernels for; 0 for the device's own limit, −1 for the interpreter, −2 for it without doubles.</summary>
    public static readonly int[] GroupLimits = [0, 64, SinglePrecision, Interpreter];

    /// <summary>The kernels.</summary>
    protected Backend Backend => Device.Backend;

    /// <summary>The device.</summary>
    protected GpuDevice Device => _device!;

    [OneTimeSetUp]
    public void OpenDevice()
    {
        if (isInterpreted)
        {
            _driver = InterpretedCuda.CreateDriver(target => limits(target with { HasFloat64 = hasFloat64, PrefersWarpgroups = usesWarpgroups }), usesWarpgroups ? 90 : 80);
            _device = new TestDevice(_driver, usesIlgpu) { MathMode = mode };
            _share = hasFloat64 && (mode == MathMode.Strict || usesWarpgroups) ? null : CaseShare.OfAnotherArithmetic();
            if (usesWarpgroups)
            {
                ((GpuBackend)_device.Backend).LeastRounded = 1;
            }

            return;
        }

        _driver = OpenClMachine.NewDriver();
        GpuTarget target = limits(_driver.Target);
        if (target != _driver.Target)
        {
            KernelDevices.SkipOnProcessor(_driver.Target);
            _driver.Dispose();
            _driver = OpenClMachine.NewDriver(target);
        }

        _device = new TestDevice(_driver, usesIlgpu);
        _share = target.IsProcessor ? CaseShare.OfProcessor() : null;
    }

    [SetUp]
    public void SkipBeyondTheShare()
    {
        _share?.SkipBeyond();
    }

    [TearDown]
    public void CheckRegisters() => Spills.AssertNone(Device);

    [OneTimeTearDown]
    public void CloseDevice()
    {
        _device?.Dispose();
        _driver?.Dispose();
    }

    /// <summary>Numbers of a shape on the device.</summary>
    protected DeviceArray Array(DType dtype, Shape shape, Func<int, double> value, Placement placement = Placement.Dense)
    {
        if (dtype == DType.Float64)
        {
            KernelDevices.RequireFloat64(Device);
        }

        return new DeviceArray(Device, dtype, shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(value)], placement);
    }

    /// <summary>Room for a result, filled with a number that no kernel leaves behind.</summary>
    protected DeviceArray Result(DType dtype, Shape shape, Placement placement = Placement.Dense) => Array(dtype, shape, static _ => 77, placement);

    /// <summary>Reproducible numbers in (−1, 1), different for each seed.</summary>
    protected static Func<int, double> Noise(int seed)
    {
        Random random = new(seed);
        return _ => (2 * random.NextDouble()) - 1;
    }

    /// <summary>The factors that the launches of a product multiplied.</summary>
    protected Factors FactorsOf(LaunchCount count, DType dtype) => new(dtype == DType.Float32 && Factors.UsedTensorCores(count) ? mode : MathMode.Strict);

    /// <summary>Asserts that what is on the device is what it should be, to the precision of its type.</summary>
    protected static void AssertClose(string what, double[] expected, DeviceArray actual, double relative = 0, double absolute = 0)
    {
        double unit = actual.DType switch
        {
            DType.Float64 => 1e-14,
            DType.Float32 => 2e-6,
            DType.Float16 => 1e-3,
            DType.BFloat16 => 8e-3,
            _ => 0,
        };
        Close.AssertAll(what, expected, actual.Read(), Math.Max(relative, unit), Math.Max(absolute, unit));
    }
}
