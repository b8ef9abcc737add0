using NUnit.Framework;

namespace Engine.Tests.Capture;

/// <summary>What a captured step must not do, and that the device is as before after it was refused.</summary>
[TestFixtureSource(typeof(CaptureDevices), nameof(CaptureDevices.All))]
internal sealed class CaptureMisuseTests(string deviceName) : CaptureFixture(deviceName)
{
    public static IEnumerable<TestCaseData> HostAccesses()
    {
        int number = 0;
        yield return Case("Item", static x => x.Sum().Item());
        yield return Case("ToArray", static x => x.ToArray<float>());
        yield return Case("CopyTo", static x => x.CopyTo<float>(new float[2]));
        yield return Case("ToString", static x => x.ToString());
        yield return Case("To(device)", static x => x.To(Device.Default));
        yield return Case("To(device)", static x => Tensor.Zeros([2]).To(x.Device));
        yield return Case("Tensor.From", static x => Tensor.From<float>([1, 2], x.Device));
        yield return Case("CopyFrom", static x => x.Clone().CopyFrom<float>([1, 2]));
        yield return Case("Synchronize", static x => x.Device.Synchronize());
        yield return Case("Tune", static x => x.Device.Tune(static () => { }, TimeSpan.Zero));
        yield return Case("Trim", static x => x.Device.Pool.Trim());
        yield return Case("HostRandom", static x => Tensor.RandPerm(2, new Generator(1), x.Device));
        foreach ((string name, Action<Tensor> factorize) in Factorizations)
        {
            yield return Case(name, x => factorize(Tensor.Eye(2, device: x.Device)));
        }

        TestCaseData Case(string name, Action<Tensor> access) => new TestCaseData(name, access).SetArgDisplayNames($"{name} #{++number}");
    }

    private static (string Name, Action<Tensor> Run)[] Factorizations =>
    [
        ("Solve", static x => x.Solve(x)), ("SolveTriangular", static x => x.SolveTriangular(x, upper: true)), ("Inverse", static x => x.Inverse()),
        ("Determinant", static x => x.Determinant()), ("SlogDet", static x => x.SlogDet()), ("Cholesky", static x => x.Cholesky()), ("Qr", static x => x.Qr()),
        ("Eigh", static x => x.Eigh()), ("Eigvalsh", static x => x.Eigvalsh()), ("Svd", static x => x.Svd()), ("Svdvals", static x => x.Svdvals()),
        ("LstSq", static x => x.LstSq(x)), ("Pinv", static x => x.Pinv()), ("MatrixRank", static x => x.MatrixRank()), ("Cond", static x => x.Cond()),
    ];

    [TestCaseSource(nameof(HostAccesses))]
    public void Capture_StepThatReachesTheHost_IsRefusedByName(string operation, Action<Tensor> access)
    {
        Tensor x = Tensor.Ones([2], device: Device);
        Assert.That(
            () => Device.Capture(() => { access(x); }), Throws.TypeOf<CaptureException>().With.Message.StartsWith(operation + ": the step is being captured."));
        AssertUsable();
    }

    [TestCaseSource(nameof(HostAccesses))]
    public void CaptureOnUse_StepThatReachesTheHost_IsCarriedOutAndThenRefused(string operation, Action<Tensor> access)
    {
        Tensor x = Tensor.Ones([2], device: Device), count = Tensor.Zeros([1], device: Device);
        using CapturedStep step = Device.CaptureOnUse(() =>
        {
            access(x);
            count.AddInPlace(1);
        });
        step.Replay();
        step.Replay();
        Assert.That(count.Item(), Is.EqualTo(2));
        Assert.That(step.State, Is.EqualTo(CaptureState.Failed));
        Assert.That(() => step.Replay(), Throws.TypeOf<CaptureException>().With.Message.Contains(operation + ": "));
        Assert.That(count.Item(), Is.EqualTo(2));
        AssertUsable();
    }

