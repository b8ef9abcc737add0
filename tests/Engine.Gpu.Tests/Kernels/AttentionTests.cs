using Engine.Tests.Comparison;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>The kernels of attention against plain loops in double precision.</summary>
[TestFixture(TargetVariant.Processor)]
[TestFixture(TargetVariant.SmallCard)]
[TestFixture(TargetVariant.NoShared)]
[TestFixture(TargetVariant.Interpreter)]
[TestFixture(TargetVariant.InterpreterSinglePrecision)]
[TestFixture(TargetVariant.InterpreterTf32)]
[TestFixture(TargetVariant.InterpreterBFloat16)]
[TestFixture(TargetVariant.InterpreterFloat16)]
internal sealed class AttentionTests(TargetVariant variant) : KernelFixture(variant)
{
    // Queries, keys, columns of Q and K, columns of V: less than a tile, several tiles, no multiple of one, odd columns.
    private static readonly (int L, int S, int D, int E)[] s_sizes =
    [
        (1, 1, 1, 1), (3, 7, 5, 2), (65, 33, 16, 16), (20, 130, 64, 64), (129, 70, 32, 48), (64, 128, 64, 64), (5, 6, 24, 40), (17, 35, 100, 12),
    ];

    private static readonly (int L, int S, int D, int E)[] s_wideHeads = [(40, 36, 128, 128), (19, 21, 192, 136), (18, 33, 256, 256)];

    [Test]
    public void Attention_AnySize_MatchesLoops([ValueSource(nameof(s_sizes))] (int L, int S, int D, int E) size, [Values] bool causal)
    {
        if (size.L is not 3 and not 20)
        {
            KernelDevices.SkipOnProcessor(Device.Driver.Target);
        }

        new AttentionCase(size.L, size.S, size.D, size.E) { Causal = causal }.Check(this);
    }

    [Test]
    public void Attention_WideHeads_MatchLoops([ValueSource(nameof(s_wideHeads))] (int L, int S, int D, int E) size)
    {
        KernelDevices.SkipOnProcessor(Device.Driver.Target);
        new AttentionCase(size.L, size.S, size.D, size.E) { Causal = true, Samples = 1, Heads = 1 }.Check(this);
    }

    [Test]
    public void Attention_Masked_MatchesLoops([Values(DType.Bool, DType.Float32, DType.Float16, DType.BFloat16)] DType mask, [Values] bool causal)
    {
        if (mask != DType.Bool || causal)
        {
            KernelDevices.SkipOnProcessor(Device.Driver.Target);
        }

        new AttentionCase(37, 41, 8, 8) { Mask = mask, Causal = causal }.Check(this);
        new AttentionCase(37, 41, 8, 8) { Mask = mask, Causal = causal, MaskPerHead = true }.Check(this);
    }

    [Test]
    public void Attention_AnyPlacement_MatchesLoops([Values] Placement placement)
    {
        if (placement != Placement.Reversed)
        {
            KernelDevices.SkipOnProcessor(Device.Driver.Target);
        }

        new AttentionCase(33, 18, 16, 16) { Placement = placement }.Check(this);
        new AttentionCase(9, 18, 7, 12) { Placement = placement, Mask = DType.Bool }.Check(this);
    }

    [TestCase(DType.Float16)]
    [TestCase(DType.BFloat16)]
    public void Attention_Halves_MatchLoops(DType dtype)
    {
        new AttentionCase(70, 150, 64, 64) { Type = dtype, Causal = true }.Check(this);
        KernelDevices.SkipOnProcessor(Device.Driver.Target);
        new AttentionCase(150, 70, 32, 40) { Type = dtype }.Check(this);
        new AttentionCase(33, 20, 20, 5) { Type = dtype, Mask = DType.Float32 }.Check(this);
        new AttentionCase(20, 40, 128, 128) { Type = dtype, Samples = 1, Heads = 1, Placement = Placement.Spaced }.Check(this);
    }

    [TestCase(1.0)]
    [TestCase(-0.5)]
    [TestCase(0.0)]
    public void Attention_AnyScale_MatchesLoops(double scale) => new AttentionCase(37, 41, 8, 8) { Scale = scale }.Check(this);

    [Test]
    public void Attention_LargeScores_DoNotOverflow() => new AttentionCase(37, 41, 8, 8) { Amplitude = 20, Scale = 1, Tolerance = Device.MathMode == MathMode.Strict ? 1e-3 : double.NaN }.Check(this);

    [Test]
    public void Attention_ARowThatSeesNothing_IsZeroAndHasNoGradient([Values(DType.Bool, DType.Float32)] DType mask)
    {
        AttentionCase attention = new(70, 41, 8, 8) { Mask = mask, HiddenRow = 66 };
        attention.Check(this);
        Assert.That(attention.Output!.Skip(66 * 8).Take(8), Is.All.Zero);
        Assert.That(attention.GradQuery!.Skip(66 * 8).Take(8), Is.All.Zero);
        Assert.That(attention.GradKey, Is.All.Not.NaN);
    }

