using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The operations on a normalised value.</summary>
internal interface IActivation
{
    /// <summary>Whether a residual is added.</summary>
    static abstract bool Adds { get; }

    static abstract V Of<V>(V value) where V : struct, ISimd<V>;
}

/// <summary>Nothing.</summary>
internal readonly struct NoActivation : IActivation
{
    public static bool Adds => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V value) where V : struct, ISimd<V> => value;
}

/// <summary>max(value, 0).</summary>
internal readonly struct ReluActivation : IActivation
{
    public static bool Adds => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V value) where V : struct, ISimd<V> => VectorMath.Relu(value);
}

/// <summary>value + residual.</summary>
internal readonly struct AddActivation : IActivation
{
    public static bool Adds => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V value) where V : struct, ISimd<V> => value;
}

/// <summary>max(value + residual, 0).</summary>
internal readonly struct AddReluActivation : IActivation
{
    public static bool Adds => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V value) where V : struct, ISimd<V> => VectorMath.Relu(value);
}

/// <summary>Forward pass over channels whose pieces are at least two vectors long.</summary>
/// <param name="shape">How the tensor is cut.</param>
/// <param name="x">[N, C, L].</param>
/// <param name="gap">Numbers between the images of x.</param>
/// <param name="residual">[N, C, L], or null where nothing is added.</param>
/// <param name="y">[N, C, L].</param>
/// <param name="statistics">Per channel.</param>
/// <param name="blocks">[C, blocks], scratch.</param>
/// <param name="factors">[C], scratch.</param>
internal readonly unsafe struct BatchNormForward<T, TVec, TActivation>(
    BatchNormShape shape, T* x, nint gap, T* residual, T* y, BatchNormStatistics<T> statistics, Moments* blocks, (T Center, T Factor, T Offset)* factors) : IBatchNormStep
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
    where TActivation : struct, IActivation
{
    public void Collect(int group, int block)
    {
        double count = shape.BlockCount(block);
        double shift = double.CreateTruncating(T.CreateTruncating(Sum(x, gap, shape.Strips(group, block)) / count));
        (double sum, double squares) = Deviations(x, gap, shape.Strips(group, block), TVec.Create(shift));
        blocks[((nint)group * shape.Blocks) + block] = Moments.FromShifted(shift, sum, squares, count);
    }

    public void Finish(int group)
    {
        Moments* parts = blocks + ((nint)group * shape.Blocks);
        Moments moments = parts[0];
        for (int block = 1; block < shape.Blocks; block++)
        {
            moments.Add(parts[block], block * shape.BlockSize, shape.BlockCount(block));
        }
        factors[group] = statistics.Publish(group, moments, shape.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(int group, int block)
    {
        (T Center, T Factor, T Offset)* f = factors + group;
        TVec center = TVec.Broadcast(&f->Center), factor = TVec.Broadcast(&f->Factor), offset = TVec.Broadcast(&f->Offset);
        for (Strips strips = shape.Strips(group, block); strips.MoveNext();)
        {
            T* from = x + strips.Offset + (strips.Image * gap), to = y + strips.Offset;
            nint i = 0, n = strips.Size;
            T* added = TActivation.Adds ? residual + strips.Offset : null;
            for (; i <= n - TVec.Count; i += TVec.Count)
            {
                TVec value = TVec.MultiplyAdd(TVec.Load(from + i) - center, factor, offset);
                if (TActivation.Adds)
                {
                    value += TVec.Load(added + i);
                }
                TActivation.Of(value).Store(to + i);
            }

            if (i < n)
            {
                TVec value = TVec.MultiplyAdd(TVec.LoadFirst(from + i, n - i) - center, factor, offset);
                if (TActivation.Adds)
                {
                    value += TVec.LoadFirst(added + i, n - i);
                }
                TActivation.Of(value).StoreFirst(to + i, n - i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Sum(T* x, nint gap, Strips strips)
    {
        TVec a = TVec.Zero, b = a, c = a, d = a;
        while (strips.MoveNext())
        {
            T* p = x + strips.Offset + (strips.Image * gap);
            nint i = 0, n = strips.Size;
            for (; i <= n - (4 * TVec.Count); i += 4 * TVec.Count)
            {
                a += TVec.Load(p + i);
                b += TVec.Load(p + i + TVec.Count);
                c += TVec.Load(p + i + (2 * TVec.Count));
                d += TVec.Load(p + i + (3 * TVec.Count));
            }

            for (; i <= n - TVec.Count; i += TVec.Count)
            {
                a += TVec.Load(p + i);
            }
            if (i < n)
            {
                b += TVec.LoadFirst(p + i, n - i);
            }
        }

        return TVec.Sum((a + b) + (c + d));
    }

    /// <summary>Σ(x − shift) and Σ(x − shift)².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double Sum, double Squares) Deviations(T* x, nint gap, Strips strips, TVec shift)
    {
        TVec a = TVec.Zero, b = a, aa = a, bb = a;
        while (strips.MoveNext())
        {
            T* p = x + strips.Offset + (strips.Image * gap);
            nint i = 0, n = strips.Size;
            for (; i <= n - (2 * TVec.Count); i += 2 * TVec.Count)
            {
                TVec u = TVec.Load(p + i) - shift, v = TVec.Load(p + i + TVec.Count) - shift;
                a += u;
                b += v;
                aa = TVec.MultiplyAdd(u, u, aa);
                bb = TVec.MultiplyAdd(v, v, bb);
            }

            for (; i < n; i += TVec.Count)
            {
                // Lanes past the end read as 0; taking 0 from them leaves them out.
                TVec u = Tail.Load<TVec>(p + i, n - i) - Tail.First(shift, n - i);
                a += u;
                aa = TVec.MultiplyAdd(u, u, aa);
            }
        }

        return (TVec.Sum(a + b), TVec.Sum(aa + bb));
    }
}
