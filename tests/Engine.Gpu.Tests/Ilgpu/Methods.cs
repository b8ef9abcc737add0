using ILGPU;
using ILGPU.Runtime;

namespace Engine.Gpu.Tests;

/// <summary>Kernels as people write them.</summary>
internal static class Methods
{
    public struct Line
    {
        public byte Power;
        public int Shift;
        public double Slope;
    }

    public static void Axpy(Index1D i, ArrayView<float> x, ArrayView<float> y, float a) => y[i] += a * x[i];

    public static void Swish(Index1D i, ArrayView<float> x, ArrayView<float> y, float beta) => y[i] = x[i] / (1 + MathF.Exp(-beta * x[i]));

    public static void SwishBackward(Index1D i, ArrayView<float> x, ArrayView<float> dy, ArrayView<float> dx, float beta)
    {
        float s = 1 / (1 + MathF.Exp(-beta * x[i]));
        dx[i] = dy[i] * (s + (beta * x[i] * s * (1 - s)));
    }

    public static void Square(Index1D i, ArrayView<double> x, ArrayView<double> y) => y[i] = x[i] * x[i];

    public static void Count(Index1D i, ArrayView<long> y, long first, int step, uint bits, ulong wide, byte small, sbyte negative, short two, ushort unsigned) =>
        y[i] = first + ((long)step * i) + bits + (long)wide + small + negative + two + unsigned;

    public static void Invert(Index1D i, ArrayView<byte> x) => x[i] = (byte)(1 - x[i]);

    public static void Transpose(Index2D i, ArrayView2D<float, Stride2D.General> x, ArrayView2D<float, Stride2D.General> y) => y[i.Y, i.X] = x[i];

    public static void Sum3(Index3D i, ArrayView3D<int, Stride3D.General> x, ArrayView3D<int, Stride3D.General> y, Index3D shift) =>
        y[i] = x[i] + shift.X + (10 * shift.Y) + (100 * shift.Z);

    public static void Apply(Index1D i, ArrayView<float> x, ArrayView<float> y, Line line) =>
        y[i] = (line.Power == 2 ? x[i] * x[i] : x[i]) * (float)line.Slope + line.Shift;

    /// <summary>The sum of each group's elements.</summary>
    public static void BlockSum(ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(128);
        int i = Grid.GlobalIndex.X;
        shared[ILGPU.Group.IdxX] = i < x.Length ? x[i] : 0;
        for (int half = ILGPU.Group.DimX / 2; half > 0; half /= 2)
        {
            ILGPU.Group.Barrier();
            if (ILGPU.Group.IdxX < half)
            {
                shared[ILGPU.Group.IdxX] += shared[ILGPU.Group.IdxX + half];
            }
        }

        ILGPU.Group.Barrier();
        if (ILGPU.Group.IdxX == 0)
        {
            y[Grid.IdxX] = shared[0];
        }
    }

    /// <summary>Each group's elements backwards, in as much shared memory as the launch gives.</summary>
    public static void Reverse(ArrayView<int> x)
    {
        ArrayView<int> shared = SharedMemory.GetDynamic<int>();
        int i = Grid.GlobalIndex.X;
        shared[ILGPU.Group.IdxX] = x[i];
        ILGPU.Group.Barrier();
        x[i] = shared[ILGPU.Group.DimX - 1 - ILGPU.Group.IdxX];
    }

    /// <summary>The place of each work-item in a group of two dimensions.</summary>
    public static void Places(ArrayView<int> y, int columns)
    {
        Index3D place = Grid.GlobalIndex;
        y[(place.Y * columns) + place.X] = (100 * place.Y) + place.X;
    }

    public static void Past(Index1D i, ArrayView<float> x) => x[i + 1] = 1;

    public static void Divide(Index1D i, ArrayView<int> x) => x[i] = 100 / x[i];

    public static void Fused(Index1D i, ArrayView<float> x) => x[i] = MathF.FusedMultiplyAdd(x[i], x[i], 1f);

    public static void Choose(ArrayView<float> x, int which)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(64);
        shared[ILGPU.Group.IdxX] = x[ILGPU.Group.IdxX];
        ILGPU.Group.Barrier();
        ArrayView<float> chosen = which > 0 ? shared : x.SubView(0, 64);
        x[ILGPU.Group.IdxX] = chosen[63 - ILGPU.Group.IdxX];
    }

    public static void Text(Index1D i, ArrayView<float> x) => x[i] = i.X.ToString(System.Globalization.CultureInfo.InvariantCulture).Length;

    public static void Truth(Index1D i, ArrayView<float> x, bool which) => x[i] = which ? 1 : 0;

    public static void Truths(Index1D i, ArrayView<bool> x) => x[i] = true;

    public static void Rounds(Index1D i, ArrayView<float> x) => x[i] = Rounded(x[i]);

    public static void CopiesSign(Index1D i, ArrayView<float> x) => x[i] = MathF.CopySign(x[i], -1);

    private static float Rounded(float x) => MathF.Round(x);

    public static int Returns(Index1D i, ArrayView<float> x) => i;

    public static void Long(LongIndex1D i, ArrayView<float> x) => x[i] = 1;

    public static void Reference(Index1D i, ref int x) => x = i;

    public static void Generic<T>(Index1D i, ArrayView<T> x, T value)
        where T : unmanaged => x[i] = value;
}
