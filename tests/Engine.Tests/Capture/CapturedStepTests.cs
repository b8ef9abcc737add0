using Engine.Tests.Memory;
using NUnit.Framework;

namespace Engine.Tests.Capture;

/// <summary>Inputs, outputs, random numbers and memory of captured steps.</summary>
[TestFixtureSource(typeof(CaptureDevices), nameof(CaptureDevices.All))]
internal sealed class CapturedStepTests(string deviceName) : CaptureFixture(deviceName)
{
    [Test]
    public void Replay_NewInputs_AreComputedWith()
    {
        Tensor x = Tensor.Zeros([3], device: Device), y = Tensor.Ones([3], device: Device);
        using CapturedStep step = Device.Capture(() => (x * y) + 1, [x, y]);
        step.Replay(Values(1, 2, 3), Values(4, 5, 6));
        Assert.That(step.Output.ToArray<float>(), Is.EqualTo(new float[] { 5, 11, 19 }));
        y.CopyFrom<float>([2, 2, 2]);
        step.Replay();
        Assert.That(step.Output.ToArray<float>(), Is.EqualTo(new float[] { 3, 5, 7 }));
    }

    [Test]
    public void Replay_InputFromAnotherDevice_IsCopied()
    {
        Tensor x = Tensor.Zeros([2], device: Device);
        using CapturedStep step = Device.Capture(() => x * 2, [x]);
        step.Replay(Tensor.From<float>([3, 4]));
        Assert.That(step.Output.ToArray<float>(), Is.EqualTo(new float[] { 6, 8 }));
    }

    [Test]
    public void Output_IsTheSameBufferAtEveryReplay()
    {
        Tensor x = Tensor.Zeros([2], device: Device);
        using CapturedStep step = Device.Capture(() => x + 1, [x]);
        step.Replay(Values(1, 1));
        Tensor first = step.Output.Buffer, copy = step.Output.Clone();
        step.Replay(Values(5, 5));
        Assert.That(step.Output.Buffer, Is.SameAs(first));
        Assert.That(first.ToArray<float>(), Is.All.EqualTo(6));
        Assert.That(copy.ToArray<float>(), Is.All.EqualTo(2));
    }

    [Test]
    public void Outputs_Several_KeepTheirOrder()
    {
        Tensor x = Values(1, 2);
        using CapturedStep step = Device.Capture(() => [x.Sum(), x * x, x], [x]);
        step.Replay(Values(3, 4));
        Assert.That(step.Outputs.Select(static o => o.ToArray<float>()), Is.EqualTo(new float[][] { [7], [9, 16], [3, 4] }));
        Assert.That(() => step.Output, Throws.InvalidOperationException);
    }

    [Test]
    public void Capture_RunsTheWarmUpsOnly_RecordingComputesNothing()
    {
        Tensor count = Tensor.Zeros([1], device: Device);
        using CapturedStep step = Device.Capture(() => { count.AddInPlace(1); }, warmup: 3);
        Assert.That(count.Item(), Is.EqualTo(3));
        step.Replay();
        step.Replay();
        Assert.That(count.Item(), Is.EqualTo(5));
        Assert.That(step.Runs, Is.EqualTo(5));
    }

    [Test]
    public void CaptureOnUse_EveryCallIsOneStep()
    {
        Tensor count = Tensor.Zeros([1], device: Device);
        using CapturedStep step = Device.CaptureOnUse(() => { count.AddInPlace(1); });
        for (int i = 1; i <= 6; i++)
        {
            step.Replay();
            Assert.That(count.Item(), Is.EqualTo(i));
        }

        Assert.That(step.IsRecorded, Is.EqualTo(Device.CanRecord));
    }

    [Test]
    public void Replay_RandomNumbers_AreThoseOfEagerSteps()
    {
        Generator captured = new(7), eager = new(7);
        using CapturedStep step = Device.CaptureOnUse(() => [Draw(captured, 0), Draw(captured, 1), Draw(captured, 2)]);
        HashSet<float> seen = [];
        for (int i = 0; i < 6; i++)
        {
            step.Replay();
            float[][] expected = [.. Enumerable.Range(0, 3).Select(kind => Draw(eager, kind).ToArray<float>())];
            Assert.That(step.Outputs.Select(static o => o.ToArray<float>()), Is.EqualTo(expected), $"replay {i}");
            Assert.That(captured.Draws, Is.EqualTo(eager.Draws));
            Assert.That(seen.Add(expected[0][0]), Is.True, "numbers repeat");
            if (i == 4)
            {
                // Eager draws in between count too.
                Draw(eager, 1);
                Draw(captured, 1);
            }
        }
    }

    [Test]
    public void Replay_TwoGeneratorsOfDifferentPace_EachGoesItsOwnWay()
    {
        Generator[] captured = [new(1), new(2)], eager = [new(1), new(2)];
        using CapturedStep step = Device.CaptureOnUse(() => Both(captured));
        for (int i = 0; i < 5; i++)
        {
            step.Replay();
            Assert.That(step.Output.ToArray<float>(), Is.EqualTo(Both(eager).ToArray<float>()), $"replay {i}");
        }

        Tensor Both(Generator[] g) => Draw(g[0], 0) + Draw(g[1], 0) + Draw(g[1], 0);
    }

    [Test]
    public void Replay_TwoGeneratorsOfOneSeedThatKeepStep_Work()
    {
        Generator[] captured = [new(3), new(3)], eager = [new(3), new(3)];
        using CapturedStep step = Device.CaptureOnUse(() => Draw(captured[0], 0) + (2 * Draw(captured[1], 0)));
        for (int i = 0; i < 5; i++)
        {
            step.Replay();
            Assert.That(step.Output.ToArray<float>(), Is.EqualTo((Draw(eager[0], 0) + (2 * Draw(eager[1], 0))).ToArray<float>()), $"replay {i}");
        }
    }