    [Test]
    public void Attention_NaNAndInfinity_StayInTheirRows()
    {
        AttentionCase attention = new(70, 41, 8, 8) { Samples = 1, Heads = 1, Special = [(3, double.NaN), (69, double.PositiveInfinity)] };
        attention.Run(this);
        for (int row = 0; row < 70; row++)
        {
            Assert.That(attention.Output!.Skip(row * 8).Take(8), row is 3 or 69 ? Is.All.NaN : Is.All.Not.NaN, $"row {row}");
        }
    }

    [Test]
    public void Attention_Twice_HasTheSameBits()
    {
        AttentionCase first = new(90, 100, 8, 8) { Causal = true }, second = new(90, 100, 8, 8) { Causal = true };
        first.Run(this);
        second.Run(this);
        Assert.That(second.Output, Is.EqualTo(first.Output));
        Assert.That(second.GradQuery, Is.EqualTo(first.GradQuery));
        Assert.That(second.GradKey, Is.EqualTo(first.GradKey));
        Assert.That(second.GradValue, Is.EqualTo(first.GradValue));
    }

    [Test]
    public void Attention_OnTensorCores_WhereTheModeAllowsIt()
    {
        using LaunchCount count = Device.CountLaunches();
        new AttentionCase(37, 41, 8, 8).Run(this);
        string[] names = [.. count.Kernels.Select(static kernel => kernel.Name).Where(static name => name.StartsWith("attention", StringComparison.Ordinal))];
        string suffix = Device.MathMode switch
        {
            MathMode.Tf32 => "_tf32",
            MathMode.BFloat16 => "_bf16",
            MathMode.Float16 => "_f16",
            _ => string.Empty,
        };
        Assert.That(names, Is.EquivalentTo(Device.Driver.Target.SharedBytes < 4096 ? [] : new[] { $"attention{suffix}", $"attention_grad_query{suffix}", $"attention_grad_key_value{suffix}" }));
    }

    [Test]
    public void Attention_GradientsThatNobodyWants_AreNotWritten()
    {
        KernelDevices.SkipOnProcessor(Device.Driver.Target);
        new AttentionCase(37, 41, 8, 8) { Wants = (true, false, false) }.Check(this);
        new AttentionCase(37, 41, 8, 8) { Wants = (false, true, false) }.Check(this);
        new AttentionCase(37, 41, 8, 8) { Wants = (false, false, true) }.Check(this);
    }

    /// <summary>A call, forward and backward, and what it should give.</summary>
    private sealed class AttentionCase(int l, int s, int d, int e)
    {
        public DType Type { get; init; } = DType.Float32;

        public int Samples { get; init; } = 2;

        public int Heads { get; init; } = 3;

        public bool Causal { get; init; }

        public DType? Mask { get; init; }

        public bool MaskPerHead { get; init; }

        public int HiddenRow { get; init; } = -1;

        public double Scale { get; init; } = 1 / Math.Sqrt(d);

        public double Amplitude { get; init; } = 1;

        public double Tolerance { get; init; }

        public Placement Placement { get; init; }

        public (bool Query, bool Key, bool Value) Wants { get; init; } = (true, true, true);

        public (int Row, double Number)[] Special { get; init; } = [];

        public double[]? Output { get; private set; }

        public double[]? GradQuery { get; private set; }

        public double[]? GradKey { get; private set; }

        public double[]? GradValue { get; private set; }

        /// <summary>Runs it and compares.</summary>
        public void Check(AttentionTests tests)
        {
            (DeviceArray q, DeviceArray k, DeviceArray v, DeviceArray? mask, DeviceArray dy) = Run(tests);
            if (double.IsNaN(Tolerance))
            {
                // Rounded factors move large scores by units.
                Assert.That(Output, Is.All.Not.NaN);
                return;
            }

            double tolerance = Math.Max(Tolerance, (Type, tests.Device.MathMode) switch
            {
                (DType.BFloat16, _) or (_, MathMode.BFloat16) => 4e-2,
                (DType.Float16, _) or (_, MathMode.Float16) or (_, MathMode.Tf32) => 6e-3,
                _ => 2e-5,
            });
            (double[] y, double[] dq, double[] dk, double[] dv) = Loops(q.Values, k.Values, v.Values, mask?.Values, dy.Values);
            Close.AssertAll("y", y, Output!, tolerance, tolerance);
            foreach ((string name, double[] expected, double[]? actual) in new[] { ("dq", dq, GradQuery), ("dk", dk, GradKey), ("dv", dv, GradValue) })
            {
                if (actual is not null)
                {
                    Close.AssertAll(name, expected, actual, tolerance, tolerance * Math.Max(1, expected.Max(Math.Abs)));
                }
            }
        }

