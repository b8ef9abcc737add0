using System.Numerics;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

[TestFixtureSource(typeof(CpuKernelFixture), nameof(Widths))]
internal sealed class SoftmaxTests(SimdLevel level, int threads) : CpuKernelFixture(level, threads)
{
    private static readonly int[] s_sizes = [1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130];

    [Test]
    public void Softmax_SizesAroundVectors_MatchReference([Values(0, 1, 2)] int axis, [Values] bool log)
    {
        foreach (int size in s_sizes)
        {
            CompareSoftmax<float>(new Shape(2, 3, 5).With(axis, size), axis, log);
            CompareSoftmax<double>(new Shape(2, 3, 5).With(axis, size), axis, log);
            CompareSoftmax<float>(new Shape(2, 3, size).With(axis, 4), axis, log);
        }
    }

    [TestCase(130, 1001, 1, 1)]
    [TestCase(3, 40_001, 1, 1)]
    [TestCase(40_001, 3, 1, 1)]
    [TestCase(3, 1001, 40, 1)]
    [TestCase(5, 40_001, 1, 0)]
    public void Softmax_Large_IsSharedAmongThreads(int a, int b, int c, int axis)
    {
        CompareSoftmax<float>([a, b, c], axis, log: false);
        CompareSoftmax<float>([a, b, c], axis, log: true);
    }

    [Test]
    public void Softmax_Views_MatchReference([Values(0, 1, 2)] int axis, [Values] bool log)
    {
        CompareSoftmax<float>([3, 17, 5], axis, log, reversed: true);
        CompareSoftmax<Half>([3, 17, 5], axis, log, reversed: true);
    }

    [Test]
    public void Softmax_SpecialValues_MatchReference([Values(0, 1)] int axis, [Values] bool log)
    {
        double[] rows =
        [
            1e30, 1e30, -1e30, 0,                                                       // differences beyond the range of exp
            double.NegativeInfinity, 1, 2, double.NegativeInfinity,
            double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity,
            double.PositiveInfinity, 0, 1, 2,
            double.NaN, 0, 1, 2,
            88, 89, 90, 91,
        ];
        AssertMatchesReference($"special values along {axis}, log {log}", Run, 1e-6, 1e-6);

        Tensor[] Run(Device device)
        {
            double[] values = axis == 1 ? rows : [.. Enumerable.Range(0, 24).Select(i => rows[(i % 6 * 4) + (i / 6)])];
            Shape shape = axis == 1 ? [6, 4] : [4, 6];
            Tensor x = Make<float>(device, shape, values), y = Make<float>(device, shape, new double[24]);
            device.Backend.Softmax(x.Operand, y.Operand, axis, log);
            return [y];
        }
    }

    [Test]
    public void CrossEntropy_ClassesAroundVectors_MatchReference([Values] bool weights, [Values(0.0, 0.1, 1.0)] double smoothing)
    {
        foreach (int classes in s_sizes)
        {
            CompareCrossEntropy<float>(5, classes, weights, smoothing);
            CompareCrossEntropy<double>(5, classes, weights, smoothing);
        }
    }

    [TestCase(150, 1001)]
    [TestCase(3, 40_001)]
    [TestCase(40_001, 3)]
    public void CrossEntropy_Large_IsSharedAmongThreads(int rows, int classes) => CompareCrossEntropy<float>(rows, classes, weights: true, 0.1);

    [Test]
    public void CrossEntropy_Views_MatchReference()
    {
        CompareCrossEntropy<float>(5, 17, weights: true, 0.1, reversed: true);
        CompareCrossEntropy<Half>(5, 17, weights: true, 0.1, reversed: true);
    }

