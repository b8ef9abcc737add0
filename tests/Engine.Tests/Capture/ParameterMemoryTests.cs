using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Capture;

/// <summary>Parameters and draw numbers that a kernel reads from device memory, which is what lets recorded work change from replay to replay.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ParameterMemoryTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly MapProgram s_linear = MapProgram.Compile(1, (Expr.Input(0) * Expr.Parameter(0)) + Expr.Parameter(1));

    [TestCase(DType.Float32)]
    [TestCase(DType.Float64)]
    [TestCase(DType.Int32)]
    [TestCase(DType.Int64)]
    public void Map_ParametersInMemory_GiveTheSameBitsAsByValue(DType dtype)
    {
        if (dtype == DType.Float64)
        {
            RequireFloat64();
        }
        Tensor x = Tensor.Arange(-3, 20, 1, dtype, Device);
        double[] p = dtype.IsFloatingPoint() ? [0.1, -1.7] : [3, -17];
        Tensor memory = MostPrecise([9, .. p, 9], [4]).To(dtype).Narrow(0, 1, 2);
        Tensor expected = x.EmptyLike(), y = x.EmptyLike();
        Pointwise.Into(expected, s_linear, [x], p);
        Pointwise.Into([y], s_linear, [x], memory);
        Assert.That(y.ToArray<double>(), Is.EqualTo(expected.ToArray<double>()));
    }

    [Test]
    public void Map_ParametersInMemory_AreReadWhenTheKernelRuns()
    {
        Tensor x = Tensor.Ones([5], device: Device), y = x.EmptyLike(), memory = Tensor.From<float>([2, 3], Device);
        Pointwise.Into([y], s_linear, [x], memory);
        Assert.That(y.ToArray<float>(), Is.All.EqualTo(5));
        memory.CopyFrom<float>([10, 1]);
        Pointwise.Into([y], s_linear, [x], memory);
        Assert.That(y.ToArray<float>(), Is.All.EqualTo(11));
    }

    [Test]
    public void Map_ProgramWithoutParameters_LeavesTheMemoryAlone([Values] bool isTransposed)
    {
        MapProgram square = MapProgram.Compile(1, Expr.Input(0) * Expr.Input(0));
        Tensor x = Tensor.Arange(-3, 61 * 67, 1, DType.Float32, Device).Narrow(0, 0, 61 * 67).Reshape([61, 67]);
        x = isTransposed ? x.Transpose(0, 1) : x;
        Tensor y = Tensor.Empty(x.Shape, device: Device);
        Pointwise.Into([y], square, [x], Tensor.From<float>([2, 3], Device));
        Assert.That(y.ToArray<float>(), Is.EqualTo((x * x).ToArray<float>()));
    }

    [Test]
    public void Map_AdamWithParametersInMemory_GivesTheSameBitsAsByValue()
    {
        double[] p = [0.999, 0.01, 1e-3, 0.9, 0.1, 0.999, 1e-3, 1.5, 1e-8];
        Tensor[] byValue = State(), inMemory = State();
        Pointwise.Into([byValue[0], byValue[2], byValue[3]], OptimizerPrograms.Adam, byValue, p);
        Pointwise.Into([inMemory[0], inMemory[2], inMemory[3]], OptimizerPrograms.Adam, inMemory, Tensor.From<float>([.. p.Select(static v => (float)v)], Device));
        foreach (int k in (int[])[0, 2, 3])
        {
            Assert.That(inMemory[k].ToArray<float>(), Is.EqualTo(byValue[k].ToArray<float>()));
        }

        Tensor[] State() => [.. Enumerable.Range(0, 4).Select(i => Tensor.Rand([1037], generator: new Generator(i), device: Device))];
    }

    [TestCase(0L, 5L)]
    [TestCase(7L, 1L)]
    [TestCase(0xFFFF_FFFAL, 9L)]
    [TestCase(12L, -5L)]
    public void Map_DrawOffset_IsAddedToTheDrawNumber(long draws, long offset)
    {
        Generator drawn = new(42), shifted = new(42);
        drawn.Restore(42, draws + offset);
        shifted.Restore(42, draws);
        double[] later = new double[10], earlier = new double[10];
        Draw(drawn, later);
        Draw(shifted, earlier);
        Tensor expected = Tensor.Empty([1001], device: Device), y = expected.EmptyLike();
        Run(expected, later, null);
        Run(y, earlier, Tensor.From<long>([offset], Device).Operand);
        Assert.That(y.ToArray<float>(), Is.EqualTo(expected.ToArray<float>()));

        static void Draw(Generator generator, double[] p)
        {
            generator.Next(p.AsSpan(0, 4));
            generator.Next(p.AsSpan(4, 4));
            (p[8], p[9]) = (1, 2);
        }

        static void Run(Tensor destination, double[] parameters, Operand? drawOffset) => destination.Device.Backend.Map(new MapArgs
        {
            Program = Programs.Normal,
            ComputeType = DType.Float32,
            Shape = destination.Shape,
            Inputs = [],
            Outputs = [destination.Operand],
            Parameters = parameters,
            DrawOffset = drawOffset,
        });
    }

    [Test]
    public void Map_UnfitParameterMemory_Throws()
    {
        Tensor x = Tensor.Ones([5], device: Device), y = x.EmptyLike();
        Assert.Multiple(() =>
        {
            Assert.That(() => Run(Tensor.Zeros([2], DType.Int32, Device)), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(() => Run(Tensor.Zeros([1], device: Device)), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Run(Tensor.Zeros([1, 2], device: Device)), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Run(Tensor.Zeros([4], device: Device).Slice(0, 0, 4, 2)), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Run(Tensor.Zeros([2])), Throws.TypeOf<DeviceMismatchException>());
            Assert.That(() => Pointwise.Into([y], Programs.Uniform, [], Tensor.Zeros([6], device: Device)), Throws.ArgumentException);
        });

        void Run(Tensor parameters) => Pointwise.Into([y], s_linear, [x], parameters);
    }
}
