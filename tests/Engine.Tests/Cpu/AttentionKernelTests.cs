using Engine.Cpu;
using Engine.Tests.Comparison;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>The fused kernel beside the parts, which the reference device has.</summary>
[TestFixtureSource(typeof(CpuKernelFixture), nameof(Widths))]
internal sealed class AttentionKernelTests(SimdLevel level, int threads) : CpuKernelFixture(level, threads)
{
    private static readonly Sizes s_small = new(2, 3, 21, 13, 8, 5);

    // Queries, keys, depth and width around register tiles, the tiles of 96, the blocks of 384 terms, and where one head is cut into chunks of queries.
    [TestCase(1, 1, 1, 1, 1, 1)]
    [TestCase(1, 2, 1, 300, 8, 8)]
    [TestCase(2, 3, 21, 13, 8, 5)]
    [TestCase(1, 2, 130, 70, 16, 24)]
    [TestCase(1, 1, 65, 257, 3, 1)]
    [TestCase(1, 1, 600, 40, 4, 4)]
    [TestCase(1, 1, 530, 530, 8, 16)]
    [TestCase(1, 1, 20, 4500, 2, 2)]
    [TestCase(1, 1, 97, 193, 400, 390)]
    [TestCase(1, 20, 110, 100, 6, 33)]
    public void Attention_SizesAroundBlocks_MatchesItsParts(int samples, int heads, int queries, int keys, int depth, int width)
    {
        foreach (bool causal in (bool[])[false, true])
        {
            Compare(new Sizes(samples, heads, queries, keys, depth, width), causal, DType.Float32, isMasked: false);
        }
    }

