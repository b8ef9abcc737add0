using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

internal sealed class TestFunctionTests
{
    private static IEnumerable<TestFunction> All =>
    [
        TestFunctions.Rosenbrock(), TestFunctions.Rosenbrock(100), TestFunctions.Beale, TestFunctions.Booth, TestFunctions.Himmelblau, TestFunctions.Rastrigin(1), TestFunctions.Rastrigin(100),
        TestFunctions.Quadratic(1), TestFunctions.Quadratic(1e6, 1), TestFunctions.Quadratic(1e6, 100), TestFunctions.Saddle,
    ];

    [TestCaseSource(nameof(All))]
    public void Minima_HaveTheLowestValueAndNoGradient(TestFunction f)
    {
        Random random = new(3);
        foreach (double[] minimum in f.Minima.Select(static m => m.ToArray()))
        {
            Assert.That(f.Value(minimum), Is.EqualTo(f.Minimum).Within(1e-12));
            Tensor x = Tensor.From<double>(minimum).WithGrad();
            Assert.That(Autograd.Grad(f.Evaluate(x), x).ToArray<double>(), Is.All.EqualTo(0).Within(1e-6));
            for (int i = 0; i < 20; i++)
            {
                Assert.That(f.Value([.. minimum.Select(v => v + (0.1 * (random.NextDouble() - 0.5)))]), Is.GreaterThan(f.Minimum));
            }

            Assert.That(f.Distance(minimum), Is.Zero);
        }

        Assert.That(f.Value(f.Start().ToArray<double>()), Is.GreaterThan(f.Minimum));
        Gradcheck.Check(f.Evaluate, f.Start());
    }

    [Test]
    public void Values_AreThoseOfTheFormulas()
    {
        Assert.Multiple(() =>
        {
            Assert.That(TestFunctions.Rosenbrock().Value(-1.2, 1), Is.EqualTo(24.2).Within(1e-12));
            Assert.That(TestFunctions.Rosenbrock(3).Value(0, 1, 2), Is.EqualTo(100 + 1 + 100).Within(1e-12));
            Assert.That(TestFunctions.Beale.Value(1, 1), Is.EqualTo((1.5 * 1.5) + (2.25 * 2.25) + (2.625 * 2.625)).Within(1e-12));
            Assert.That(TestFunctions.Booth.Value(0, 0), Is.EqualTo(74));
            Assert.That(TestFunctions.Himmelblau.Value(0, 0), Is.EqualTo(170));
            Assert.That(TestFunctions.Rastrigin().Value(0.5, 1), Is.EqualTo(20.25 + 1).Within(1e-12));
            Assert.That(TestFunctions.Quadratic(100, 3).Value(1, 2, 3), Is.EqualTo(0.5 * (1 + (10 * 4) + (100 * 9))).Within(1e-12));
            Assert.That(TestFunctions.Saddle.Value(3, 2), Is.EqualTo(5));
        });
    }

    [Test]
    public void BadInput_IsNamed()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => TestFunctions.Rosenbrock(1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => TestFunctions.Rastrigin(0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => TestFunctions.Quadratic(0.5), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("at least 1"));
            Assert.That(() => TestFunctions.Quadratic(double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => TestFunctions.Booth.Value(1, 2, 3), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("Booth: the point is [3]; it must be [2]"));
            Assert.That(() => TestFunctions.Booth.Distance(1), Throws.TypeOf<ShapeMismatchException>());
        });
    }
}
