using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>8 doubles in 512 bits.</summary>
internal readonly unsafe struct LanesF64x8 : ILanes<Vector512<double>, double>
{
    public static int Count => Vector512<double>.Count;

    public static Vector512<double> Zero => Vector512<double>.Zero;

    public static Vector512<double> Load(double* source) => Vector512.Load(source);

    public static void Store(double* destination, Vector512<double> value) => Vector512.Store(value, destination);

    public static Vector512<double> LoadFirst(double* source, int count)
    {
        if (Avx512F.IsSupported) return Avx512F.MaskLoad(source, First(count), Vector512<double>.Zero);
        Vector512<double> lanes = Vector512<double>.Zero;
        for (int i = 0; i < count; i++) lanes = lanes.WithElement(i, source[i]);
        return lanes;
    }

    public static void StoreFirst(double* destination, Vector512<double> value, int count)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(destination, First(count), value);
            return;
        }

        for (int i = 0; i < count; i++) destination[i] = value.GetElement(i);
    }

    public static Vector512<double> Broadcast(double value) => Vector512.Create(value);

    public static Vector512<double> Add(Vector512<double> a, Vector512<double> b) => a + b;

    public static Vector512<double> Multiply(Vector512<double> a, Vector512<double> b) => a * b;

    public static Vector512<double> MultiplyAdd(Vector512<double> a, Vector512<double> b, Vector512<double> c) => Vector512.MultiplyAddEstimate(a, b, c);

    public static Vector512<double> Relu(Vector512<double> x) => Vector512.AndNot(x, Vector512.LessThanOrEqual(x, Vector512<double>.Zero));

    public static void StoreSums(double* destination, Vector512<double> a, Vector512<double> b, Vector512<double> c, Vector512<double> d)
        => LanesF64x4.StoreSums(destination, Fold(a), Fold(b), Fold(c), Fold(d));

    private static Vector256<double> Fold(Vector512<double> x) => x.GetLower() + x.GetUpper();

    private static Vector512<double> First(int count)
        => Vector512.LessThan(Vector512<long>.Indices, Vector512.Create((long)count)).AsDouble();
}

/// <summary>4 doubles in 256 bits.</summary>
internal readonly unsafe struct LanesF64x4 : ILanes<Vector256<double>, double>
{
    public static int Count => Vector256<double>.Count;

    public static Vector256<double> Zero => Vector256<double>.Zero;

    public static Vector256<double> Load(double* source) => Vector256.Load(source);

    public static void Store(double* destination, Vector256<double> value) => Vector256.Store(value, destination);

    public static Vector256<double> LoadFirst(double* source, int count)
    {
        if (Avx.IsSupported) return Avx.MaskLoad(source, First(count));
        Vector256<double> lanes = Vector256<double>.Zero;
        for (int i = 0; i < count; i++) lanes = lanes.WithElement(i, source[i]);
        return lanes;
    }

    public static void StoreFirst(double* destination, Vector256<double> value, int count)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(destination, First(count), value);
            return;
        }

        for (int i = 0; i < count; i++) destination[i] = value.GetElement(i);
    }

    public static Vector256<double> Broadcast(double value) => Vector256.Create(value);

    public static Vector256<double> Add(Vector256<double> a, Vector256<double> b) => a + b;

    public static Vector256<double> Multiply(Vector256<double> a, Vector256<double> b) => a * b;

    public static Vector256<double> MultiplyAdd(Vector256<double> a, Vector256<double> b, Vector256<double> c) => Vector256.MultiplyAddEstimate(a, b, c);

    public static Vector256<double> Relu(Vector256<double> x) => Vector256.AndNot(x, Vector256.LessThanOrEqual(x, Vector256<double>.Zero));

    public static void StoreSums(double* destination, Vector256<double> a, Vector256<double> b, Vector256<double> c, Vector256<double> d)
        => LanesF64x2.StoreSums(destination, Fold(a), Fold(b), Fold(c), Fold(d));

    private static Vector128<double> Fold(Vector256<double> x) => x.GetLower() + x.GetUpper();

    private static Vector256<double> First(int count)
        => Vector256.LessThan(Vector256<long>.Indices, Vector256.Create((long)count)).AsDouble();
}

/// <summary>2 doubles in 128 bits.</summary>
internal readonly unsafe struct LanesF64x2 : ILanes<Vector128<double>, double>
{
    public static int Count => Vector128<double>.Count;

    public static Vector128<double> Zero => Vector128<double>.Zero;

    public static Vector128<double> Load(double* source) => Vector128.Load(source);

    public static void Store(double* destination, Vector128<double> value) => Vector128.Store(value, destination);

    public static Vector128<double> LoadFirst(double* source, int count)
    {
        if (Avx.IsSupported) return Avx.MaskLoad(source, First(count));
        Vector128<double> lanes = Vector128<double>.Zero;
        for (int i = 0; i < count; i++) lanes = lanes.WithElement(i, source[i]);
        return lanes;
    }

    public static void StoreFirst(double* destination, Vector128<double> value, int count)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(destination, First(count), value);
            return;
        }

        for (int i = 0; i < count; i++) destination[i] = value.GetElement(i);
    }

    public static Vector128<double> Broadcast(double value) => Vector128.Create(value);

    public static Vector128<double> Add(Vector128<double> a, Vector128<double> b) => a + b;

    public static Vector128<double> Multiply(Vector128<double> a, Vector128<double> b) => a * b;

    public static Vector128<double> MultiplyAdd(Vector128<double> a, Vector128<double> b, Vector128<double> c) => Vector128.MultiplyAddEstimate(a, b, c);

    public static Vector128<double> Relu(Vector128<double> x) => Vector128.AndNot(x, Vector128.LessThanOrEqual(x, Vector128<double>.Zero));

    public static void StoreSums(double* destination, Vector128<double> a, Vector128<double> b, Vector128<double> c, Vector128<double> d)
    {
        if (Sse3.IsSupported)
        {
            Sse3.HorizontalAdd(a, b).Store(destination);
            Sse3.HorizontalAdd(c, d).Store(destination + 2);
            return;
        }

        destination[0] = Vector128.Sum(a);
        destination[1] = Vector128.Sum(b);
        destination[2] = Vector128.Sum(c);
        destination[3] = Vector128.Sum(d);
    }

    private static Vector128<double> First(int count)
        => Vector128.LessThan(Vector128<long>.Indices, Vector128.Create((long)count)).AsDouble();
}

/// <summary>One double: the form for processors without vectors.</summary>
internal readonly unsafe struct LanesF64x1 : ILanes<double, double>
{
    public static int Count => 1;

    public static double Zero => 0;

    public static double Load(double* source) => *source;

    public static void Store(double* destination, double value) => *destination = value;

    public static double LoadFirst(double* source, int count) => *source;

    public static void StoreFirst(double* destination, double value, int count) => *destination = value;

    public static double Broadcast(double value) => value;

    public static double Add(double a, double b) => a + b;

    public static double Multiply(double a, double b) => a * b;

    public static double MultiplyAdd(double a, double b, double c) => double.MultiplyAddEstimate(a, b, c);

    public static double Relu(double x) => x <= 0 ? 0 : x;

    public static void StoreSums(double* destination, double a, double b, double c, double d)
    {
        destination[0] = a;
        destination[1] = b;
        destination[2] = c;
        destination[3] = d;
    }
}
