using Engine.PtxInterpreter;
using ILGPU;
using ILGPU.Runtime;
using NUnit.Framework;
using Half = ILGPU.Half;

namespace Engine.Gpu.Tests;

/// <summary>How ILGPU's kernels take their parameters: extents, views, scalars and structures, and the memory of engine tensors behind views.</summary>
[TestFixture]
internal sealed class IlgpuParameterTests
{
    [Test]
    public void Tensors_OfTheEngine_AreViews()
    {
        using CudaDevice device = InterpretedCuda.CreateDevice(out FakeDevice card);
        Tensor x = Tensor.Linspace(-3, 3, 100, device: device), y = Tensor.Zeros([100], device: device);
        Tensor wanted = x * (x * 1.5).Sigmoid();
        KernelSource source = IlgpuPtx.Compile(SwishKernel);
        CudaKernel kernel = (CudaKernel)device.Driver.Compile(source);

        IlgpuMachine.Launch(card, kernel, new LaunchGrid(2), new BlockShape(64), 0,
        [
            IlgpuMachine.Block(100),
            IlgpuMachine.Block(device.GetPointer(x), 100L),
            IlgpuMachine.Block(device.GetPointer(y), 100L),
            IlgpuMachine.Block(1.5f),
        ]);

        Assert.That(y.ToArray<float>(), Is.EqualTo(wanted.ToArray<float>()).Within(1e-6f));
        Assert.That(source.Name, Is.EqualTo("Kernel_SwishKernel"));
    }