    [Test]
    public void Replay_MemoryUsedInBetween_IsNotTheStepS()
    {
        Tensor x = Tensor.Zeros([1000], device: Device);
        using CapturedStep step = Device.Capture(() => ((x + 1) * (x + 2)).Sum(), [x]);
        step.Replay();
        // As many blocks of the step's sizes as it may have used and returned, all written over.
        Tensor[] others = [.. Enumerable.Range(0, 20).Select(i => Tensor.Full([1000], i, device: Device))];
        step.Replay(Tensor.Ones([1000], device: Device));
        Assert.That(step.Output.Item(), Is.EqualTo(6000));
        for (int i = 0; i < others.Length; i++)
        {
            Assert.That(others[i].ToArray<float>(), Is.All.EqualTo(i));
        }
    }

    [Test]
    public void Replay_TensorsDisposedSince_AreKeptAlive()
    {
        if (!Device.CanRecord)
        {
            Assert.Ignore("The step's code runs again here and finds the tensor disposed.");
        }
        Tensor x = Values(1, 2), w = Values(10, 20);
        using CapturedStep step = Device.Capture(() => x * w, [x]);
        w.Dispose();
        Tensor[] others = [.. Enumerable.Range(0, 5).Select(i => Values(-1, -1))];
        step.Replay();
        Assert.That(step.Output.ToArray<float>(), Is.EqualTo(new float[] { 10, 40 }));
        Assert.That(others[^1].ToArray<float>(), Is.All.EqualTo(-1));
    }

    [Test]
    public void Dispose_GivesAllMemoryBack()
    {
        Tensor x = Tensor.Zeros([500], device: Device);
        long before = ForgottenTensors.Settled(Device).InUse;
        CapturedStep step = Device.Capture(() => (x.Exp() + 1).Log().Sum(), [x]);
        step.Replay();
        Assert.That(Device.Pool.Report.InUse, Is.GreaterThan(before));
        step.Dispose();
        step.Dispose();
        Assert.That(Device.Pool.Report.InUse, Is.EqualTo(before));
        Assert.That(step.State, Is.EqualTo(CaptureState.Disposed));
        Assert.That(() => step.Replay(), Throws.TypeOf<ObjectDisposedException>());
        if (Device is RecordingDevice recording)
        {
            Assert.That(recording.LivingRecordings, Is.Zero);
        }
    }

    [Test]
    public void Dispose_AfterTheTensorsItUses_GivesAllMemoryBack()
    {
        long before = ForgottenTensors.Settled(Device).InUse;
        Tensor x = Tensor.Zeros([500], device: Device), sum = Tensor.Zeros([500], device: Device);
        CapturedStep step = Device.Capture(() => { sum.AddInPlace(x); }, [x]);
        step.Replay();
        x.Dispose();
        sum.Dispose();
        step.Dispose();
        Assert.That(Device.Pool.Report.InUse, Is.EqualTo(before));
    }

    [Test]
    public void Replay_Steady_AllocatesNothing()
    {
        Tensor x = Tensor.Zeros([64], device: Device);
        using CapturedStep step = Device.Capture(() => x.Tanh().Sum(), [x]);
        step.Replay();
        (long allocations, long inUse) = (ForgottenTensors.Settled(Device).Allocations, Device.Pool.Report.InUse);
        for (int i = 0; i < 20; i++)
        {
            step.Replay();
        }
        Assert.That(Device.Pool.Report.Allocations, Is.EqualTo(allocations));
        Assert.That(Device.Pool.Report.InUse, Is.EqualTo(inUse));
    }

    [Test]
    public void Replay_MarksWhatItWrites()
    {
        Tensor w = Values(1, 2).WithGrad(), state = Values(3, 4);
        using CapturedStep step = Device.Capture(() => { state.AddInPlace(1); });
        Tensor loss = (w * state).Sum();
        step.Replay();
        Assert.That(() => loss.Backward(), Throws.TypeOf<GradientException>(), "the saved factor was overwritten");
    }

    [Test]
    public void ReplayValues_AreComputedBeforeEachReplay_AndSentOnlyIfTheyChange()
    {
        double rate = 1;
        int fills = 0;
        Tensor x = Values(1, 2), y = x.EmptyLike();
        MapProgram scale = MapProgram.Compile(1, Expr.Input(0) * Expr.Parameter(0));
        using CapturedStep step = Device.Capture(() =>
        {
            if (CapturePass.Current!.ReplayValues(1, DType.Float32, Fill) is { } memory)
            {
                Pointwise.Into([y], scale, [x], memory);
            }
            else
            {
                Pointwise.Into(y, scale, [x], [rate]);
            }
        });
        int uploads = (Device as RecordingDevice)?.Uploads ?? 0;
        foreach (double next in (double[])[2, 2, 2, 5])
        {
            rate = next;
            step.Replay();
            Assert.That(y.ToArray<float>(), Is.EqualTo(new[] { (float)next, (float)(2 * next) }));
        }

        Assert.That(fills, Is.EqualTo(Device.CanRecord ? 4 : 0));
        if (Device is RecordingDevice recording)
        {
            Assert.That(recording.Uploads - uploads, Is.EqualTo(2));
        }

        void Fill(Span<double> values)
        {
            fills++;
            values[0] = rate;
        }
    }

    private Tensor Values(params float[] values) => Tensor.From<float>(values, Device);

    private Tensor Draw(Generator generator, int kind) => kind switch
    {
        0 => Tensor.Rand([37], generator: generator, device: Device),
        1 => Tensor.Randn([5], generator: generator, device: Device),
        _ => Tensor.Ones([64], device: Device).Dropout(0.5, training: true, generator),
    };
}
