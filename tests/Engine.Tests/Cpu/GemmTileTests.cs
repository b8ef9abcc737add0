using System.Numerics;
using System.Runtime.InteropServices;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>The register tiles alone, on every instruction set, against a loop in double.</summary>
internal sealed unsafe class GemmTileTests
{
    private static readonly SimdLevel[] s_levels = SimdWidths.Runnable;

    [Test]
    public void Run_EverySizeOfATile_MatchesALoop([ValueSource(nameof(s_levels))] SimdLevel level, [Values(1, 2, 7, 33)] int k)
    {
        var single = new AllSizes<float>(k);
        SimdDispatch.Run<float, AllSizes<float>>(level, ref single);
        var twice = new AllSizes<double>(k);
        SimdDispatch.Run<double, AllSizes<double>>(level, ref twice);
    }

    [Test]
    public void Run_BetaZero_DoesNotReadC([ValueSource(nameof(s_levels))] SimdLevel level)
    {
        var action = new NanInC();
        SimdDispatch.Run<float, NanInC>(level, ref action);
    }

    [Test]
    public void Run_Relu_KeepsNanAndClearsTheSignOfZero([ValueSource(nameof(s_levels))] SimdLevel level)
    {
        var action = new SpecialRelu();
        SimdDispatch.Run<float, SpecialRelu>(level, ref action);
    }

    /// <summary>Whole tiles have a loop of their own; tiles of one row do not.</summary>
    [Test]
    public void Run_SeveralWholeTiles_HaveTheBitsOfTheirRows(
        [ValueSource(nameof(s_levels))] SimdLevel level, [Values(0.0, 1.0)] double beta, [Values] bool bias, [Values] bool relu, [Values] bool below, [Values] bool fetches)
    {
        var single = new Several<float>((float)beta, bias, relu, below, fetches);
        SimdDispatch.Run<float, Several<float>>(level, ref single);
        var twice = new Several<double>(beta, bias, relu, below, fetches);
        SimdDispatch.Run<double, Several<double>>(level, ref twice);
    }

    private readonly struct Several<T>(T beta, bool bias, bool relu, bool below, bool fetches) : ISimdKernel where T : unmanaged, IFloatingPointIeee754<T>
    {
        private const int Tiles = 3, Terms = 37;

        // Columns and rows whose sums and biases are no ordinary numbers: -0 by underflow, NaN, infinities.
        private const int Tiny = 1, NotANumber = 2, Infinite = 3;

        // Rows of B so far apart that they are no panel and do not fit into a first-level cache.
        private const int FarApart = 500;

        private enum ALies
        {
            InRows,
            InPanels,
            Apart,
        }

        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            for (int columns = TVec.Count; columns <= GemmKernels<T, TVec>.PanelColumns; columns += TVec.Count)
            {
                foreach (ALies lies in Enum.GetValues<ALies>())
                {
                    Check<TVec>(columns, lies, bGap: 0);
                    Check<TVec>(columns, lies, FarApart);
                }
            }
        }

