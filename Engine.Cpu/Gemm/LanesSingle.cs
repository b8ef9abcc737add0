using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>16 floats in 512 bits.</summary>
internal readonly unsafe struct LanesF32x16 : ILanes<Vector512<float>, float>
{
    public static int Count => Vector512<float>.Count;

    public static Vector512<float> Zero => Vector512<float>.Zero;

    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    public static void Store(float* destination, Vector512<float> value) => Vector512.Store(value, destination);

    public static Vector512<float> LoadFirst(float* source, int count)
    {
        if (Avx512F.IsSupported) return Avx512F.MaskLoad(source, First(count), Vector512<float>.Zero);
        Vector512<float> lanes = Vector512<float>.Zero;
        for (int i = 0; i < count; i++) lanes = lanes.WithElement(i, source[i]);
        return lanes;
    }

    public static void StoreFirst(float* destination, Vector512<float> value, int count)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(destination, First(count), value);
            return;
        }

        for (int i = 0; i < count; i++) destination[i] = value.GetElement(i);
    }

    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.MultiplyAddEstimate(a, b, c);

    public static Vector512<float> Relu(Vector512<float> x) => Vector512.AndNot(x, Vector512.LessThanOrEqual(x, Vector512<float>.Zero));

    public static void StoreSums(float* destination, Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
        => LanesF32x8.StoreSums(destination, Fold(a), Fold(b), Fold(c), Fold(d));

    private static Vector256<float> Fold(Vector512<float> x) => x.GetLower() + x.GetUpper();

    private static Vector512<float> First(int count)
        => Vector512.LessThan(Vector512<int>.Indices, Vector512.Create((int)count)).AsSingle();
}

/// <summary>8 floats in 256 bits.</summary>
internal readonly unsafe struct LanesF32x8 : ILanes<Vector256<float>, float>
{
    public static int Count => Vector256<float>.Count;

    public static Vector256<float> Zero => Vector256<float>.Zero;

    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    public static void Store(float* destination, Vector256<float> value) => Vector256.Store(value, destination);

    public static Vector256<float> LoadFirst(float* source, int count)
    {
        if (Avx.IsSupported) return Avx.MaskLoad(source, First(count));
        Vector256<float> lanes = Vector256<float>.Zero;
        for (int i = 0; i < count; i++) lanes = lanes.WithElement(i, source[i]);
        return lanes;
    }

    public static void StoreFirst(float* destination, Vector256<float> value, int count)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(destination, First(count), value);
            return;
        }

        for (int i = 0; i < count; i++) destination[i] = value.GetElement(i);
    }

    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.MultiplyAddEstimate(a, b, c);

    public static Vector256<float> Relu(Vector256<float> x) => Vector256.AndNot(x, Vector256.LessThanOrEqual(x, Vector256<float>.Zero));

    public static void StoreSums(float* destination, Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
        => LanesF32x4.StoreSums(destination, Fold(a), Fold(b), Fold(c), Fold(d));

    private static Vector128<float> Fold(Vector256<float> x) => x.GetLower() + x.GetUpper();

    private static Vector256<float> First(int count)
        => Vector256.LessThan(Vector256<int>.Indices, Vector256.Create((int)count)).AsSingle();
}

/// <summary>4 floats in 128 bits.</summary>
internal readonly unsafe struct LanesF32x4 : ILanes<Vector128<float>, float>
{
    public static int Count => Vector128<float>.Count;

    public static Vector128<float> Zero => Vector128<float>.Zero;

    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    public static void Store(float* destination, Vector128<float> value) => Vector128.Store(value, destination);

    public static Vector128<float> LoadFirst(float* source, int count)
    {
        if (Avx.IsSupported) return Avx.MaskLoad(source, First(count));
        Vector128<float> lanes = Vector128<float>.Zero;
        for (int i = 0; i < count; i++) lanes = lanes.WithElement(i, source[i]);
        return lanes;
    }

    public static void StoreFirst(float* destination, Vector128<float> value, int count)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(destination, First(count), value);
            return;
        }

        for (int i = 0; i < count; i++) destination[i] = value.GetElement(i);
    }

    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.MultiplyAddEstimate(a, b, c);

    public static Vector128<float> Relu(Vector128<float> x) => Vector128.AndNot(x, Vector128.LessThanOrEqual(x, Vector128<float>.Zero));

    public static void StoreSums(float* destination, Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        if (Sse3.IsSupported)
        {
            Sse3.HorizontalAdd(Sse3.HorizontalAdd(a, b), Sse3.HorizontalAdd(c, d)).Store(destination);
            return;
        }

        destination[0] = Vector128.Sum(a);
        destination[1] = Vector128.Sum(b);
        destination[2] = Vector128.Sum(c);
        destination[3] = Vector128.Sum(d);
    }

    private static Vector128<float> First(int count)
        => Vector128.LessThan(Vector128<int>.Indices, Vector128.Create((int)count)).AsSingle();
}

/// <summary>One float: the form for processors without vectors.</summary>
internal readonly unsafe struct LanesF32x1 : ILanes<float, float>
{
    public static int Count => 1;

    public static float Zero => 0;

    public static float Load(float* source) => *source;

    public static void Store(float* destination, float value) => *destination = value;

    public static float LoadFirst(float* source, int count) => *source;

    public static void StoreFirst(float* destination, float value, int count) => *destination = value;

    public static float Broadcast(float value) => value;

    public static float Add(float a, float b) => a + b;

    public static float Multiply(float a, float b) => a * b;

    public static float MultiplyAdd(float a, float b, float c) => float.MultiplyAddEstimate(a, b, c);

    public static float Relu(float x) => x <= 0 ? 0 : x;

    public static void StoreSums(float* destination, float a, float b, float c, float d)
    {
        destination[0] = a;
        destination[1] = b;
        destination[2] = c;
        destination[3] = d;
    }
}