    [Test]
    public void Capture_BranchOnTheHostsState_IsRefused()
    {
        int pass = 0;
        Tensor x = Tensor.Ones([1000], device: Device);
        Assert.That(Capture, Throws.TypeOf<CaptureException>());
        AssertUsable();

        // Two passes are alike, the third is the recording, or the first replay.
        void Capture()
        {
            using CapturedStep step = Device.Capture(() => ++pass == 3 ? x + 1 : (x + 1) * (x + 2));
            step.Replay();
        }
    }

    [Test]
    public void Capture_WarmUpsThatDiffer_AreRefusedWithThePlace()
    {
        int pass = 0;
        Tensor x = Tensor.Ones([100], device: Device);
        Assert.That(
            () => Device.Capture(() => ++pass == 3 ? x + 1 : (x + 1).Exp(), warmup: 4),
            Throws.TypeOf<CaptureException>().With.Message.Contains("returned 448 bytes, where it rented 448 bytes before"));
    }

    [Test]
    public void Capture_GrowingMemory_IsRefusedAndNothingIsAllocated()
    {
        int pass = 0;
        Assert.That(Capture, Throws.TypeOf<CaptureException>());
        AssertUsable();

        void Capture()
        {
            using CapturedStep step = Device.Capture(() => Tensor.Zeros([100 << pass++], device: Device).Sum());
            step.Replay();
        }
    }

    [Test]
    public void Capture_OutputThatChanges_IsRefused()
    {
        int pass = 0;
        Tensor x = Tensor.Ones([4], device: Device);
        Assert.That(() => Device.Capture(() => pass++ == 0 ? x + 1 : (x + 1).Reshape(2, 2)), Throws.TypeOf<CaptureException>().With.Message.Contains("output 0 is f32 [2, 2]"));
    }

    [Test]
    public void Capture_StepThatThrows_PassesTheErrorOn_AndTheDeviceGoesOn()
    {
        int pass = 0;
        Tensor x = Tensor.Ones([4], device: Device);
        Generator generator = new(5);
        Assert.That(Capture, Throws.TypeOf<ShapeMismatchException>());
        // Warm-ups have drawn; a recording that was given up has not.
        Assert.That(generator.Draws, Is.EqualTo(Device.CanRecord ? 2 : 3));
        AssertUsable();

        void Capture()
        {
            using CapturedStep step = Device.Capture(() => Tensor.Rand([4], generator: generator, device: Device) + (++pass == 3 ? Tensor.Ones([3], device: Device) : x));
            step.Replay();
        }
    }

    [Test]
    public void Capture_StepThatWritesItsInput_IsRefused()
    {
        if (!Device.CanRecord)
        {
            Assert.Ignore("Nothing is recorded here.");
        }
        Tensor x = Tensor.Ones([4], device: Device);
        Assert.That(() => Device.Capture(() => { x.AddInPlace(1); }, [x]), Throws.TypeOf<CaptureException>().With.Message.Contains("writes over its input 0"));
        AssertUsable();
    }

    [Test]
    public void Capture_InsideAStep_IsRefused()
    {
        Tensor x = Tensor.Ones([4], device: Device);
        Assert.That(() => Device.Capture(() => { Device.Capture(() => x + 1); }), Throws.TypeOf<CaptureException>().With.Message.Contains("inside another"));
        CapturedStep? self = null;
        self = Device.CaptureOnUse(() => self!.Replay());
        Assert.That(() => self.Replay(), Throws.TypeOf<CaptureException>());
        CapturedStep? disposing = null;
        disposing = Device.CaptureOnUse(() => disposing!.Dispose());
        Assert.That(() => disposing.Replay(), Throws.TypeOf<CaptureException>());
        AssertUsable();
    }