        private void Check<TVec>(int panelColumns, ALies lies, int bGap) where TVec : unmanaged, ISimd<TVec>
        {
            int panelRows = GemmKernels<T, TVec>.PanelRows;
            int rows = below ? Tiles * panelRows : panelRows, columns = below ? panelColumns : Tiles * panelColumns, cRow = columns + 3, bRow = columns + bGap;
            (int aRow, int aColumn, int aNext) = lies switch
            {
                ALies.InRows => (Terms, 1, panelRows * Terms),
                ALies.InPanels => (1, panelRows, panelRows * Terms),
                _ => (2 * Terms, 2, panelRows * 2 * Terms),
            };
            var random = new Random(7);
            T[] a = Fill(random, rows * 2 * Terms), b = Fill(random, Terms * bRow), whole = Fill(random, rows * cRow), added = Fill(random, columns + Infinite);
            for (int k = 0; k < Terms; k++)
            {
                a[(Tiny * aRow) + (k * aColumn)] = T.Zero;
            }

            a[Tiny * aRow] = T.Epsilon;
            b[Tiny] = -T.CreateChecked(0.25);
            (b[NotANumber], b[Infinite]) = (T.NaN, T.NegativeInfinity);
            added[Tiny] = T.NegativeZero;
            whole[(Tiny * cRow) + Tiny] = T.NegativeZero;
            T[] single = (T[])whole.Clone(), before = (T[])whole.Clone();
            fixed (T* pa = a, pb = b, pw = whole, ps = single, pBias = added)
            {
                GemmTile<T> tile = new()
                {
                    K = Terms,
                    A = pa,
                    ARow = aRow,
                    AColumn = aColumn,
                    B = pb,
                    BRow = bRow,
                    C = pw,
                    CRow = cRow,
                    CColumn = 1,
                    Alpha = T.One,
                    Beta = beta,
                    BiasPerColumn = bias ? pBias : null,
                    Relu = relu,
                    PrefetchC = fetches,
                };
                GemmTile<T> one = tile;
                tile.Tiles = Tiles;
                (tile.ANext, tile.BNext, tile.CNext) = below ? (aNext, 0, (nint)panelRows * cRow) : (0, panelColumns, panelColumns);
                tile.Ahead = (byte*)pb;
                tile.ColumnsNext = below ? 0 : panelColumns;
                (tile.AheadLines, tile.AheadStep) = (fetches ? 1 : 0, 64);
                GemmKernels<T, TVec>.Run(&tile, panelRows, panelColumns);
                for (int i = 0; i < rows; i++)
                {
                    for (int j = 0; j < columns; j += panelColumns)
                    {
                        one.A = pa + (i / panelRows * aNext) + (i % panelRows * aRow);
                        one.B = pb + j;
                        one.C = ps + (i * cRow) + j;
                        one.BiasPerColumn = bias ? pBias + j : null;
                        GemmKernels<T, TVec>.Run(&one, 1, panelColumns);
                    }
                }
            }

            Assert.That(Bits(whole), Is.EqualTo(Bits(single)));
            Assert.That(Bits(whole), Is.Not.EqualTo(Bits(before)));
        }

        // -0 equals 0, but is another result.
        private static byte[] Bits(T[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

        private static T[] Fill(Random random, int count)
        {
            var values = new T[count];
            foreach (ref T value in values.AsSpan())
            {
                value = T.CreateChecked((random.NextDouble() * 2) - 1);
            }

            return values;
        }
    }

    private readonly struct AllSizes<T>(int k) : ISimdKernel where T : unmanaged, IFloatingPointIeee754<T>
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            for (int rows = 1; rows <= GemmKernels<T, TVec>.PanelRows; rows++)
            {
                for (int columns = 1; columns <= GemmKernels<T, TVec>.PanelColumns; columns++)
                {
                    Check<TVec>(rows, columns, columnStride: 1, packed: true, beta: 0, epilogue: false);
                    Check<TVec>(rows, columns, columnStride: 1, packed: false, beta: 1, epilogue: true);
                    Check<TVec>(rows, columns, columnStride: 3, packed: true, beta: 0.5, epilogue: true);
                }
            }
        }

