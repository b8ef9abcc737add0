using Engine.Cpu;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Memory;

/// <summary>Networks on a device of their own: memory of steps of constant shapes, of forward passes without a backward pass, and of half a step.</summary>
internal sealed class SteadyStepsTests
{
    public static IEnumerable<TestCaseData> Networks =>
    [
        Case("LeNet5", static () => new LeNet5(), [32, 1, 28, 28]),
        Case("ResNet20", static () => ResNet.ResNet20(), [4, 3, 32, 32]),
        Case("DenseNet", static () => new DenseNetBc(22), [8, 3, 32, 32]),
        Case("Perceptron", static () => new Sequential(new Linear(784, 512), new BatchNorm1d(512), new Relu(), new Dropout(), new Linear(512, 10)), [128, 784]),
        Case("Images", static () => new Sequential(
            new Conv2d(3, 16, 3, padding: 1), new BatchNorm2d(16), new Relu(), new MaxPool2d(2), new Conv2d(16, 32, 3, padding: 1), new Gelu(), new MaxPool2d(2),
            new Silu(), new Flatten(), new Linear(32 * 64, 10)), [16, 3, 32, 32]),
        Case("Lstm", static () => new Sequential(new Lstm(64, 128, 2), new Lambda(static x => x[-1]), new Linear(128, 10)), [30, 16, 64]),
        Case("Attention", static () => new Sequential(
            new SelfAttention(), new LayerNorm([64]), new Linear(64, 256), new Gelu(), new Linear(256, 10),
            new Lambda(static x => x.Mean(0))), [48, 8, 64]),
    ];

    [TestCaseSource(nameof(Networks))]
    public void Training_ConstantShapes_AllocatesNothingAfterTheSecondStep(Func<Layer> make, Shape shape)
    {
        Run(make, shape, (device, model, x, labels) =>
        {
            var optimizer = new Adam(model.Parameters);
            long second = 0;
            for (int step = 1; step <= 6; step++)
            {
                using (TensorScope.Begin())
                {
                    optimizer.ZeroGrad();
                    model.Forward(x).CrossEntropy(labels).Backward();
                    optimizer.Step();
                }

                if (step == 2)
                {
                    second = device.Pool.Report.Allocations;
                }
            }

            Assert.That(device.Pool.Report.Allocations, Is.EqualTo(second));
        });
    }

    [TestCaseSource(nameof(Networks))]
    public void Forward_InScopesWithGradientsOn_LeavesNothing(Func<Layer> make, Shape shape)
    {
        Run(make, shape, (device, model, x, labels) =>
        {
            // The first call makes what layers keep.
            Call();
            long before = device.Pool.Report.InUse;
            for (int i = 0; i < 20; i++)
            {
                Call();
            }
            Assert.That(device.Pool.Report.InUse, Is.EqualTo(before));

            void Call()
            {
                using TensorScope scope = TensorScope.Begin();
                Tensor loss = model.Forward(x).CrossEntropy(labels);
                Assert.That(loss.RequiresGrad, Is.True);
            }
        });
    }

    [TestCaseSource(nameof(Networks))]
    public void Step_ExceptionHalfWay_LeavesNothing(Func<Layer> make, Shape shape)
    {
        Run(make, shape, (device, model, x, labels) =>
        {
            Assert.Throws<InvalidOperationException>(() => Step(backward: false));
            Assert.Throws<InvalidOperationException>(() => Step(backward: true));
            foreach (Tensor parameter in model.Parameters)
            {
                parameter.ClearGrad();
            }
            long before = device.Pool.Report.InUse;
            for (int i = 0; i < 10; i++)
            {
                Assert.Throws<InvalidOperationException>(() => Step(backward: i % 2 == 1));
                foreach (Tensor parameter in model.Parameters)
                {
                    parameter.ClearGrad();
                }
            }

            Assert.That(device.Pool.Report.InUse, Is.EqualTo(before));

            void Step(bool backward)
            {
                using TensorScope scope = TensorScope.Begin();
                Tensor y = model.Forward(x);
                Tensor loss = new Refusing().Apply(y).CrossEntropy(labels) + y.Sum();
                if (!backward)
                {
                    throw new InvalidOperationException();
                }
                loss.Backward();
            }
        });
    }