    [Test]
    public void Replay_WrongInputs_AreRefusedAndTheStepGoesOn()
    {
        Tensor x = Tensor.Ones([4], device: Device), y = Tensor.Ones([4], device: Device);
        using CapturedStep step = Device.Capture(() => x + y, [x, y]);
        Assert.Multiple(() =>
        {
            Assert.That(() => step.Replay(x), Throws.ArgumentException);
            Assert.That(() => step.Replay(x, Tensor.Ones([3], device: Device)), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => step.Replay(x, Tensor.Ones([4], DType.Int64, Device)), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(() => step.Replay(x, null!), Throws.ArgumentNullException);
        });
        step.Replay(x, y);
        Assert.That(step.Output.ToArray<float>(), Is.All.EqualTo(2));
    }

    [Test]
    public void Capture_BadArguments_Throw()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Device.Capture(() => { }, warmup: 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Device.Capture(() => { }, [Tensor.Ones([1])]), Throws.TypeOf<DeviceMismatchException>());
            Assert.That(() => Device.Capture((Action)null!), Throws.ArgumentNullException);
            Assert.That(() => Device.Capture(() => Tensor.Ones([1])), Throws.TypeOf<DeviceMismatchException>(), "output on another device");
        });
    }

    [Test]
    public void Output_BeforeTheFirstReplay_IsNotThere()
    {
        if (!Device.CanRecord)
        {
            Assert.Ignore("The last warm-up's value is there.");
        }
        Tensor x = Tensor.Ones([4], device: Device);
        using CapturedStep step = Device.Capture(() => x.Sum());
        Assert.That(() => step.Output.Item(), Throws.InvalidOperationException.With.Message.Contains("first Replay"));
        step.Replay();
        Assert.That(step.Output.Item(), Is.EqualTo(4));
    }

    [Test]
    public void Replay_GeneratorReseeded_IsRefused()
    {
        if (!Device.CanRecord)
        {
            Assert.Ignore("The step's code runs again here.");
        }
        Generator generator = new(5);
        using CapturedStep step = Device.Capture(() => Tensor.Rand([4], generator: generator, device: Device));
        step.Replay();
        generator.Restore(6, 0);
        Assert.That(() => step.Replay(), Throws.TypeOf<CaptureException>().With.Message.Contains("another seed"));
        Assert.That(() => step.Replay(), Throws.TypeOf<CaptureException>().With.Message.Contains("has failed"));
    }

    [Test]
    public void Capture_TwoGeneratorsOfOneSeedThatDoNotKeepStep_IsRefused()
    {
        if (!Device.CanRecord)
        {
            Assert.Ignore("Nothing is recorded here.");
        }
        // After two warm-ups, of one draw and of two, both stand at the same place.
        Generator a = new(5), b = new(5);
        a.Restore(5, 2);
        Assert.That(
            () => Device.Capture(() => Draw(a) + Draw(b) + Draw(b)), Throws.TypeOf<CaptureException>().With.Message.Contains("same seed"));
        AssertUsable();

        Tensor Draw(Generator generator) => Tensor.Rand([4], generator: generator, device: Device);
    }

    [Test]
    public void Capture_MeanwhileAnotherThread_WaitsForTheRecording()
    {
        if (Device is not RecordingDevice device)
        {
            Assert.Ignore("Only this device tells whether it was recording.");
            return;
        }

        Task<bool>? other = null;
        Tensor x = Tensor.Ones([2], device: Device);
        using CapturedStep step = Device.Capture(() =>
        {
            if (CapturePass.Current!.IsRecording)
            {
                other = Task.Run(() =>
                {
                    using Tensor batch = Tensor.From<float>([1, 2, 3], device);
                    return device.IsRecording;
                });
            }

            return x + 1;
        });
        Assert.That(other!.Result, Is.False);
    }

    private void AssertUsable()
    {
        Tensor x = Tensor.From<float>([1, 2], Device);
        Assert.That(CapturePass.Current, Is.Null);
        Assert.That((x + 1).ToArray<float>(), Is.EqualTo(new float[] { 2, 3 }));
        Device.Pool.Trim();
        Device.Synchronize();
        using CapturedStep step = Device.Capture(() => x * 2, [x]);
        step.Replay();
        Assert.That(step.Output.ToArray<float>(), Is.EqualTo(new float[] { 2, 4 }));
        if (Device is RecordingDevice recording)
        {
            Assert.That(recording.IsRecording, Is.False);
            Assert.That(recording.LivingRecordings, Is.EqualTo(1));
        }
    }
}
