using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Σdy and Σdy·(x − mean).</summary>
internal struct GradientSums
{
    public double Sum, Product;

    public void Add(in GradientSums other)
    {
        Sum += other.Sum;
        Product += other.Product;
    }
}

/// <summary>Whether a ReLU follows the normalisation, through which the gradient passes only where the result is positive.</summary>
internal interface IReluGate
{
    static abstract bool IsThere { get; }

    /// <summary>Whether the gradient after the ReLU is written, for the residual: the first pass writes it and the second reads it.</summary>
    static abstract bool Keeps { get; }

    /// <summary>Whether the gradient comes in two parts.</summary>
    static abstract bool Sums { get; }
}

/// <summary>A ReLU.</summary>
internal readonly struct ReluGate : IReluGate
{
    public static bool IsThere => true;

    public static bool Keeps => false;

    public static bool Sums => false;
}

/// <summary>A ReLU after the sum with a residual.</summary>
internal readonly struct KeptGate : IReluGate
{
    public static bool IsThere => true;

    public static bool Keeps => true;

    public static bool Sums => false;
}

/// <summary>A ReLU whose result has two users.</summary>
internal readonly struct SumGate : IReluGate
{
    public static bool IsThere => true;

    public static bool Keeps => false;

    public static bool Sums => true;
}

/// <summary>A ReLU after the sum with a residual, whose result has two users.</summary>
internal readonly struct KeptSumGate : IReluGate
{
    public static bool IsThere => true;

    public static bool Keeps => true;

    public static bool Sums => true;
}

/// <summary>None.</summary>
internal readonly struct NoGate : IReluGate
{
    public static bool IsThere => false;

    public static bool Keeps => false;

    public static bool Sums => false;
}

/// <summary>The operands of the backward pass, and the numbers of each channel for its last step.</summary>
internal unsafe struct BatchNormGradient<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>[N, C, L]; Y is null without a ReLU, the second part of the gradient where there is none.</summary>
    public T* X, GradY, GradYMore, Y;

    /// <summary>[N, C, L], written, or null.</summary>
    public T* GradX, GradResidual;

    /// <summary>Numbers between the images of X and of GradX.</summary>
    public nint GapX, GapGradX;

    /// <summary>Whether GradX is added to.</summary>
    public bool AddsToGradX;

    /// <summary>Whether GradX is written past the caches.</summary>
    public bool StreamsGradX;

    /// <summary>[C]; Scale is null for 1.</summary>
    public T* Mean, InverseStd, Scale;

    /// <summary>[C], written.</summary>
    public T* GradScale, GradShift;

    /// <summary>Writes the gradients of a channel's scale and shift.</summary>
    /// <returns>Factors of dx = ForGradient·dy + (ForDeviation·(x − mean) + Constant).</returns>
    public readonly (T ForGradient, T ForDeviation, T Constant) Publish(int channel, in GradientSums sums, double count)
    {
        double inverseStd = double.CreateTruncating(InverseStd[channel]);
        GradShift[channel] = T.CreateTruncating(sums.Sum);
        GradScale[channel] = T.CreateTruncating(sums.Product * inverseStd);
        double factor = Scale == null ? inverseStd : inverseStd * double.CreateTruncating(Scale[channel]);
        return (
            T.CreateTruncating(factor),
            T.CreateTruncating(-factor * inverseStd * inverseStd * sums.Product / count),
            T.CreateTruncating(-factor * sums.Sum / count));
    }

    /// <summary>The gradient to the normalised values of some elements, in the first pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly TVec Gradient<TVec, TGate>(nint at, nint left) where TVec : struct, ISimd<TVec> where TGate : struct, IReluGate
    {
        TVec dy = Tail.Load<TVec>(GradY + at, left);
        if (!TGate.IsThere)
        {
            return dy;
        }
        if (TGate.Sums)
        {
            dy += Tail.Load<TVec>(GradYMore + at, left);
        }
        dy = TVec.Less(TVec.Zero, Tail.Load<TVec>(Y + at, left)) & dy;
        if (TGate.Keeps)
        {
            Tail.Store(dy, GradResidual + at, left);
        }
        return dy;
    }

    /// <summary>The same in the second pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly TVec GradientAgain<TVec, TGate>(nint at, nint left) where TVec : struct, ISimd<TVec> where TGate : struct, IReluGate =>
        TGate.Keeps ? Tail.Load<TVec>(GradResidual + at, left) : Gradient<TVec, TGate>(at, left);
}
