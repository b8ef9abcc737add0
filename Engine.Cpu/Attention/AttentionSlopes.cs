using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>From a row of products to weights, and from gradients to the weights to gradients to the products.</summary>
internal static unsafe class AttentionSlopes<TVec> where TVec : struct, ISimd<TVec>
{
    /// <summary>w = exp(scale·w − sums), and g = w·(g − means)·slope.</summary>
    /// <remarks>A multiply-add would keep digits of the product that the sum has lost: large scores would be far from it.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* w, float* g, float* sums, float* means, nint count, float scale, float slope)
    {
        TVec each = TVec.Broadcast(&scale), factor = TVec.Broadcast(&slope);
        nint i = 0;
        for (; i <= count - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            nint j = i + TVec.Count;
            TVec a = VectorMath.Exp((TVec.Load(w + i) * each) - TVec.Load(sums + i));
            TVec b = VectorMath.Exp((TVec.Load(w + j) * each) - TVec.Load(sums + j));
            a.Store(w + i);
            b.Store(w + j);
            (a * (TVec.Load(g + i) - TVec.Load(means + i)) * factor).Store(g + i);
            (b * (TVec.Load(g + j) - TVec.Load(means + j)) * factor).Store(g + j);
        }

        for (; i < count; i += TVec.Count)
        {
            nint left = count - i;
            TVec weight = VectorMath.Exp((Tail.Load<TVec>(w + i, left) * each) - Tail.Load<TVec>(sums + i, left));
            TVec gradient = weight * (Tail.Load<TVec>(g + i, left) - Tail.Load<TVec>(means + i, left)) * factor;
            Tail.Store(weight, w + i, left);
            Tail.Store(gradient, g + i, left);
        }
    }

    /// <summary>w = exp(scale·w − sums).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exponentials(float* w, float* sums, nint count, float scale)
    {
        TVec each = TVec.Broadcast(&scale);
        for (nint i = 0; i < count; i += TVec.Count)
        {
            nint left = count - i;
            Tail.Store(VectorMath.Exp((Tail.Load<TVec>(w + i, left) * each) - Tail.Load<TVec>(sums + i, left)), w + i, left);
        }
    }
}