    [Test]
    public void BatchNorm_TwoHundredForwardCalls_HoldLessThanTwoOfThem()
    {
        using var device = new CpuDevice("cpu", 2);
        Tensor x = Tensor.Randn([32, 16, 32, 32], device: device);
        Tensor w = Tensor.Ones([16], device: device).WithGrad(), b = Tensor.Zeros([16], device: device).WithGrad();
        Tensor mean = Tensor.Zeros([16], device: device), variance = Tensor.Ones([16], device: device);
        long before = device.Pool.Report.InUse, one = 0;
        for (int i = 0; i < 200; i++)
        {
            using TensorScope scope = TensorScope.Begin();
            _ = x.BatchNorm(w, b, mean, variance, relu: true);
            one = device.Pool.Report.InUse - before;
        }

        MemoryReport report = device.Pool.Report;
        Assert.That(report.InUse, Is.EqualTo(before));
        Assert.That(report.Peak, Is.LessThan(before + (2 * one)));
        Assert.That(report.Orphans, Is.Zero);
        GC.KeepAlive((x, w, b, mean, variance));
    }

    [Test]
    public void Gan_UnusedBranch_LeavesNothing()
    {
        using var device = new CpuDevice("cpu", 2);
        Device before = Device.Default;
        Device.Default = device;
        try
        {
            var generator = new Sequential(new Linear(8, 64), new Relu(), new Linear(64, 64));
            var critic = new Sequential(new Linear(64, 64), new LeakyRelu(), new Linear(64, 1));
            Tensor noise = Tensor.Randn([32, 8]), real = Tensor.Randn([32, 64]);
            Step();
            long first = device.Pool.Report.InUse;
            for (int i = 0; i < 20; i++)
            {
                Step();
            }
            Assert.That(device.Pool.Report.InUse, Is.EqualTo(first));
            Assert.That(device.Pool.Report.Orphans, Is.Zero);

            void Step()
            {
                using TensorScope scope = TensorScope.Begin();
                Tensor fake = generator.Forward(noise);
                // The critic's step does not go through the generator; its graph is made and not used.
                (critic.Forward(fake.Detach()).Mean() - critic.Forward(real).Mean()).Backward();
                _ = critic.Forward(fake);
                foreach (Tensor parameter in critic.Parameters)
                {
                    parameter.ClearGrad();
                }
            }
        }
        finally
        {
            Device.Default = before;
        }
    }

    private static TestCaseData Case(string name, Func<Layer> make, int[] shape) => new TestCaseData(make, new Shape(shape)).SetArgDisplayNames(name);

    private static void Run(Func<Layer> make, Shape shape, Action<Device, Layer, Tensor, Tensor> test)
    {
        using var device = new CpuDevice("cpu", 2);
        Device before = Device.Default;
        Device.Default = device;
        try
        {
            Layer model = make();
            // Sequences have their batch second.
            int batch = shape.Rank == 3 ? shape[1] : shape[0];
            test(device, model, Tensor.Randn(shape), Tensor.RandInt([batch], 0, 10));
        }
        finally
        {
            Device.Default = before;
        }
    }

    /// <summary>The identity, whose gradient fails.</summary>
    private sealed class Refusing : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs) => inputs[0] + 0;

        protected override Tensor?[] Backward(Tensor dy) => throw new InvalidOperationException();
    }
}

/// <summary>Attention of a sequence to itself, as one layer.</summary>
internal sealed partial class SelfAttention : Layer
{
    public MultiheadAttention Heads { get; } = new(64, 4, dropout: 0.1);

    public override Tensor Forward(Tensor x) => x + Heads.Forward(x, x, x);
}
