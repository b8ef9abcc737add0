using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixture(TargetVariant.Processor)]
[TestFixture(TargetVariant.Ilgpu)]
[TestFixture(TargetVariant.SmallCard)]
[TestFixture(TargetVariant.NoShared)]
[TestFixture(TargetVariant.Interpreter)]
[TestFixture(TargetVariant.InterpreterIlgpu)]
[TestFixture(TargetVariant.InterpreterSinglePrecision)]
[TestFixture(TargetVariant.InterpreterTf32)]
[TestFixture(TargetVariant.InterpreterBFloat16)]
[TestFixture(TargetVariant.InterpreterFloat16)]
[TestFixture(TargetVariant.WarpgroupsTf32)]
[TestFixture(TargetVariant.WarpgroupsBFloat16)]
[TestFixture(TargetVariant.WarpgroupsFloat16)]
internal sealed class GemmTests(TargetVariant variant) : KernelFixture(variant)
{
    private static readonly MapProgram s_shiftedRelu = MapProgram.Compile(1, Expr.Relu(Expr.Input(0)) + 0.5);

    private static readonly (int M, int N, int K)[] s_sizes =
    [
        (1, 1, 1), (3, 17, 5), (17, 3, 129), (1, 127, 64), (129, 1, 33), (16, 16, 16), (33, 65, 17), (127, 129, 3), (64, 64, 64), (130, 66, 20), (40, 36, 700), (9, 10, 0), (2, 3, 0), (20, 70, 0),
    ];

    [Test]
    public void Gemm_AnySize_MatchesLoops([ValueSource(nameof(s_sizes))] (int M, int N, int K) size) =>
        new Product(this, size.M, size.N, size.K).Check();

    [Test]
    public void Gemm_OfSmallWholeNumbers_IsExact()
    {
        foreach ((int m, int n, int k) in new[] { (33, 65, 17), (130, 66, 20), (40, 36, 700) })
        {
            Product product = new(this, m, n, k) { Numbers = static seed => i => (((i * 7) + (seed * 5)) % 17) - 8 };
            (double[] expected, DeviceArray c) = product.Compute();
            Assert.That(c.Read(), Is.EqualTo(expected));
        }
    }

    [Test]
    public void Gemm_AnyPlacement_MatchesLoops([Values] Placement a, [Values(0, 1)] int shift)
    {
        var b = (Placement)(((int)a + shift) % Enum.GetValues<Placement>().Length);
        new Product(this, 36, 44, 24) { A = a, B = b }.Check();
        new Product(this, 5, 44, 24) { A = a, B = b, C = Placement.Reversed }.Check();
        new Product(this, 37, 43, 25) { A = a, B = b, C = Placement.Spaced, Batch = 2 }.Check();
    }

    [Test]
    public void Gemm_AnyPlacementOfTheResult_MatchesLoops([Values] Placement c) =>
        new Product(this, 36, 44, 24) { C = c, Batch = 2, Beta = 0.5, Bias = [0, 0, 1] }.Check();

    [TestCase(DType.Float64)]
    [TestCase(DType.Float16)]
    [TestCase(DType.BFloat16)]
    [TestCase(DType.Int32)]
    [TestCase(DType.Int64)]
    public void Gemm_OtherTypes_MatchLoops(DType dtype)
    {
        new Product(this, 36, 44, 24) { Type = dtype }.Check();
        new Product(this, 4, 33, 50) { Type = dtype, B = Placement.Reversed }.Check();
        new Product(this, 33, 35, 130) { Type = dtype, A = Placement.Reversed, Beta = 2 }.Check();
    }

    [Test]
    public void Gemm_OfWholeNumbersWithAFraction_CutsTheResultOff()
    {
        Product product = new(this, 5, 6, 7) { Type = DType.Int32, Alpha = 0.5 };
        if (!Device.HasFloat64)
        {
            // Singles could not hold the sums.
            Assert.That(product.Check, Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains("double precision"));
            return;
        }

        product.Check();
    }

