using System.Runtime.InteropServices;
using Engine.PtxInterpreter;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Batch norm in one launch, whose groups wait for one another, beside the two launches that it takes elsewhere: the same bits, whatever the order of the groups.</summary>
[TestFixture]
internal sealed class MeetingTests
{
    private static readonly int[][] s_shapes = [[5, 1, 5000], [1025, 2, 17], [12, 3, 1500], [131, 7, 127]];

    [Test]
    public void BatchNorm_WhoseGroupsMeet_HasTheBitsOfTwoLaunches(
        [ValueSource(nameof(s_shapes))] int[] shape, [Values(DType.Float32, DType.BFloat16, DType.Float16)] DType type, [Values] bool isChannelsLast, [Values] bool hasResidual)
    {
        using Subject meets = new(NewDevice(out FakeDevice card)), alone = new(NewDevice(out _, hasMeetings: false));
        card.WatchesGlobalRaces = type == DType.BFloat16;
        double[][] expected = alone.Run(shape, type, isChannelsLast, hasResidual, out string[] pairs), actual = meets.Run(shape, type, isChannelsLast, hasResidual, out string[] kernels);
        Assert.That(pairs, Is.EqualTo(new[] { "batch_norm", "batch_norm", "batch_norm_backward", "batch_norm_backward" }));
        Assert.That(kernels, Is.EqualTo(new[] { "batch_norm", "batch_norm_backward" }));
        Assert.That(actual, Is.EqualTo(expected));
        Assert.That(meets.Device.Meetings.Complaint, Is.Null);
        Spills.AssertNone(meets.Device);
    }

    [Test]
    public void BatchNorm_WhateverTheOrderOfTheGroups_HasTheSameBitsAndLeavesItsCountersAtZero()
    {
        using Subject subject = new(NewDevice(out _));
        double[][] first = subject.Run([1025, 2, 17], DType.Float32, isChannelsLast: true, hasResidual: true, out _);
        for (int i = 0; i < 4; i++)
        {
            // Each launch has another order of blocks.
            Assert.That(subject.Run([1025, 2, 17], DType.Float32, isChannelsLast: true, hasResidual: true, out _), Is.EqualTo(first));
            Assert.That(subject.Counters(), Is.All.Zero);
        }
    }

    [Test]
    public void BatchNorm_InACapturedStep_MeetsAtEachReplay()
    {
        using CudaDevice device = NewDevice(out _);
        float[] Numbers(int seed) => [.. Enumerable.Range(0, 16 * 2 * 32 * 32).Select(i => (float)(((i * 37) + (seed * 11)) % 101) / 16)];
        Tensor weight = Tensor.From<float>([2, 0.5f], device), bias = Tensor.From<float>([0.25f, -1], device);
        Tensor[] Step(Tensor x)
        {
            Tensor leaf = x.Detach();
            leaf.RequiresGrad = true;
            Tensor y = leaf.BatchNorm(weight, bias, null, null, training: true, relu: true);
            (y * y).Sum().Backward();
            return [y, leaf.Grad!];
        }

        Tensor x = Tensor.From<float>(Numbers(0), [16, 2, 32, 32], device);
        using LaunchCount count = device.CountLaunches();
        using CapturedStep step = device.Capture((Func<IReadOnlyList<Tensor>>)(() => Step(x)), [x]);
        Assert.That(count.Launches.TakeLast(step.Launches).Count(static launch => launch.Name.StartsWith("batch_norm", StringComparison.Ordinal)), Is.EqualTo(2));
        for (int i = 1; i < 4; i++)
        {
            Tensor next = Tensor.From<float>(Numbers(i), [16, 2, 32, 32], device);
            step.Replay(next);
            Tensor[] expected = Step(next);
            for (int j = 0; j < expected.Length; j++)
            {
                Assert.That(step.Outputs[j].ToArray<float>(), Is.EqualTo(expected[j].ToArray<float>()), $"replay {i}, result {j}");
            }
        }
    }

