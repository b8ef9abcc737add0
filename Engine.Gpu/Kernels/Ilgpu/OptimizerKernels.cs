using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>Bits of an argument that tells which update it is.</summary>
internal static class OptimizerOptions
{
    /// <summary>Momentum looks ahead.</summary>
    public const int IsNesterov = 1;

    /// <summary>The gradient itself takes part in the step beside its running mean (NAdam).</summary>
    public const int AddsGradient = 2;

    /// <summary>The step is divided only from where its variance is tractable (RAdam).</summary>
    public const int IsRectified = 4;
}

/// <summary>The parameters of <see cref="OptimizerPrograms"/>: p0 … p9.</summary>
internal readonly struct HyperParameters<T>(T keep, T decay, T rate, T p3, T p4, T p5, T p6, T p7, T p8, T p9)
    where T : unmanaged, INumber<T>
{
    /// <summary>The factor of the old parameter.</summary>
    public readonly T Keep = keep;

    /// <summary>What is added to the gradient for each unit of the parameter.</summary>
    public readonly T Decay = decay;

    /// <summary>The size of the step.</summary>
    public readonly T Rate = rate;

    /// <summary>How much of the first state stays.</summary>
    public readonly T P3 = p3;

    /// <summary>The weight of the gradient in it.</summary>
    public readonly T P4 = p4;

    /// <summary>How much of the second state stays.</summary>
    public readonly T P5 = p5;

    /// <summary>The weight of the squared gradient in it.</summary>
    public readonly T P6 = p6;

    /// <summary>What corrects the root for its start from 0.</summary>
    public readonly T P7 = p7;

    /// <summary>Epsilon.</summary>
    public readonly T P8 = p8;

    /// <summary>The weight of the gradient itself.</summary>
    public readonly T P9 = p9;

    /// <summary>Those in memory, where there are some: a captured step reads them when it runs.</summary>
    public static HyperParameters<T> Read(ArrayView<T> memory, HyperParameters<T> given) => memory.Length == 0
        ? given
        : new HyperParameters<T>(
            memory[0], memory[1], memory[2], At(memory, 3), At(memory, 4), At(memory, 5), At(memory, 6), At(memory, 7), At(memory, 8), At(memory, 9));

    private static T At(ArrayView<T> memory, int index) => index < memory.Length ? memory[index] : default;
}

/// <summary>
/// The updates of optimizers, in place, a work-item an element: the formulas of <see cref="OptimizerPrograms"/>. Views without elements stand for states that
/// there are not; under a condition that is 0 everything keeps its bits.
/// </summary>
internal static class OptimizerKernels
{
    /// <summary>Gradient descent, with momentum where there is a velocity.</summary>
    public static void Descend<T>(
        ArrayView<T> parameter,
        ArrayView<T> gradient,
        ArrayView<T> velocity,
        ArrayView<T> condition,
        ArrayView<T> memory,
        HyperParameters<T> given,
        int options)
        where T : unmanaged, INumber<T>
    {
        int i = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (i >= parameter.Length || IsOff(condition))
        {
            return;
        }

        HyperParameters<T> p = HyperParameters<T>.Read(memory, given);
        T w = parameter[i], decayed = gradient[i] + (p.Decay * w), step = decayed;
        if (velocity.Length > 0)
        {
            T speed = (p.P3 * velocity[i]) + (p.P4 * decayed);
            velocity[i] = speed;
            step = speed;
            if ((options & OptimizerOptions.IsNesterov) != 0)
            {
                step = decayed + (p.P3 * speed);
            }
        }

        parameter[i] = (w * p.Keep) - (p.Rate * step);
    }

    /// <summary>Adam and AdamW, AMSGrad where there is a largest square, NAdam and RAdam.</summary>
    public static void Adapt<T>(
        ArrayView<T> parameter,
        ArrayView<T> gradient,
        ArrayView<T> mean,
        ArrayView<T> square,
        ArrayView<T> largest,
        ArrayView<T> condition,
        ArrayView<T> memory,
        HyperParameters<T> given,
        int options)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int i = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (i >= parameter.Length || IsOff(condition))
        {
            return;
        }

        HyperParameters<T> p = HyperParameters<T>.Read(memory, given);
        T w = parameter[i], decayed = gradient[i] + (p.Decay * w);
        T newMean = (p.P3 * mean[i]) + (p.P4 * decayed), newSquare = (p.P5 * square[i]) + (p.P6 * (decayed * decayed)), below = newSquare;
        mean[i] = newMean;
        square[i] = newSquare;
        if (largest.Length > 0)
        {
            // A square that is NaN stays visible.
            T before = largest[i];
            below = before > newSquare || T.IsNaN(before) ? before : newSquare;
            largest[i] = below;
        }

        T step = p.Rate * newMean;
        if ((options & OptimizerOptions.AddsGradient) != 0)
        {
            step += p.P9 * decayed;
        }

        T root = T.Sqrt(below);
        if ((options & OptimizerOptions.IsRectified) == 0)
        {
            step /= (p.P7 * root) + p.P8;
        }
        else if (p.P7 > default(T))
        {
            step *= p.P7 / (root + p.P8);
        }

        parameter[i] = (w * p.Keep) - step;
    }

    private static bool IsOff<T>(ArrayView<T> condition)
        where T : unmanaged, INumber<T> => condition.Length > 0 && condition[0] == default;
}