    [TestCase(10)]
    [TestCase(-1)]
    [TestCase(long.MaxValue)]
    public void CrossEntropy_TargetThatIsNoClass_Throws(long target)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor logits = Make<float>(Cpu, [3, 10], new double[30]), lse = Make<float>(Cpu, [3], new double[3]);
        Tensor losses = Make<float>(Cpu, [3], new double[3]), targets = Tensor.From<long>([1, target, -100], [3], Cpu);
        Assert.That(
            () => Cpu.Backend.CrossEntropyForward(new CrossEntropyForwardArgs
            {
                Logits = logits.Operand,
                Targets = targets.Operand,
                IgnoreIndex = -100,
                LogSumExp = lse.Operand,
                Losses = losses.Operand,
            }),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains($"row 1 is {target}, but there are 10 classes").And.Property("ParamName").EqualTo("target"));
    }

    [Test]
    public void CrossEntropy_ImpossibleClass_CostsNothingUnlessItIsTheTarget()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor logits = Make<float>(Cpu, [2, 3], [0, double.NegativeInfinity, 0, 0, double.NegativeInfinity, 0]), lse = Make<float>(Cpu, [2], new double[2]);
        Tensor losses = Make<float>(Cpu, [2], new double[2]), targets = Tensor.From<long>([0, 1], [2], Cpu);
        Cpu.Backend.CrossEntropyForward(new CrossEntropyForwardArgs
        {
            Logits = logits.Operand,
            Targets = targets.Operand,
            IgnoreIndex = -100,
            LogSumExp = lse.Operand,
            Losses = losses.Operand,
        });
        Assert.That(losses.ToArray<float>(), Is.EqualTo(new[] { MathF.Log(2), float.PositiveInfinity }).Within(1e-6));
    }

    private void CompareSoftmax<T>(Shape shape, int axis, bool log, bool reversed = false) where T : unmanaged, INumberBase<T>
    {
        int count = (int)shape.ElementCount;
        double[] values = Normal(count, 1, deviation: 4), gradient = Normal(count, 2);
        double bound = typeof(T) == typeof(double) ? 1e-13 : typeof(T) == typeof(Half) ? 4e-3 : 1e-5;
        AssertMatchesReference($"softmax of {typeof(T).Name} {shape} along {axis}, log {log}, reversed {reversed}", Run, bound, bound);

        Tensor[] Run(Device device)
        {
            Tensor x = View(values), y = View(new double[count]), dy = View(gradient), dx = View(new double[count]);
            device.Backend.Softmax(x.Operand, y.Operand, axis, log);
            device.Backend.SoftmaxBackward(y.Operand, dy.Operand, dx.Operand, axis, log);
            return [y, dx];

            Tensor View(double[] numbers) => reversed ? Make<T>(device, [.. shape.Reverse()], numbers).Reversed() : Make<T>(device, shape, numbers);
        }
    }

    private void CompareCrossEntropy<T>(int rows, int classes, bool weights, double smoothing, bool reversed = false) where T : unmanaged, INumberBase<T>
    {
        int count = rows * classes;
        Random random = new(3);
        long[] targets = [.. Enumerable.Range(0, rows).Select(i => i % 4 == 3 ? -7L : random.Next(classes))];
        double bound = typeof(T) == typeof(double) ? 1e-13 : typeof(T) == typeof(Half) ? 1e-2 : 1e-5;
        AssertMatchesReference(
            $"cross-entropy of {typeof(T).Name} [{rows}, {classes}], weights {weights}, smoothing {smoothing}, reversed {reversed}", Run, bound, bound);

        Tensor[] Run(Device device)
        {
            Tensor logits = View([rows, classes], Normal(count, 1, deviation: 3)), gradLogits = View([rows, classes], new double[count]), spreadGradient = View([rows, classes], new double[count]);
            Tensor lse = View([rows], new double[rows]), losses = View([rows], new double[rows]), dy = View([rows], Normal(rows, 4));
            Tensor? classWeights = weights ? View([classes], [.. Normal(classes, 5).Select(Math.Abs)]) : null;
            Tensor target = Tensor.From(targets, [rows], device);
            device.Backend.CrossEntropyForward(new CrossEntropyForwardArgs
            {
                Logits = logits.Operand,
                Targets = target.Operand,
                ClassWeights = classWeights?.Operand,
                LabelSmoothing = smoothing,
                IgnoreIndex = -7,
                LogSumExp = lse.Operand,
                Losses = losses.Operand,
            });
            Backward(dy, gradLogits);
            Backward(dy.Narrow(0, rows - 1, 1).Expand([rows]), spreadGradient);
            return [lse, losses, gradLogits, spreadGradient];

            void Backward(Tensor gradLosses, Tensor result) => device.Backend.CrossEntropyBackward(new CrossEntropyBackwardArgs
            {
                Logits = logits.Operand,
                Targets = target.Operand,
                ClassWeights = classWeights?.Operand,
                LabelSmoothing = smoothing,
                IgnoreIndex = -7,
                LogSumExp = lse.Operand,
                GradLosses = gradLosses.Operand,
                GradLogits = result.Operand,
            });

            Tensor View(Shape shape, double[] numbers) => reversed ? Make<T>(device, [.. shape.Reverse()], numbers).Reversed() : Make<T>(device, shape, numbers);
        }
    }
}