    [Test]
    public void Trial_OnADriverThatRefusesTheLaunch_LeavesTwoLaunchesAndSaysSo()
    {
        using Subject subject = new(NewDevice(out FakeDevice card)), alone = new(NewDevice(out _, hasMeetings: false));
        card.FailNext("cuLaunchCooperativeKernel", CudaResult.CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE);
        double[][] actual = subject.Run([5, 1, 5000], DType.Float32, isChannelsLast: false, hasResidual: false, out string[] kernels);
        Assert.That(kernels, Has.Length.EqualTo(4));
        Assert.That(actual, Is.EqualTo(alone.Run([5, 1, 5000], DType.Float32, isChannelsLast: false, hasResidual: false, out _)));
        Assert.That(subject.Device.Meetings.Complaint, Does.Contain("COOPERATIVE_LAUNCH_TOO_LARGE").And.Contain("more launches"));
        DeviceRegistry registry = new(static _ => []);
        registry.Register(new OneDevice(subject.Device));
        Assert.That(registry.Report.ToString(), Does.Contain($"missing  Engine.Gpu: {subject.Device.Name}: meetings: "));
    }

    [Test]
    public void Trial_OnADriverThatCannotRecordTheLaunch_LeavesTwoLaunches()
    {
        using Subject subject = new(NewDevice(out FakeDevice card));
        card.FailNext("cuStreamEndCapture", CudaResult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
        subject.Run([5, 1, 5000], DType.Float32, isChannelsLast: false, hasResidual: false, out string[] kernels);
        Assert.That(kernels, Has.Length.EqualTo(4));
        Assert.That(subject.Device.Meetings.Complaint, Does.Contain("more launches"));
    }

    [Test]
    public void Trial_WhileTheThreadOrAnotherRecords_IsPutOff()
    {
        using CudaDevice device = InterpretedCuda.CreateDevice();
        bool Passes() => device.Meetings.Passes((GpuBackend)device.Backend, 2, 256);
        device.Work.BeginRecording();
        Assert.That(Passes(), Is.False);
        device.Work.EndRecording();
        Thread recorder = new(device.Driver.BeginRecording);
        recorder.Start();
        recorder.Join();
        Assert.That(Passes(), Is.False);
        device.Driver.AbortRecording();
        Assert.That(device.Meetings.Complaint, Is.Null);
        Assert.That(Passes());
    }

    [Test]
    public void Launch_OfMoreGroupsThanRunAtATime_DoesNotMeet()
    {
        using CudaDevice device = InterpretedCuda.CreateDevice(out FakeDevice card);
        var backend = (GpuBackend)device.Backend;
        int most = card.Multiprocessors * GpuTarget.MeetingItems / 256;
        Assert.That(device.Meetings.Passes(backend, most, 256));
        Assert.That(device.Meetings.Passes(backend, most + 1, 256), Is.False);
        Assert.That(device.Meetings.Passes(backend, most * 4, 64));
        MeetingTrialKernel kernel = default;
        GpuDriver driver = device.Driver;
        using Tensor memory = Tensor.Zeros([1024], DType.Int32, device);
        CompiledKernel compiled = backend.CompiledKernels.Get(kernel);
        KernelArgument numbers = memory.Operand;
        Assert.That(
            () => driver.Launch(compiled, new LaunchGrid(most + 1), [numbers, numbers, numbers, 0]),
            Throws.InstanceOf<EngineException>().With.Message.Contains("cuLaunchCooperativeKernel").And.Message.Contains("TOO_LARGE"));
    }

    [Test]
    public void Target_OfAnOlderDriverOrAnotherCard_HasNone()
    {
        CudaDeviceInfo info = CudaDeviceInfo.Read(FakeCuda.Api, FakeCuda.AddDevice().Ordinal);
        Assert.That(info.ToTarget().HasMeetings);
        Assert.That((info with { DriverVersion = 11080 }).ToTarget().HasMeetings, Is.False);
        int other = FakeCuda.AddDevice(static ordinal => new FakeDevice(ordinal, "single", 80, 1L << 30) { HasCooperativeLaunch = false }).Ordinal;
        Assert.That(CudaDeviceInfo.Read(FakeCuda.Api, other).ToTarget().HasMeetings, Is.False);
    }

    /// <summary>Without large groups, which see small channels as a whole.</summary>
    private static CudaDevice NewDevice(out FakeDevice card, bool hasMeetings = true)
    {
        card = FakeCuda.AddDevice();
        GpuTarget target = CudaDeviceInfo.Read(FakeCuda.Api, card.Ordinal).ToTarget();
        return new CudaDevice("cuda, interpreted", CudaDriver.Open(FakeCuda.Api, card.Ordinal, target with { LargestGroup = target.MaxGroupSize, HasMeetings = hasMeetings }));
    }

    /// <summary>Batch norm forward and backward on a device, with all that they write.</summary>
    private sealed class Subject(CudaDevice device) : IDisposable
    {
        public CudaDevice Device => device;

        public double[][] Run(int[] shape, DType type, bool isChannelsLast, bool hasResidual, out string[] kernels)
        {
            int channels = shape[1];
            Shape four = [shape[0], channels, shape[2], 1];
            DeviceArray New(DType dtype, Shape of, Func<int, double> value) =>
                new(device, dtype, of, [.. Enumerable.Range(0, (int)of.ElementCount).Select(value)], isChannelsLast ? Placement.ChannelsLast : Placement.Dense);
            double Number(int i, int seed) => (((i * 73L) + (i / 7 * 5) + (seed * 31)) % 257 / 64.0) - 1.5;
            Operand Flat(DeviceArray array)
            {
                Operand operand = array;
                return operand.With(new Layout(shape, operand.Layout.Strides[..3], operand.Layout.Offset));
            }

            DeviceArray x = New(type, four, i => 100 + Number(i, 1)), residual = New(type, four, i => Number(i, 2)), dy = New(type, four, i => Number(i, 3)), more = New(type, four, i => Number(i, 4));
            DeviceArray y = New(type, four, static _ => 77), dx = New(type, four, static _ => 77), kept = New(type, four, static _ => 77);
            DeviceArray Vector(Func<int, double> value) => New(DType.Float32, [channels], value);
            DeviceArray scale = Vector(static i => 0.5 + (i % 3)), shift = Vector(static i => 0.25 * i), mean = Vector(static _ => 77), inverse = Vector(static _ => 77);
            DeviceArray runningMean = Vector(static i => i), runningVariance = Vector(static i => 1 + i), gradScale = Vector(static _ => 77), gradShift = Vector(static _ => 77);
            device.Synchronize();
            using LaunchCount count = device.CountLaunches();
            device.Backend.BatchNormForward(new BatchNormForwardArgs
            {
                X = Flat(x),
                Y = Flat(y),
                Residual = hasResidual ? Flat(residual) : null,
                Scale = scale.Operand,
                Shift = shift.Operand,
                RunningMean = runningMean.Operand,
                RunningVariance = runningVariance.Operand,
                Mean = mean,
                InverseStd = inverse,
                Momentum = 0.1,
                Epsilon = 1e-5,
                Relu = true,
            });
            device.Backend.BatchNormBackward(new BatchNormBackwardArgs
            {
                X = Flat(x),
                GradY = Flat(dy),
                GradYMore = hasResidual ? Flat(more) : null,
                Y = Flat(y),
                Scale = scale.Operand,
                Mean = mean,
                InverseStd = inverse,
                GradX = Flat(dx),
                GradResidual = hasResidual ? Flat(kept) : null,
                GradScale = gradScale,
                GradShift = gradShift,
            });
            kernels = [.. count.Launches.Select(static launch => launch.Name)];
            return [y.Read(), dx.Read(), kept.Read(), mean.Read(), inverse.Read(), runningMean.Read(), runningVariance.Read(), gradScale.Read(), gradShift.Read()];
        }

        public int[] Counters()
        {
            int[] counters = new int[GroupCounters.Count];
            device.Driver.Download(device.Counters.From(0).Handle, 0, MemoryMarshal.AsBytes(counters.AsSpan()));
            return counters;
        }

        public void Dispose() => device.Dispose();
    }

    private sealed class OneDevice(Device device) : DeviceProvider
    {
        public override string Name => "test";

        public override IEnumerable<Device> Discover(ICollection<ProbeEntry> report) => [device];
    }
}
