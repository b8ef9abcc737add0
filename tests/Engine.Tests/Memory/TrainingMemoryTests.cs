using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Memory;

/// <summary>Thousands of steps of a small network, with and without scopes.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class TrainingMemoryTests(string deviceName) : DeviceFixture(deviceName)
{
    private readonly string _deviceName = deviceName;
    private Device _fresh = null!;

    /// <summary>The reference, interpreters and a processor behind OpenCL take fewer: what they add is only time.</summary>
    private int Steps => _deviceName.StartsWith("cpu", StringComparison.Ordinal) || _deviceName.StartsWith("cuda", StringComparison.Ordinal) ? 10_000 : 2_000;

    [TearDown]
    public void CloseFreshDevice()
    {
        if (_fresh != Device && _fresh is IDisposable device)
        {
            device.Dispose();
        }
    }

    [Test]
    public void Steps_WithoutAUsing_StayBounded()
    {
        (Tensor[] parameters, Optimizer optimizer, Tensor x, Tensor target) = Setup();
        // A small part of what the steps leave behind: the pool has to find what was forgotten.
        _fresh.Pool.Limit = 8 << 20;
        for (int step = 0; step < Steps; step++)
        {
            Step(parameters, optimizer, x, target);
        }
        Assert.That(_fresh.Pool.Report.Peak, Is.LessThanOrEqualTo(8 << 20));
        Assert.That(Loss(parameters, x, target).Item(), Is.LessThan(0.05), "it learned meanwhile");
    }

    [Test]
    public void Steps_WithScopes_AreFlatFromTheThirdAndLeaveNoOrphans()
    {
        (Tensor[] parameters, Optimizer optimizer, Tensor x, Tensor target) = Setup();
        MemoryReport third = default;
        for (int step = 1; step <= Steps; step++)
        {
            using (TensorScope.Begin())
            {
                Step(parameters, optimizer, x, target);
            }
            if (step == 3)
            {
                third = _fresh.Pool.Report;
            }
        }

        MemoryReport last = ForgottenTensors.Settled(_fresh);
        Assert.That((last.InUse, last.Blocks, last.Allocations, last.Peak), Is.EqualTo((third.InUse, third.Blocks, third.Allocations, third.Peak)));
        Assert.That(last.Orphans, Is.Zero);
        GC.KeepAlive((parameters, optimizer, x, target));
    }

    [Test]
    public void Predictions_WithScopes_TakeNoManagedMemoryThatGrows()
    {
        (Tensor[] parameters, _, Tensor x, Tensor target) = Setup();
        for (int i = 0; i < 20; i++)
        {
            Predict();
        }
        // Kernels may be compiled in the background.
        _fresh.Synchronize();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 500; i++)
        {
            Predict();
        }
        _fresh.Synchronize();
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(256 << 10));

        void Predict()
        {
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope off = GradMode.Off();
            _ = Loss(parameters, x, target);
        }
    }

    private (Tensor[] Parameters, Optimizer Optimizer, Tensor X, Tensor Target) Setup()
    {
        _fresh = TestDevices.Fresh(_deviceName);
        using TensorScope scope = TensorScope.Begin();
        var generator = new Generator(5);
        Tensor[] parameters =
        [
            Tensor.Randn([16, 4], 0, 0.5, generator, device: _fresh).WithGrad(), Tensor.Zeros([16], device: _fresh).WithGrad(),
            Tensor.Randn([1, 16], 0, 0.5, generator, device: _fresh).WithGrad(), Tensor.Zeros([1], device: _fresh).WithGrad(),
        ];
        Tensor x = Tensor.Rand([8, 4], -1, 1, generator, device: _fresh).Keep();
        Tensor target = x.Sum(1, keepDims: true).Sin().Keep();
        return (parameters, new Sgd(parameters, 0.05, momentum: 0.9), x, target);
    }

    private static Tensor Loss(Tensor[] p, Tensor x, Tensor target) => x.Linear(p[0], p[1]).Tanh().Linear(p[2], p[3]).MseLoss(target);

    private static void Step(Tensor[] parameters, Optimizer optimizer, Tensor x, Tensor target)
    {
        optimizer.ZeroGrad();
        Loss(parameters, x, target).Backward();
        optimizer.Step();
    }
}
