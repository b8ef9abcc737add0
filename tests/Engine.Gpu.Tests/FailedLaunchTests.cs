using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>A kernel that the driver refuses costs its own results; everything else on the device goes on.</summary>
[TestFixture]
internal sealed class FailedLaunchTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private ScriptedDriver _driver = null!;
    private TestDevice _device = null!;

    [SetUp]
    public void MakeDevice()
    {
        // The text tells the kernels apart: all of these are called map.
        _driver = new ScriptedDriver
        {
            Limits = new GpuTarget { Api = GpuApi.OpenCl, ComputeUnits = 4, SharedBytes = 32 << 10, HasMathFunctions = true },
            Compiling = static source => Refuse(source.Text.Contains("exp(", StringComparison.Ordinal)),
        };
        _device = new TestDevice(_driver);
    }

    [TearDown]
    public void DisposeDevice()
    {
        _device.Dispose();
        _driver.Dispose();
    }

    [Test]
    public void RefusedKernel_ItsResultAndWhatDependsOnIt_ThrowWhereTheyAreRead()
    {
        Tensor x = Numbers(), bad = x.Exp(), dependent = bad * 2, further = dependent.Sum();
        Assert.That(() => bad.ToArray<float>(), Refused);
        Assert.That(() => dependent.ToArray<float>(), Refused);
        Assert.That(() => further.Item(), Refused);
        Assert.That(() => bad.To(Device.Cpu), Refused);
        Assert.That(() => bad.ToString(), Refused);
    }

    [Test]
    public void RefusedKernel_ItsResultIsGatheredOrScattered_ThrowsWhereThatIsRead()
    {
        Tensor bad = Numbers().Exp(), index = Tensor.From<long>([0, 2], _device);
        Tensor gathered = bad.IndexSelect(0, index), scattered = Numbers().ScatterAdd(0, index, bad.Narrow(0, 0, 2)), whole = Numbers().IndexSelect(0, index);
        Assert.That(() => gathered.ToArray<float>(), Refused);
        Assert.That(() => scattered.ToArray<float>(), Refused);
        Assert.That(() => whole.ToArray<float>(), Throws.Nothing);
    }

    [Test]
    public void RefusedKernel_EverythingElse_GoesOn()
    {
        Tensor x = Numbers(), bad = x.Exp();
        Assert.That(_device.Synchronize, Throws.Nothing);
        Tensor y = x * 2, z = y + x;
        Assert.That(() => z.ToArray<float>(), Throws.Nothing);
        Assert.That(() => x.ToArray<float>(), Throws.Nothing);
        Assert.That(() => Numbers().ToArray<float>(), Throws.Nothing);
        Assert.That(() => bad.ToArray<float>(), Refused);
        Assert.That(() => (x * y).Sum().Item(), Throws.Nothing);
    }

    [Test]
    public void RefusedKernel_KnownWhenItsResultIsUsed_ThrowsInThatCall()
    {
        Tensor x = Numbers(), bad = x.Exp();
        _ = (x * 2).ToArray<float>();
        _ = (x + bad.Detach().ZerosLike()).ToArray<float>();
        Assert.That(() => bad * 2, Refused);
        Assert.That(() => x * 2, Throws.Nothing);
    }

    [Test]
    public void RefusedKernel_WhileOthersCompile_OrderAndResultsAreKept()
    {
        using ManualResetEventSlim gate = new();
        _driver.Compiling = source =>
        {
            Assert.That(gate.Wait(s_patience), "the test never opened the gate");
            Refuse(source.Text.Contains("exp(", StringComparison.Ordinal));
        };
        Tensor x = Numbers(), bad = x.Exp(), good = x * 3, both = bad + good;
        gate.Set();
        Assert.That(() => good.ToArray<float>(), Throws.Nothing);
        Assert.That(() => both.ToArray<float>(), Refused);
    }

    [Test]
    public void RefusedKernel_InPlace_TakesTheOldValuesWithIt()
    {
        Tensor x = Numbers(), target = Numbers();
        Pointwise.Into(target, Programs.Unary(Expr.Exp), [target]);
        Assert.That(() => target.ToArray<float>(), Refused, "the old values are not what they should have become");
        Assert.That(() => x.ToArray<float>(), Throws.Nothing);
        target.CopyFrom<float>([1, 2, 3]);
        Assert.That(() => target.ToArray<float>(), Throws.Nothing, "overwritten by the host");
    }

    [Test]
    public void RefusedKernel_ResultIsOverwrittenAsAWhole_IsGoodAgain()
    {
        Tensor bad = Numbers().Exp();
        Assert.That(() => bad.ToArray<float>(), Refused);
        bad.FillInPlace(1);
        Assert.That(() => bad.ToArray<float>(), Throws.Nothing);
        Assert.That(_device.Work.HasFailures, Is.False);
    }

    [Test]
    public void RefusedKernel_PartOfTheResultIsOverwritten_IsStillWithoutValues()
    {
        Tensor bad = Numbers().Exp();
        Assert.That(() => bad.ToArray<float>(), Refused);
        bad.Narrow(0, 0, 1).FillInPlace(1);
        Assert.That(() => bad.ToArray<float>(), Refused);
    }

    [Test]
    public void RefusedKernel_MemoryOfItsResult_ServesTheNextTensor()
    {
        Tensor bad = Numbers().Exp();
        nint handle = bad.Storage.Handle;
        bad.Dispose();
        Tensor next = Numbers();
        Assert.That(next.Storage.Handle, Is.EqualTo(handle), "the pool gives the same block");
        Assert.That(() => next.ToArray<float>(), Throws.Nothing);
        Assert.That(_device.Work.HasFailures, Is.False, "nothing is kept of what nobody can read");
    }

    [Test]
    public void RefusedKernel_SharedWithAHost_ThrowsInTheCall()
    {
        _device.Work.Share();
        Tensor x = Numbers();
        Assert.That(() => x.Exp(), Refused);
        Assert.That(() => (x * 2).ToArray<float>(), Throws.Nothing);
    }

    [Test]
    public void RefusedKernel_TriedAgainWhenTheDriverTakesIt_Works()
    {
        Tensor x = Numbers(), bad = x.Exp();
        Assert.That(() => bad.ToArray<float>(), Refused);
        _driver.Compiling = static _ => { };
        Assert.That(() => x.Exp().ToArray<float>(), Throws.Nothing);
        Assert.That(() => bad.ToArray<float>(), Refused, "nobody computed that one");
    }

    [Test]
    public void Upload_ThatFailsWhileItWaited_CostsItsTensorOnly()
    {
        using ManualResetEventSlim gate = new();
        _driver.Compiling = _ => Assert.That(gate.Wait(s_patience), "the test never opened the gate");
        Tensor x = Numbers(), y = x * 2;
        _driver.Uploading = static _ => throw new EngineException("no more staging memory");
        Tensor late = Numbers();
        gate.Set();
        Assert.That(() => y.ToArray<float>(), Throws.Nothing);
        Assert.That(() => late.ToArray<float>(), Throws.TypeOf<EngineException>().With.Message.Contains("staging"));
    }

    [Test]
    public void Unsupported_ComputeType_IsRefusedInTheCallAndNothingIsIssued()
    {
        using ScriptedDriver driver = new() { Limits = _driver.Limits with { HasFloat64 = false } };
        using TestDevice device = new(driver);
        Tensor x = Tensor.From<float>([1, 2, 3], device), y = x.EmptyLike();
        Assert.That(
            () => Pointwise.Into(y, Programs.AddScalar, [x], [1], DType.Float64),
            Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains("double precision"));
        Assert.That(() => Tensor.Zeros([2], DType.Float64, device), Throws.TypeOf<OperationNotSupportedException>());
        Assert.That(() => Tensor.From<double>([2.0], device), Throws.TypeOf<OperationNotSupportedException>());
        Assert.That(() => x.To(DType.Float64), Throws.TypeOf<OperationNotSupportedException>());
        Assert.That(() => Tensor.From<double>([2.0], Device.Cpu).To(device), Throws.TypeOf<OperationNotSupportedException>());
        Assert.That(() => (x * 2).ToArray<float>(), Throws.Nothing);
        Assert.That(driver.Calls.Count(static call => call.StartsWith("map", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    public void Unsupported_SharedMemory_IsRefusedBeforeTheDriverSeesIt()
    {
        KernelBuilder k = new("big", _driver.Limits, 64);
        Memory shared = k.Shared("shared", DType.Float32, _driver.Limits.SharedBytes), result = k.Buffer("result", DType.Float32);
        k.Store(shared, k.LocalId, k.Float32(1));
        k.Store(result, k.LocalId, k.Load(shared, k.LocalId));
        Kernel kernel = k.Build();
        Assert.That(() => KernelRenderer.Render(kernel, _driver.Limits), Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains("shared memory"));
    }

    [Test]
    public void Drain_ThreadIsInterruptedWhileAKernelIsMissing_TheLaunchIsNotLost()
    {
        using ManualResetEventSlim gate = new(), compiling = new();
        _driver.Compiling = _ =>
        {
            compiling.Set();
            Assert.That(gate.Wait(s_patience), "the test never opened the gate");
        };
        Tensor x = Numbers(), y = x * 2;
        Assert.That(compiling.Wait(s_patience));
        Thread reader = new(() => Swallow(() => y.ToArray<float>()));
        reader.Start();
        reader.Interrupt();
        gate.Set();
        reader.Join();
        Assert.That(() => y.ToArray<float>(), Throws.Nothing);
        Assert.That(_driver.Calls.Count(static call => call.StartsWith("map", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    private static NUnit.Framework.Constraints.IResolveConstraint Refused => Throws.TypeOf<KernelCompilationException>().With.Message.EqualTo("refused");

    // Whether the interruption comes while the thread waits is up to the machine.
    private static void Swallow(Action action)
    {
        try
        {
            action();
        }
        catch (ThreadInterruptedException)
        {
            Thread.Yield();
        }
    }

    private static void Refuse(bool refuses)
    {
        if (refuses)
        {
            throw new KernelCompilationException("refused");
        }
    }

    private Tensor Numbers() => Tensor.From<float>([1, 2, 3], _device);
}
