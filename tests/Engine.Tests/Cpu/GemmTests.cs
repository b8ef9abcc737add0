using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

internal sealed class GemmTests
{
    private static readonly SimdLevel[] s_levels = SimdWidths.Runnable;
    private static readonly int[] s_threadCounts = [1, 2, 3];
    private static readonly int[] s_sizes = [1, 2, 3, 7, 11, 12, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 129, 257];
    private static readonly MatrixLayout[] s_layouts = Enum.GetValues<MatrixLayout>();

    /// <summary>The layouts in which all elements of a matrix are distinct, as those of a result must be.</summary>
    private static readonly MatrixLayout[] s_distinctLayouts = s_layouts[..(int)MatrixLayout.SameRow];

    private readonly WorkerPool[] _pools = Array.ConvertAll(s_threadCounts, static threads => new WorkerPool(threads));

    [OneTimeTearDown]
    public void DisposePools() => Array.ForEach(_pools, static pool => pool.Dispose());

    [Test]
    public void Run_SmallSizes_AllCombinations([ValueSource(nameof(s_levels))] SimdLevel level)
    {
        int[] sizes = [0, 1, 2, 3, 7];
        foreach (int m in sizes)
        {
            foreach (int n in sizes)
            {
                foreach (int k in sizes)
                {
                    CheckBoth(new GemmCase(m, n, k), level);
                    CheckBoth(new GemmCase(m, n, k) { Alpha = -0.5, Beta = 2, BiasPerColumn = true, BiasPerRow = true, Relu = true }, level);
                }
            }
        }
    }

    /// <summary>Large enough for several pieces a thread, whose panels of B are shared by all, packed by each piece, or read where they lie up to a last one that fills no vector.</summary>
    [Test]
    public void Run_PiecesOfProducts([Values(60, 250, 700)] int m, [Values(128, 301)] int n, [Values(40, 801)] int k)
    {
        foreach (SimdLevel level in new[] { CpuIsa.Level, s_levels.Max() }.Distinct())
        {
            CheckBoth(new GemmCase(m, n, k), level);
            CheckBoth(new GemmCase(m, n, k) { A = MatrixLayout.Transposed, B = MatrixLayout.Transposed, Alpha = 0.5, Beta = 1, BiasPerColumn = true, Relu = true }, level);
        }
    }

    [Test]
    public void Run_EveryLayoutOfAAndB([ValueSource(nameof(s_levels))] SimdLevel level)
    {
        foreach (MatrixLayout a in s_layouts)
        {
            foreach (MatrixLayout b in s_layouts)
            {
                CheckBoth(new GemmCase(29, 45, 37) { A = a, B = b }, level);
                CheckBoth(new GemmCase(3, 45, 67) { A = a, B = b }, level);
                CheckBoth(new GemmCase(70, 5, 40) { A = a, B = b }, level);
            }
        }
    }

    [Test]
    public void Run_EveryLayoutOfC([ValueSource(nameof(s_levels))] SimdLevel level)
    {
        foreach (MatrixLayout c in s_distinctLayouts)
        {
            CheckBoth(new GemmCase(29, 45, 7) { C = c }, level);
            CheckBoth(new GemmCase(1, 45, 40) { C = c, Beta = 1, BiasPerColumn = true, BiasStride = 2 }, level);
            CheckBoth(new GemmCase(45, 1, 40) { C = c, Beta = 1, BiasPerColumn = true, BiasPerRow = true }, level);
            CheckBoth(new GemmCase(30, 33, 600) { C = c, Beta = -1, BiasPerColumn = true, BiasPerRow = true, BiasStride = 2, Relu = true }, level);
        }
    }

    [Test]
    public void Run_RandomCases([ValueSource(nameof(s_levels))] SimdLevel level)
    {
        var random = new Random(20240517);
        for (int i = 0; i < 150; i++)
        {
            var gemm = new GemmCase(Pick(s_sizes), Pick(s_sizes), Pick(s_sizes))
            {
                A = Pick(s_layouts),
                B = Pick(s_layouts),
                C = Pick(s_distinctLayouts),
                Alpha = random.Next(2) == 0 ? 1 : -1.25,
                Beta = random.Next(3) switch { 0 => 1, 1 => 0.5, _ => 0 },
                BiasPerColumn = random.Next(2) == 0,
                BiasPerRow = random.Next(3) == 0,
                BiasStride = 1 + random.Next(2),
                Relu = random.Next(3) == 0,
            };
            CheckBoth(gemm, level);
        }

        TItem Pick<TItem>(TItem[] items) => items[random.Next(items.Length)];
    }

    /// <summary>More terms, columns and rows than one block holds, and row lengths that collide in the caches.</summary>
    [TestCase(5, 9, 2500)]
    [TestCase(40, 700, 530)]
    [TestCase(60, 3, 1100)]
    [TestCase(3100, 20, 17)]
    [TestCase(20, 3100, 17)]
    [TestCase(210, 230, 300)]
    [TestCase(50, 1024, 512)]
    [TestCase(64, 64, 1024)]
    [TestCase(32, 1040, 300)]
    [TestCase(45, 88, 800)]
    public void Run_MoreThanOneBlock(int m, int n, int k)
    {
        foreach (MatrixLayout b in (MatrixLayout[])[MatrixLayout.RowMajor, MatrixLayout.Transposed])
        {
            CheckBoth(new GemmCase(m, n, k) { B = b, Beta = 1, BiasPerColumn = true, BiasPerRow = true, Relu = true }, CpuIsa.Level);
            CheckBoth(new GemmCase(m, n, k) { A = MatrixLayout.Transposed, B = b, Alpha = 0.5 }, CpuIsa.Level);
        }
    }

