using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>Bits of an argument that selects the update.</summary>
internal static class OptimizerOptions
{
    /// <summary>Momentum looks ahead.</summary>
    public const int IsNesterov = 1;

    /// <summary>The gradient itself takes part in the step beside its running mean (NAdam).</summary>
    public const int AddsGradient = 2;

    /// <summary>The step is divided only from where its variance is tractable (RAdam).</summary>
    public const int IsRectified = 4;
}

/// <summary>
/// The parameters of <see cref="OptimizerPrograms"/>, in the order of <see cref="AdamParameters"/>; gradient descent's (<see cref="SgdParameters"/>) are the first
/// five.
/// </summary>
internal readonly struct HyperParameters<T>(T keep, T decay, T rate, T beta1, T rest1, T beta2, T rest2, T correction, T epsilon, T gradientRate)
    where T : unmanaged, INumber<T>
{
    /// <summary>The factor of the old parameter.</summary>
    public readonly T Keep = keep;

    /// <summary>The factor of the parameter in the gradient: the weight decay.</summary>
    public readonly T Decay = decay;

    /// <summary>The size of the step.</summary>
    public readonly T Rate = rate;

    /// <summary>How much of the first state stays: β₁, or the momentum of gradient descent.</summary>
    public readonly T Beta1 = beta1;

    /// <summary>The weight of the gradient in it.</summary>
    public readonly T Rest1 = rest1;

    /// <summary>How much of the second state stays.</summary>
    public readonly T Beta2 = beta2;

    /// <summary>The weight of the squared gradient in it.</summary>
    public readonly T Rest2 = rest2;

    /// <summary>The factor that corrects the root for its start from 0; RAdam's rectification.</summary>
    public readonly T Correction = correction;

    /// <summary>Keeps the denominator away from 0.</summary>
    public readonly T Epsilon = epsilon;

    /// <summary>The weight of the gradient itself.</summary>
    public readonly T GradientRate = gradientRate;

    /// <summary>Those in memory, where there are some: a captured step reads them when it runs.</summary>
    public static HyperParameters<T> Read(ArrayView<T> memory, HyperParameters<T> given) => memory.Length == 0
        ? given
        : new HyperParameters<T>(
            memory[AdamParameters.Keep],
            memory[AdamParameters.Decay],
            memory[AdamParameters.Rate],
            At(memory, AdamParameters.Beta1),
            At(memory, AdamParameters.Rest1),
            At(memory, AdamParameters.Beta2),
            At(memory, AdamParameters.Rest2),
            At(memory, AdamParameters.Correction),
            At(memory, AdamParameters.Epsilon),
            At(memory, AdamParameters.GradientRate));

    /// <summary>Those given by value; a parameter that a program lacks is 0 and not used.</summary>
    public static HyperParameters<T> Of(ReadOnlySpan<double> parameters) => new(
        At(parameters, AdamParameters.Keep),
        At(parameters, AdamParameters.Decay),
        At(parameters, AdamParameters.Rate),
        At(parameters, AdamParameters.Beta1),
        At(parameters, AdamParameters.Rest1),
        At(parameters, AdamParameters.Beta2),
        At(parameters, AdamParameters.Rest2),
        At(parameters, AdamParameters.Correction),
        At(parameters, AdamParameters.Epsilon),
        At(parameters, AdamParameters.GradientRate));

    private static T At(ArrayView<T> memory, int index) => index < memory.Length ? memory[index] : default;

    private static T At(ReadOnlySpan<double> parameters, int index) => index < parameters.Length ? T.CreateTruncating(parameters[index]) : default;
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
            T momentum = p.Beta1, speed = (momentum * velocity[i]) + (p.Rest1 * decayed);
            velocity[i] = speed;
            step = speed;
            if ((options & OptimizerOptions.IsNesterov) != 0)
            {
                step = decayed + (momentum * speed);
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
        T newMean = (p.Beta1 * mean[i]) + (p.Rest1 * decayed), newSquare = (p.Beta2 * square[i]) + (p.Rest2 * (decayed * decayed)), below = newSquare;
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
            step += p.GradientRate * decayed;
        }

        T root = T.Sqrt(below);
        if ((options & OptimizerOptions.IsRectified) == 0)
        {
            step /= (p.Correction * root) + p.Epsilon;
        }
        else if (p.Correction > default(T))
        {
            step *= p.Correction / (root + p.Epsilon);
        }

        parameter[i] = (w * p.Keep) - step;
    }

    private static bool IsOff<T>(ArrayView<T> condition)
        where T : unmanaged, INumber<T> => condition.Length > 0 && condition[0] == default;
}
