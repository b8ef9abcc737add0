using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ProjectionTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Box_CutsEachElement()
    {
        Tensor x = Values(-3, 0.5, 7);
        Assert.That(Numbers(Projection.Box(-1, 2).Apply(x)), Is.EqualTo(new[] { -1, 0.5, 2 }));
        Assert.That(Numbers(Projection.Box(double.NegativeInfinity, 0).Apply(x)), Is.EqualTo(new[] { -3.0, 0, 0 }));
        Assert.That(Numbers(Projection.Box(Values(-5, 1, 1), Values(0, 1, 10)).Apply(x)), Is.EqualTo(new[] { -3.0, 1, 7 }));
    }

    [Test]
    public void Ball_ShortensTheWayFromTheCentre()
    {
        Assert.That(Numbers(Projection.Ball(1).Apply(Values(3, 4))), Is.EqualTo(new[] { 0.6, 0.8 }).Within(1e-6));
        Assert.That(Numbers(Projection.Ball(10).Apply(Values(3, 4))), Is.EqualTo(new[] { 3.0, 4 }), "inside nothing changes");
        Assert.That(Numbers(Projection.Ball(5, Values(1, 1)).Apply(Values(1, 11))), Is.EqualTo(new[] { 1.0, 6 }).Within(1e-5));
        Assert.That(Numbers(Projection.Ball(0, Values(1, 1)).Apply(Values(1, 11))), Is.EqualTo(new[] { 1.0, 1 }));
    }

    [TestCase(1.0)]
    [TestCase(7.5)]
    public void Simplex_MatchesBisection(double sum)
    {
        Random random = new(2);
        foreach (int count in new[] { 1, 2, 17 })
        {
            double[] x = [.. Enumerable.Range(0, count).Select(_ => (random.NextDouble() * 4) - 2)];
            (double low, double high) = (x.Min() - sum, x.Max());
            for (int i = 0; i < 200; i++)
            {
                double middle = (low + high) / 2;
                (low, high) = x.Sum(v => Math.Max(v - middle, 0)) > sum ? (middle, high) : (low, middle);
            }

            double[] projected = Numbers(Projection.Simplex(sum).Apply(MostPrecise(x, [count])));
            Assert.That(projected, Is.EqualTo(x.Select(v => Math.Max(v - low, 0))).Within(2e-6));
            Assert.That(projected.Sum(), Is.EqualTo(sum).Within(1e-5));
        }
    }

    [Test]
    public void Affine_IsTheFootOfThePerpendicular()
    {
        // The plane x + 2y + 2z = 9: the foot from the origin is (1, 2, 2). A second equation that follows from the first changes nothing.
        foreach (Projection plane in new[] { Projection.Affine(Matrix([1, 2, 2], 1), Values(9)), Projection.Affine(Matrix([1, 2, 2, 2, 4, 4], 2), Values(9, 18)) })
        {
            Assert.That(Numbers(plane.Apply(Values(0, 0, 0))), Is.EqualTo(new[] { 1.0, 2, 2 }).Within(1e-5));
            Assert.That(Numbers(plane.Apply(Values(3, 6, 6))), Is.EqualTo(new[] { 1.0, 2, 2 }).Within(1e-5));
            Assert.That(Numbers(plane.Apply(Values(9, 0, 0))), Is.EqualTo(new[] { 9.0, 0, 0 }).Within(1e-5));
        }

        Assert.That(Projection.Affine(Matrix([1, 1, 1, 1], 1), Values(2)).Apply(MostPrecise([0, 0, 0, 0], [2, 2])).Shape, Is.EqualTo(new Shape(2, 2)));
        Assert.That(() => Projection.Affine(Matrix([1, 2, 2, 2, 4, 4], 2), Values(9, 17)), Throws.ArgumentException.With.Message.Contains("no x meets A·x = b"));
        Assert.That(() => Projection.Affine(Matrix([0, 0, 0], 1), Values(1)), Throws.ArgumentException.With.Message.Contains("no x meets"));
        Assert.That(() => Projection.Affine(Values(1, 2), Values(1)), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Projection.Affine(Matrix([1, 2], 1), Values(1)).Apply(Values(1, 2, 3)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("2 variables"));
    }

    [Test]
    public void Apply_OfTheNearestPoint_ChangesNothing_AndKeepsShapeAndType()
    {
        foreach (Projection set in new[] { Projection.Box(0, 1), Projection.Ball(1), Projection.Simplex() })
        {
            Tensor x = MostPrecise([-2, 0.4, 3, 0.9], [2, 2]).To(DType.Float32), once = set.Apply(x), twice = set.Apply(once);
            Assert.That((once.Shape, once.DType, once.Device), Is.EqualTo((x.Shape, x.DType, x.Device)), set.Name);
            Assert.That(Numbers(twice), Is.EqualTo(Numbers(once)).Within(1e-6), set.Name);
        }
    }

    [Test]
    public void ProjectedDescent_FindsTheNearestPointToTheBowlsFloor()
    {
        // The lowest point of ½‖x − c‖² in a convex set is c's projection.
        double[] floor = [2, -0.3, 0.4];
        foreach (Projection set in new[] { Projection.Box(0, 1), Projection.Ball(0.5), Projection.Simplex(), Projection.Affine(Matrix([1, 1, -1], 1), Values(2)) })
        {
            Tensor c = MostPrecise(floor, [3]);
            MinimizeResult result = Minimize.Run(
                x => 0.5 * (x - c).Square().Sum(), Values(5, 5, 5), static x => new Sgd(x, 0.3), new DescentOptions { Projection = set, GradientTolerance = 1e-5 });
            Assert.That(result.StopReason, Is.EqualTo(StopReason.GradientTolerance), set.Name);
            Assert.That(Numbers(result.Point), Is.EqualTo(Numbers(set.Apply(c))).Within(1e-4), set.Name);
            foreach (double[] point in result.Trajectory.Points)
            {
                Assert.That(Numbers(set.Apply(MostPrecise(point, [3]))), Is.EqualTo(point).Within(1e-5), "all points lie in the set, the first too");
            }
        }
    }

    [Test]
    public void SetsWithoutPoints_AreRefused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Projection.Box(2, 1), Throws.ArgumentException.With.Message.Contains("no x meets 2 ≤ x ≤ 1"));
            Assert.That(() => Projection.Box(double.NaN, 1), Throws.ArgumentException);
            Assert.That(() => Projection.Box(Values(0, 2), Values(1, 1)), Throws.ArgumentException.With.Message.Contains("no point meets both"));
            Assert.That(() => Projection.Ball(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Projection.Simplex(0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Projection.Simplex().Apply(Values()), Throws.ArgumentException.With.Message.Contains("no elements"));
            Assert.That(() => Projection.Ball(1, Values(1, 2)).Apply(MostPrecise([1, 2], [2, 1])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("the point is [2, 1]"));
            Assert.That(() => Projection.Box(0, 1).Apply(Tensor.From<long>([1L])), Throws.TypeOf<DTypeMismatchException>());
        });
    }

    private static double[] Numbers(Tensor x) => x.ToArray<double>();

    private Tensor Matrix(double[] values, int rows) => MostPrecise(values, [rows, values.Length / rows]);

    private Tensor Values(params double[] values) => MostPrecise(values, [values.Length]);
}