    [Test]
    public void View_WithAnOffset_BeginsThere()
    {
        int[] x = [1, 2, 3, 4, 5, 6];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(LengthKernel), new LaunchGrid(1), 3, x);
        Assert.That(x, Is.EqualTo(new[] { 1, 2, 13, 14, 15, 6 }));
    }

    [Test]
    public void Scalars_OfEveryType_StandAsTheyAre()
    {
        double[] x = new double[3];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(ScalarsKernel), new LaunchGrid(1),
            3, x, (byte)200, (sbyte)-100, (short)-30000, (ushort)60000, -2_000_000_000, 4_000_000_000u, -5_000_000_000L, 1UL << 63, 0.25f, 0.125, 1 /* bool */, (Half)0.5f, (int)DayOfWeek.Friday);
        double sum = 200 - 100 - 30000 + 60000 - 2e9 + 4e9 - 5e9 + Math.Pow(2, 63) + 0.25 + 0.125 + 1 + 0.5 + 5;
        Assert.That(x, Is.All.EqualTo(sum));
    }

    [Test]
    public void Structures_LieAsInMemory()
    {
        double[] x = new double[3];
        using IlgpuMachine machine = new();
        Coefficients c = new() { A = 0.5f, B = 0.25, C = -3, D = 250, E = 1L << 40, F = -7, G = (Half)2f };
        machine.Run(IlgpuPtx.Compile(StructureKernel), new LaunchGrid(1), 3, x, c);
        Assert.That(x, Is.All.EqualTo(0.5 + 0.25 - 3 + 250 + Math.Pow(2, 40) - 7 + 2));
    }

    [Test]
    public void Structure_WithAView_HoldsPointerAndLength()
    {
        float[] x = new float[4], memory = [1, 2, 3, 4];
        using IlgpuMachine machine = new();
        Assert.That(machine.Driver.TryAllocate(16, out nint address));
        machine.Driver.Upload(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(memory), address, 0);
        machine.Run(IlgpuPtx.Compile(MixedStructureKernel), new LaunchGrid(1), 4, x, new MixedBlock { Count = 10, Pointer = address, Length = 4, Tag = 200 });
        Assert.That(x, Is.EqualTo(new[] { 215f, 216, 217, 218 }));
    }

    [Test]
    public void Structures_InMemory_AreVectorsOrFields()
    {
        Pair[] pairs = [new() { X = 1, Y = 2 }, new() { X = 3, Y = 4 }];
        Four[] fours = [new() { X = 1, Y = 2, Z = 3, W = 4 }, new() { X = 5, Y = 6, Z = 7, W = 8 }];
        Tagged[] tagged = [new() { Tag = 1, Value = 10 }, new() { Tag = 2, Value = 20 }];
        using IlgpuMachine machine = new();
        KernelSource source = IlgpuPtx.Compile(VectorsKernel);
        machine.Run(source, new LaunchGrid(1), 2, pairs, fours, tagged);
        Assert.That(source.Text, Does.Contain("ld.global.v2.f32").And.Contain("st.global.v4.f32"));
        Assert.That(pairs.Select(static p => (p.X, p.Y)), Is.EqualTo(new[] { (2f, 1f), (4f, 3f) }));
        Assert.That(fours.Select(static q => (q.X, q.Y, q.Z, q.W)), Is.EqualTo(new[] { (2f, 2f, 3f, 6f), (8f, 6f, 7f, 12f) }));
        Assert.That(tagged.Select(static t => (t.Tag, t.Value)), Is.EqualTo(new[] { ((byte)2, 11f), ((byte)3, 22f) }));
    }

    [Test]
    public void TwoDimensions_ExtentAndStrides()
    {
        const int Rows = 5, Columns = 7;
        float[] x = [.. Enumerable.Range(0, Rows * Columns).Select(static i => (float)i)], y = new float[Rows * Columns], z = [.. Enumerable.Range(0, 2 * Rows * Columns).Select(static i => i * 100f)];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(TwoDimensionsKernel), new LaunchGrid(1, 2), new BlockShape(8, 4), 0,
            new Index2D(Rows, Columns), new StridedView(x, [Rows, Columns], [Rows]), new StridedView(y, [Rows, Columns], [Columns]), new StridedView(z, [Rows, Columns], [2, 2 * Rows]));
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Columns; j++)
            {
                Assert.That(y[(i * Columns) + j], Is.EqualTo(x[i + (j * Rows)] + z[(2 * i) + (j * 2 * Rows)]), $"{i}, {j}");
            }
        }
    }

    [Test]
    public void ThreeDimensions_ExtentAndStrides()
    {
        const int X = 3, Y = 4, Z = 5;
        int[] x = [.. Enumerable.Range(0, X * Y * Z)], y = new int[X * Y * Z], z = [.. Enumerable.Range(0, X * Y * Z).Select(static i => 1000 * i)];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(ThreeDimensionsKernel), new LaunchGrid(2, 1, 3), new BlockShape(2, 4, 2), 0,
            new Index3D(X, Y, Z), new StridedView(x, [X, Y, Z], [X, X * Y]), new StridedView(y, [X, Y, Z], [Y * Z, Z]), new StridedView(z, [X, Y, Z], [1, X, X * Y]));
        for (int i = 0; i < X * Y * Z; i++)
        {
            (int a, int b, int c) = (i % X, i / X % Y, i / (X * Y));
            Assert.That(y[(a * Y * Z) + (b * Z) + c], Is.EqualTo(1001 * i));
        }
    }

    [Test]
    public void GroupLimit_IsKept()
    {
        int[] x = new int[300];
        using IlgpuMachine machine = new();
        KernelSource source = IlgpuPtx.Compile(IndexKernel, specialization: new KernelSpecialization(128, 2));
        machine.Run(source, new LaunchGrid(3), new BlockShape(128), 0, 300, x);
        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 300)));
        Assert.That(source.Text, Does.Contain(".maxntid 128, 1, 1"));
        Assert.That(() => machine.Run(source, new LaunchGrid(2), new BlockShape(256), 0, 300, x), Throws.InvalidOperationException.With.Message.Contains("at most 128 threads"));
    }

    private static void SwishKernel(Index1D i, ArrayView<float> x, ArrayView<float> y, float beta)
    {
        float v = x[i];
        y[i] = v / (1f + MathF.Exp(-beta * v));
    }

    private static void LengthKernel(Index1D i, ArrayView<int> x)
    {
        ArrayView<int> inner = x.SubView(2, 3);
        inner[i] += x.IntLength + (int)inner.Length + 1;
    }

    private static void ScalarsKernel(
        Index1D i, ArrayView<double> x, byte a, sbyte b, short c, ushort d, int e, uint f, long g, ulong h, float j, double k, bool l, Half m, DayOfWeek n) =>
        x[i] = a + b + c + d + e + (double)f + g + h + j + k + (l ? 1 : 0) + (float)m + (int)n;

    private static void StructureKernel(Index1D i, ArrayView<double> x, Coefficients c) => x[i] = c.A + c.B + c.C + c.D + c.E + c.F + (float)c.G;

    private static void MixedStructureKernel(Index1D i, ArrayView<float> x, Mixed c) => x[i] = c.View[i] + c.Count + c.Tag + (c.View.Length == 4 ? 4 : 0);

    private static void VectorsKernel(Index1D i, ArrayView<Pair> x, ArrayView<Four> y, ArrayView<Tagged> z)
    {
        Pair p = x[i];
        Four q = y[i];
        Tagged t = z[i];
        q.X += p.X;
        q.W += p.Y;
        y[i] = q;
        t.Tag += 1;
        t.Value += p.X;
        z[i] = t;
        x[i] = new Pair { X = p.Y, Y = p.X };
        if (i == 1)
        {
            z[i] = t with { Value = t.Value - 1 };
        }
    }

    private static void TwoDimensionsKernel(Index2D i, ArrayView2D<float, Stride2D.DenseX> x, ArrayView2D<float, Stride2D.DenseY> y, ArrayView2D<float, Stride2D.General> z) => y[i] = x[i] + z[i.X, i.Y];

    private static void ThreeDimensionsKernel(Index3D i, ArrayView3D<int, Stride3D.DenseXY> x, ArrayView3D<int, Stride3D.DenseZY> y, ArrayView3D<int, Stride3D.General> z) => y[i] = x[i] + z[i];

    private static void IndexKernel(Index1D i, ArrayView<int> x) => x[i] = i;

    private struct Coefficients
    {
        public float A;
        public double B;
        public int C;
        public byte D;
        public long E;
        public short F;
        public Half G;
    }

    private readonly struct Mixed(int count, ArrayView<float> view, byte tag)
    {
        public readonly int Count = count;
        public readonly ArrayView<float> View = view;
        public readonly byte Tag = tag;
    }

    /// <summary><see cref="Mixed"/> as a card sees it.</summary>
    private struct MixedBlock
    {
        public int Count;
        public nint Pointer;
        public long Length;
        public byte Tag;
    }

    private struct Pair
    {
        public float X;
        public float Y;
    }

    private struct Four
    {
        public float X;
        public float Y;
        public float Z;
        public float W;
    }

    private struct Tagged
    {
        public byte Tag;
        public float Value;
    }
}