        public (DeviceArray Q, DeviceArray K, DeviceArray V, DeviceArray? Mask, DeviceArray GradOutput) Run(AttentionTests tests)
        {
            DeviceArray Array(int rows, int columns, int seed)
            {
                Func<int, double> noise = Noise(seed);
                return tests.Array(Type, [Samples, Heads, rows, columns], i => Amplitude * noise(i), Placement);
            }

            Func<int, double> queryNoise = Noise(1);
            DeviceArray q = tests.Array(Type, [Samples, Heads, l, d], i => SpecialOr(Amplitude * queryNoise(i), i / d), Placement);
            DeviceArray k = Array(s, d, 2), v = Array(s, e, 3), dy = Array(l, e, 4);
            DeviceArray y = tests.Result(Type, [Samples, Heads, l, e], Placement), lse = tests.Result(DType.Float32, [Samples, Heads, l]);
            DeviceArray? mask = Mask is { } type ? tests.Array(type == DType.Bool ? DType.UInt8 : type, MaskPerHead ? [Samples, Heads, l, s] : [l, s], MaskOf(type)) : null;
            Operand? shown = mask is null ? null : new Operand(mask.Operand.Storage, Mask!.Value, mask.Operand.Layout.Expand([Samples, Heads, l, s]));
            tests.Backend.AttentionForward(new AttentionForwardArgs { Query = q, Key = k, Value = v, Mask = shown, Causal = Causal, Scale = Scale, Output = y, LogSumExp = lse });
            DeviceArray dq = tests.Result(Type, [Samples, Heads, l, d], Placement), dk = tests.Result(Type, [Samples, Heads, s, d], Placement), dv = tests.Result(Type, [Samples, Heads, s, e], Placement);
            tests.Backend.AttentionBackward(new AttentionBackwardArgs
            {
                Query = q,
                Key = k,
                Value = v,
                Mask = shown,
                Causal = Causal,
                Scale = Scale,
                Output = y,
                LogSumExp = lse,
                GradOutput = dy,
                GradQuery = Wants.Query ? dq.Operand : null,
                GradKey = Wants.Key ? dk.Operand : null,
                GradValue = Wants.Value ? dv.Operand : null,
            });
            (Output, GradQuery, GradKey, GradValue) = (y.Read(), Wants.Query ? dq.Read() : null, Wants.Key ? dk.Read() : null, Wants.Value ? dv.Read() : null);
            return (q, k, v, mask, dy);
        }

        private double SpecialOr(double number, int row)
        {
            foreach ((int special, double value) in Special)
            {
                number = special == row ? value : number;
            }

            return number;
        }

        private Func<int, double> MaskOf(DType type)
        {
            Func<int, double> noise = Noise(5);
            return i =>
            {
                double number = noise(i);
                bool isHidden = number < -0.3 || (i / s % l == HiddenRow);

                // No row but the one that is meant is hidden: the first key stays.
                isHidden &= i % s != 0 || i / s % l == HiddenRow;
                return type == DType.Bool ? (isHidden ? 0 : 1) : isHidden ? double.NegativeInfinity : number;
            };
        }

        private (double[] Y, double[] DQ, double[] DK, double[] DV) Loops(double[] q, double[] k, double[] v, double[]? mask, double[] dy)
        {
            int matrices = Samples * Heads;
            double[] y = new double[matrices * l * e], dq = new double[q.Length], dk = new double[k.Length], dv = new double[v.Length];
            for (int m = 0; m < matrices; m++)
            {
                for (int i = 0; i < l; i++)
                {
                    int query = (m * l) + i;
                    double[] weights = new double[s], slopes = new double[s];
                    for (int j = 0; j < s; j++)
                    {
                        double score = Scale * Dot(q, query * d, k, ((m * s) + j) * d, d);
                        double given = mask?[(MaskPerHead ? m * l * s : 0) + (i * s) + j] ?? 0;
                        score = mask is null ? score : Mask == DType.Bool ? (given != 0 ? score : double.NegativeInfinity) : score + given;
                        weights[j] = Causal && j > i ? double.NegativeInfinity : score;
                    }

                    double max = weights.Max(), sum = weights.Sum(score => Math.Exp(score - max));
                    weights = System.Array.ConvertAll(weights, score => double.IsNegativeInfinity(max) ? 0 : Math.Exp(score - max) / sum);
                    for (int j = 0; j < s; j++)
                    {
                        int key = (m * s) + j;
                        slopes[j] = Dot(dy, query * e, v, key * e, e);
                        for (int c = 0; c < e; c++)
                        {
                            y[(query * e) + c] += weights[j] * v[(key * e) + c];
                            dv[(key * e) + c] += weights[j] * dy[(query * e) + c];
                        }
                    }

                    double mean = weights.Zip(slopes, static (w, slope) => w * slope).Sum();
                    for (int j = 0; j < s; j++)
                    {
                        double slope = Scale * weights[j] * (slopes[j] - mean);
                        for (int c = 0; c < d; c++)
                        {
                            dq[(query * d) + c] += slope * k[(((m * s) + j) * d) + c];
                            dk[(((m * s) + j) * d) + c] += slope * q[(query * d) + c];
                        }
                    }
                }
            }

            return (y, dq, dk, dv);
        }

        private static double Dot(double[] a, int atA, double[] b, int atB, int count)
        {
            double sum = 0;
            for (int i = 0; i < count; i++)
            {
                sum += a[atA + i] * b[atB + i];
            }

            return sum;
        }
    }
}