    [Test]
    public void Attention_OfNothing_IsNothing([Values] bool causal)
    {
        foreach (Sizes sizes in (Sizes[])[s_small with { Queries = 0 }, s_small with { Depth = 0 }, s_small with { Width = 0 }, s_small with { Heads = 0 }])
        {
            Compare(sizes, causal, DType.Float32, isMasked: false);
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor[] results = Run(Cpu, s_small with { Keys = 0 }, causal, DType.Float32, isMasked: false);
        Assert.That(results[0].ToArray<float>().Concat(results[2].ToArray<float>()), Is.All.Zero, "output and gradient to the queries without keys");
        Assert.That(results[1].ToArray<float>(), Is.All.EqualTo(float.PositiveInfinity));
    }

    [Test]
    public void Attention_Masks_HideKeys([Values] bool causal, [Values(DType.Bool, DType.Float32)] DType type)
    {
        Compare(s_small, causal, type, isMasked: true);
        Compare(new Sizes(1, 1, 300, 290, 4, 4), causal, type, isMasked: true);
    }

    [Test]
    public void Attention_AnyScale_IsAppliedBeforeTheMask([Values(-0.3, 0, 0.8)] double scale, [Values(null, DType.Bool, DType.Float32)] DType? mask)
    {
        Sizes sizes = new(1, 2, 40, 37, 8, 5);
        AssertMatchesReference(
            $"scale {scale}, mask {mask}", device => Run(device, sizes, causal: false, mask ?? DType.Float32, mask is not null, scale: scale), 2e-5, 2e-5);
    }

    [Test]
    public void Attention_ColumnsApart_MatchesItsParts()
    {
        Sizes sizes = new(2, 3, 100, 98, 8, 18);
        AssertMatchesReference("columns apart", device => Run(device, sizes, causal: true, DType.Float32, isMasked: false, columnsApart: true), 2e-5, 2e-5);
    }

    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    [TestCase(1e30)]
    public void Attention_SpecialQueries_SpoilTheirRowsOnly(double special)
    {
        using TensorScope scope = TensorScope.Begin();
        (Sizes sizes, int depth) = (s_small, s_small.Depth);
        Tensor[] plain = Run(Cpu, sizes, causal: false, DType.Float32, isMasked: false), actual = Run(Cpu, sizes, causal: false, DType.Float32, isMasked: false, special);
        Tensor expected = Run(Reference.ReferenceDevice.Shared, sizes, causal: false, DType.Float32, isMasked: false, special)[0];
        double[] y = actual[0].ToArray<double>(), dq = actual[2].ToArray<double>();
        Close.AssertAll("output", expected.ToArray<double>(), y, 2e-5, 2e-5);
        Close.AssertAll("other rows", plain[0].ToArray<double>()[sizes.Width..], y[sizes.Width..], 0, 0);
        Close.AssertAll("gradients to other queries", plain[2].ToArray<double>()[depth..], dq[depth..], 0, 0);
    }

    [Test]
    public void Attention_AnyGradientAlone_IsTheSame()
    {
        using TensorScope scope = TensorScope.Begin();
        Sizes sizes = new(1, 1, 300, 70, 4, 6);
        Tensor[] all = Run(Cpu, sizes, causal: true, DType.Float32, isMasked: false);
        for (int wanted = 0; wanted < 3; wanted++)
        {
            Tensor one = Run(Cpu, sizes, causal: true, DType.Float32, isMasked: false, wanted: 1 << wanted)[2 + wanted];
            Close.AssertAll($"gradient {wanted}", all[2 + wanted].ToArray<double>(), one.ToArray<double>(), 0, 0);
        }
    }

    [Test]
    public void Attention_OnAnyNumberOfThreads_HasTheSameBits([Values] bool causal)
    {
        using TensorScope scope = TensorScope.Begin();
        using CpuDevice other = new("attention-test", 5, Level);
        Sizes sizes = new(1, 2, 600, 520, 16, 16);
        Tensor[] here = Run(Cpu, sizes, causal, DType.Float32, isMasked: false), there = Run(other, sizes, causal, DType.Float32, isMasked: false);
        for (int i = 0; i < here.Length; i++)
        {
            Close.AssertAll($"result {i}", here[i].ToArray<double>(), there[i].ToArray<double>(), 0, 0);
        }
    }

    private void Compare(Sizes sizes, bool causal, DType mask, bool isMasked) =>
        AssertMatchesReference($"{sizes}, causal {causal}, {(isMasked ? mask : "no mask")}", device => Run(device, sizes, causal, mask, isMasked), 2e-5, 2e-5);

    /// <summary>Output, log-sum-exp and the gradients to queries, keys and values; operands lie with heads inside of rows.</summary>
    private static Tensor[] Run(Device device, Sizes sizes, bool causal, DType mask, bool isMasked, double? special = null, int wanted = 7, double? scale = null, bool columnsApart = false)
    {
        (int n, int h, int l, int s, int d, int e) = sizes;
        Tensor Inside(int rows, int columns, int seed)
        {
            double[] values = seed < 0 ? new double[n * h * rows * columns] : Normal((long)n * h * rows * columns, seed);
            if (seed == 1 && special is { } number && values.Length > 0)
            {
                Array.Fill(values, number, 0, columns);
            }

            return columnsApart ? Make<float>(device, [n, h, columns, rows], values).Transpose(2, 3) : Make<float>(device, [n, rows, h, columns], values).Transpose(1, 2);
        }

        Tensor q = Inside(l, d, 1), k = Inside(s, d, 2), v = Inside(s, e, 3), dy = Inside(l, e, 4), y = Inside(l, e, -1);
        Tensor dq = Inside(l, d, -1), dk = Inside(s, d, -1), dv = Inside(s, e, -1), lse = Make<float>(device, [n, h, l], new double[n * h * l]);

        // One row of the mask hides all; the same mask for all samples and heads.
        double[] noise = [.. Normal((long)l * s, 5).Select((x, i) => i / Math.Max(1, s) == 2 || x < -0.5 ? double.NegativeInfinity : x)];
        Tensor? given = !isMasked ? null : (mask == DType.Bool ? Tensor.From<bool>([.. noise.Select(double.IsFinite)], [l, s], device) : Make<float>(device, [l, s], noise)).Expand([n, h, l, s]);
        double factor = scale ?? 1 / Math.Sqrt(Math.Max(1, d));
        device.Backend.AttentionForward(new AttentionForwardArgs
        {
            Query = q.Operand,
            Key = k.Operand,
            Value = v.Operand,
            Mask = given?.Operand,
            Causal = causal,
            Scale = factor,
            Output = y.Operand,
            LogSumExp = lse.Operand,
        });
        device.Backend.AttentionBackward(new AttentionBackwardArgs
        {
            Query = q.Operand,
            Key = k.Operand,
            Value = v.Operand,
            Mask = given?.Operand,
            Causal = causal,
            Scale = factor,
            Output = y.Operand,
            LogSumExp = lse.Operand,
            GradOutput = dy.Operand,
            GradQuery = (wanted & 1) != 0 ? dq.Operand : null,
            GradKey = (wanted & 2) != 0 ? dk.Operand : null,
            GradValue = (wanted & 4) != 0 ? dv.Operand : null,
        });
        return [y, lse, dq, dk, dv];
    }

    private sealed record Sizes(int Samples, int Heads, int Queries, int Keys, int Depth, int Width);
}