    [Test]
    public void Gemm_BatchStrideZero_RepeatsTheOperand()
    {
        new Product(this, 20, 24, 12) { Batch = 5, SharedA = true }.Check();
        new Product(this, 20, 24, 12) { Batch = 5, SharedB = true }.Check();
        new Product(this, 2, 24, 12) { Batch = 5, SharedB = true }.Check();
    }

    [TestCase(0, 0, 1)]
    [TestCase(0, 1, 0)]
    [TestCase(0, 1, 1)]
    [TestCase(1, 1, 1)]
    [TestCase(0, 0, 0)]
    public void Gemm_WithEpilogue_MatchesLoops(int batchBias, int rowBias, int columnBias)
    {
        foreach ((int m, int n, int k) in new[] { (36, 44, 24), (44, 3, 24), (34, 34, 600) })
        {
            new Product(this, m, n, k) { Batch = 2, Alpha = 1.5, Beta = -0.5, Bias = [batchBias, rowBias, columnBias], Activation = s_shiftedRelu }.Check();
        }
    }

    [Test]
    public void Gemm_NaNAndInfinity_Propagate()
    {
        foreach (int n in new[] { 4, 40 })
        {
            double[] a = new double[40 * 20], b = new double[20 * n];
            System.Array.Fill(a, 1);
            System.Array.Fill(b, 1);
            (a[(3 * 20) + 7], a[(5 * 20) + 2], b[(9 * n) + 1]) = (double.NaN, double.PositiveInfinity, double.NegativeInfinity);
            DeviceArray c = Result(DType.Float32, [40, n]);
            Backend.Gemm(new GemmArgs { A = Array(DType.Float32, [40, 20], i => a[i]), B = Array(DType.Float32, [20, n], i => b[i]), C = c });
            double[] result = c.Read();
            for (int i = 0; i < result.Length; i++)
            {
                double expected = i / n == 3 || (i / n == 5 && i % n == 1) ? double.NaN
                    : i / n == 5 ? double.PositiveInfinity
                    : i % n == 1 ? double.NegativeInfinity : 20;
                Assert.That(result[i], Is.EqualTo(expected), $"row {i / n}, column {i % n}");
            }
        }
    }

    [TestCase(40, 36, 700)]
    [TestCase(3, 100, 333)]
    [TestCase(130, 130, 40)]
    public void Gemm_Twice_GivesTheSameBits(int m, int n, int k)
    {
        Product product = new(this, m, n, k) { B = Placement.Reversed };
        double[] first = product.Run();
        Assert.That(product.Run(), Is.EqualTo(first));
    }

    [Test]
    public void Gemm_OfManyBatchAxes_MatchesLoops()
    {
        // [2, 3, 2] products: A is repeated along the second axis, B along the first and the last.
        DeviceArray a = Array(DType.Float32, [2, 2, 10, 12], Noise(1)), b = Array(DType.Float32, [3, 12, 11], Noise(2)), c = Result(DType.Float32, [2, 3, 2, 10, 11]);
        Operand left = a, right = b;
        using LaunchCount count = Device.CountLaunches();
        Backend.Gemm(new GemmArgs
        {
            A = left.With(new Layout([2, 3, 2, 10, 12], [240, 0, 120, 12, 1], left.Layout.Offset)),
            B = right.With(new Layout([2, 3, 2, 12, 11], [0, 132, 0, 11, 1], right.Layout.Offset)),
            C = c,
        });
        Factors factors = FactorsOf(count, DType.Float32);
        double[] atA = factors.Of(a), atB = factors.Of(b), expected = new double[2 * 3 * 2 * 10 * 11];
        for (int i = 0; i < expected.Length; i++)
        {
            int column = i % 11, row = i / 11 % 10, inner = i / 110 % 2, middle = i / 220 % 3, outer = i / 660;
            for (int d = 0; d < 12; d++)
            {
                expected[i] += atA[(((((outer * 2) + inner) * 10) + row) * 12) + d] * atB[(((middle * 12) + d) * 11) + column];
            }
        }

        AssertClose("products", expected, c);
    }