        private void Check<TVec>(int rows, int columns, int columnStride, bool packed, double beta, bool epilogue)
            where TVec : struct, ISimd<TVec>
        {
            const double Untouched = 77;
            int width = columns <= TVec.Count ? TVec.Count : GemmKernels<T, TVec>.PanelColumns;
            int aRow = packed ? 1 : k + 3, aColumn = packed ? GemmKernels<T, TVec>.PanelRows : 1;
            int cRow = columnStride * columns + 5, biasStride = 2;
            var random = new Random(rows * 1000 + columns);
            T[] a = Fill(random, rows * aRow + k * aColumn), b = Fill(random, k * width), c = Fill(random, rows * cRow);
            T[] perRow = Fill(random, rows * biasStride), perColumn = Fill(random, width);
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < cRow; j++)
                {
                    if (j % columnStride != 0 || j >= columns * columnStride)
                    {
                        c[i * cRow + j] = T.CreateChecked(Untouched);
                    }
                }
            }

            T[] expected = (T[])c.Clone();
            double alpha = epilogue ? -1.5 : 1;
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < columns; j++)
                {
                    double sum = 0;
                    for (int p = 0; p < k; p++)
                    {
                        sum += double.CreateChecked(a[i * aRow + p * aColumn]) * double.CreateChecked(b[p * width + j]);
                    }
                    int at = i * cRow + j * columnStride;
                    double value = alpha * sum + beta * double.CreateChecked(c[at]);
                    if (epilogue)
                    {
                        value = Math.Max(0, value + double.CreateChecked(perRow[i * biasStride]) + double.CreateChecked(perColumn[j]));
                    }
                    expected[at] = T.CreateChecked(value);
                }
            }

            T* panel = (T*)NativeMemory.AlignedAlloc((nuint)(k * width * sizeof(T)), 64);
            b.CopyTo(new Span<T>(panel, k * width));
            fixed (T* pa = a, pc = c, pr = perRow, pb = perColumn)
            {
                var tile = new GemmTile<T>
                {
                    K = k,
                    A = pa,
                    ARow = aRow,
                    AColumn = aColumn,
                    B = panel,
                    BRow = width,
                    C = pc,
                    CRow = cRow,
                    CColumn = columnStride,
                    Alpha = T.CreateChecked(alpha),
                    Beta = T.CreateChecked(beta),
                    BiasPerColumn = epilogue ? pb : null,
                    BiasPerRow = epilogue ? pr : null,
                    BiasPerRowStride = biasStride,
                    Relu = epilogue,
                };
                GemmKernels<T, TVec>.Run(&tile, rows, columns);
            }

            NativeMemory.AlignedFree(panel);
            // The sum of k terms and a few more, each at most 2 in size, rounded after every step.
            double tolerance = (k + 4) * 4 * (sizeof(T) == 4 ? 1.2e-7 : 2.3e-16);
            for (int i = 0; i < c.Length; i++)
            {
                Assert.That(double.CreateChecked(c[i]), Is.EqualTo(double.CreateChecked(expected[i])).Within(tolerance),
                    $"{typeof(TVec)}: {rows} x {columns}, k {k}, element {i}");
            }
        }

        private static T[] Fill(Random random, int count)
        {
            var values = new T[count];
            for (int i = 0; i < count; i++)
            {
                values[i] = T.CreateChecked((float)(random.NextDouble() * 2 - 1));
            }
            return values;
        }
    }

    private readonly struct NanInC : ISimdKernel
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            int width = GemmKernels<float, TVec>.PanelColumns, size = GemmKernels<float, TVec>.PanelRows * width;
            float* c = stackalloc float[size];
            float* b = stackalloc float[width];
            new Span<float>(b, width).Fill(2);
            float a = 3;
            for (int columns = 1; columns <= width; columns++)
            {
                new Span<float>(c, size).Fill(float.NaN);
                var tile = new GemmTile<float> { K = 1, A = &a, B = b, BRow = width, C = c, CRow = width, CColumn = 1, Alpha = 0.5f };
                GemmKernels<float, TVec>.Run(&tile, GemmKernels<float, TVec>.PanelRows, columns);
                for (int i = 0; i < GemmKernels<float, TVec>.PanelRows; i++)
                {
                    Assert.That(new Span<float>(c + (i * width), columns).ToArray(), Is.All.EqualTo(3f));
                }
            }
        }
    }

    private readonly struct SpecialRelu : ISimdKernel
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            float* b = stackalloc float[32];
            float* c = stackalloc float[32];
            float[] special = [float.NaN, -0f, -1, 2, float.PositiveInfinity, float.NegativeInfinity];
            float[] expected = [float.NaN, 0, 0, 2, float.PositiveInfinity, 0];
            for (int i = 0; i < 32; i++)
            {
                b[i] = special[i % special.Length];
            }
            float a = 1;
            foreach (int stride in (int[])[1, 2])
            {
                int columns = Math.Min(GemmKernels<float, TVec>.PanelColumns, 16);
                var tile = new GemmTile<float> { K = 1, A = &a, B = b, C = c, CColumn = stride, Alpha = 1, Relu = true };
                GemmKernels<float, TVec>.Run(&tile, 1, columns);
                for (int j = 0; j < columns; j++)
                {
                    float value = c[j * stride];
                    Assert.That(value, Is.EqualTo(expected[j % expected.Length]));
                    Assert.That(value == 0 && float.IsNegative(value), Is.False);
                }
            }
        }
    }
}