    [Test]
    public void Run_NanAndInfinity_Propagate([ValueSource(nameof(s_levels))] SimdLevel level)
    {
        foreach (MatrixLayout b in (MatrixLayout[])[MatrixLayout.RowMajor, MatrixLayout.Transposed])
        {
            CheckBoth(new GemmCase(13, 37, 5) { B = b, Special = true, Beta = 1 }, level);
            CheckBoth(new GemmCase(3, 37, 50) { B = b, Special = true, Relu = true }, level);
        }
    }

    [Test]
    public void Run_Batch_EveryProductAtItsOffset([ValueSource(nameof(s_levels))] SimdLevel level, [Values(1, 2, 3, 5, 40)] int batch)
    {
        CheckBoth(new GemmCase(13, 18, 21) { Batch = batch, Beta = 1, BiasPerColumn = true }, level);
        CheckBoth(new GemmCase(13, 18, 21) { Batch = batch, B = MatrixLayout.Transposed, C = MatrixLayout.Transposed }, level);
        CheckBoth(new GemmCase(9, 1, 33) { Batch = batch, Relu = true }, level);
        CheckBoth(new GemmCase(9, 4, 0) { Batch = batch, Beta = 2 }, level);
    }

    [TestCase(130, 150, 140)]
    [TestCase(7, 400, 300)]
    [TestCase(600, 12, 64)]
    [TestCase(100, 3, 2000)]
    [TestCase(2, 1003, 130)]
    [TestCase(90, 210, 1100)]
    [TestCase(64, 3100, 40)]
    [TestCase(8, 700, 200)]
    [TestCase(9, 48, 900)]
    [TestCase(20, 1040, 300)]
    [TestCase(206, 60, 450)]
    [TestCase(1, 1003, 500)]
    public void Run_ThreadCount_DoesNotChangeABit(int m, int n, int k)
    {
        foreach (MatrixLayout b in (MatrixLayout[])[MatrixLayout.RowMajor, MatrixLayout.Transposed])
        {
            var gemm = new GemmCase(m, n, k) { B = b, Beta = 0.5, BiasPerColumn = true, Relu = true };
            foreach (SimdLevel level in s_levels)
            {
                double[] one = gemm.Check<double>(_pools[0], level);
                Assert.That(gemm.Check<double>(_pools[1], level), Is.EqualTo(one));
                Assert.That(gemm.Check<double>(_pools[2], level), Is.EqualTo(one));
            }
        }
    }

    /// <summary>Blocks of terms show in the bits, so they may depend on nothing but K: an element of a large product is that of a small one.</summary>
    [Test]
    public void Run_PartOfAProduct_HasTheSameBits([ValueSource(nameof(s_levels))] SimdLevel level)
    {
        const int K = 700;
        var random = new Random(5);
        float[] a = [.. Enumerable.Range(0, 120 * K).Select(_ => random.NextSingle() - 0.5f)], b = [.. Enumerable.Range(0, K * 160).Select(_ => random.NextSingle() - 0.5f)];
        float[] whole = Multiply(120, 160, _pools[1]);
        foreach ((int m, int n) in ((int, int)[])[(119, 160), (60, 160), (120, 97), (50, 64)])
        {
            float[] part = Multiply(m, n, _pools[0]);
            for (int i = 0; i < m; i++)
            {
                Assert.That(part.AsSpan(i * 160, n).SequenceEqual(whole.AsSpan(i * 160, n)), $"row {i} of {m} x {n}, {level}");
            }
        }

        unsafe float[] Multiply(int m, int n, WorkerPool pool)
        {
            float[] c = new float[120 * 160];
            fixed (float* pa = a, pb = b, pc = c)
            {
                var problem = new GemmProblem<float> { M = m, N = n, K = K, Alpha = 1, A = pa, ARow = K, AColumn = 1, B = pb, BRow = 160, BColumn = 1, C = pc, CRow = 160, CColumn = 1 };
                Gemm.Run(problem, [default], level, pool);
            }

            return c;
        }
    }

    [Test]
    public unsafe void Run_EmptyBatch_WritesNothing()
    {
        float a = 2, b = 3, c = 5;
        var problem = new GemmProblem<float> { M = 1, N = 1, K = 1, Alpha = 1, A = &a, B = &b, C = &c };
        Gemm.Run(problem, [], CpuIsa.Level, _pools[1]);
        Assert.That(c, Is.EqualTo(5));
    }

    [Test]
    public unsafe void Run_SteadyState_AllocatesNothing()
    {
        using var matrix = new GuardedMemory<float>(3 * 200 * 200);
        matrix.Span.Fill(0.5f);
        float* x = matrix.Pointer;
        var problem = new GemmProblem<float>
        {
            M = 200,
            N = 200,
            K = 200,
            Alpha = 1,
            A = x,
            ARow = 200,
            AColumn = 1,
            B = x + 40_000,
            BRow = 1,
            BColumn = 200,
            C = x + 80_000,
            CRow = 200,
            CColumn = 1,
        };
        for (int i = 0; i < 50; i++)
        {
            Gemm.Run(problem, [default], CpuIsa.Level, _pools[1]);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
        {
            Gemm.Run(problem, [default], CpuIsa.Level, _pools[1]);
        }
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    /// <summary>Thread counts take turns, so that every kind of case meets every one of them.</summary>
    private void CheckBoth(GemmCase gemm, SimdLevel level)
    {
        gemm.Check<float>(_pools[(gemm.M + gemm.N) % _pools.Length], level);
        gemm.Check<double>(_pools[(gemm.M + gemm.K) % _pools.Length], level);
    }
}