    /// <summary>One product and its definition.</summary>
    private sealed class Product(GemmTests test, int m, int n, int k)
    {
        public DType Type { get; init; } = DType.Float32;

        public Placement A { get; init; }

        public Placement B { get; init; }

        public Placement C { get; init; }

        public int Batch { get; init; } = 1;

        public bool SharedA { get; init; }

        public bool SharedB { get; init; }

        public double Alpha { get; init; } = 1;

        public double Beta { get; init; }

        /// <summary>For each axis whether the bias varies along it.</summary>
        public int[]? Bias { get; init; }

        public MapProgram? Activation { get; init; }

        /// <summary>The elements of each operand.</summary>
        public Func<int, Func<int, double>>? Numbers { get; init; }

        public void Check()
        {
            (double[] expected, DeviceArray c) = Compute();
            double unit = Type switch { DType.Float16 => 2e-3, DType.BFloat16 => 2e-2, DType.Float32 => 1e-6 * Math.Sqrt(k + 1), DType.Float64 => 1e-13, _ => 0 };
            AssertClose($"{m}x{n}x{k}", expected, c, unit, unit * Math.Sqrt(k + 1));
        }

        public double[] Run() => Compute().C.Read();

        public (double[] Expected, DeviceArray C) Compute()
        {
            bool whole = !Type.IsFloatingPoint();
            Func<int, Func<int, double>> numbers = Numbers ?? (seed => whole ? i => ((i * 7) + seed) % 11 - 5 : Noise(seed));
            DeviceArray a = test.Array(Type, [SharedA ? 1 : Batch, m, k], numbers(1), A), b = test.Array(Type, [SharedB ? 1 : Batch, k, n], numbers(2), B);
            DeviceArray c = test.Array(Type, [Batch, m, n], Beta == 0 ? _ => double.NaN : numbers(3), C);
            Shape biasShape = Bias is null ? [1, 1, 1] : [Bias[0] == 0 ? 1 : Batch, Bias[1] == 0 ? 1 : m, Bias[2] == 0 ? 1 : n];
            DeviceArray bias = test.Array(Type, biasShape, numbers(4));
            double[] before = c.Values;
            Shape all = [Batch, m, n];
            using LaunchCount count = test.Device.CountLaunches();
            test.Backend.Gemm(new GemmArgs
            {
                A = Expanded(a, [Batch, m, k]),
                B = Expanded(b, [Batch, k, n]),
                C = c,
                Alpha = Alpha,
                Beta = Beta,
                Bias = Bias is null ? null : Expanded(bias, all),
                Activation = Activation,
            });
            Factors factors = test.FactorsOf(count, Type);
            return (Expected(factors.Of(a), factors.Of(b), before, bias, biasShape), c);
        }

        private static Operand Expanded(Operand operand, Shape shape) => operand.With(operand.Layout.Expand(shape));

        private double[] Expected(double[] a, double[] b, double[] c, DeviceArray bias, Shape biasShape)
        {
            double[] expected = new double[Batch * m * n];
            for (int i = 0; i < expected.Length; i++)
            {
                int column = i % n, row = i / n % m, batch = i / (m * n);
                int atA = ((SharedA ? 0 : batch) * m) + row, atB = (SharedB ? 0 : batch) * k;
                double sum = 0;
                for (int d = 0; d < k; d++)
                {
                    sum += a[(atA * k) + d] * b[((atB + d) * n) + column];
                }

                sum = (Alpha * sum) + (Beta == 0 ? 0 : Beta * c[i]);
                if (Bias is not null)
                {
                    sum += bias.Values[(((batch % biasShape[0] * biasShape[1]) + (row % biasShape[1])) * biasShape[2]) + (column % biasShape[2])];
                }

                sum = Activation is null ? sum : Math.Max(sum, 0) + 0.5;
                expected[i] = Type.IsFloatingPoint() ? sum : Math.Truncate(sum);
            }

            return expected;
        }
    }
}
