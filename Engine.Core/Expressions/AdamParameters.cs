namespace Engine.Backends;

/// <summary>
/// The parameters of <see cref="OptimizerPrograms.Adam"/>, <see cref="OptimizerPrograms.AmsGrad"/>, <see cref="OptimizerPrograms.NAdam"/> and
/// <see cref="OptimizerPrograms.RAdam"/>, by number.
/// </summary>
public static class AdamParameters
{
    /// <inheritdoc cref="OptimizerTerms.Keep"/>
    public const int Keep = OptimizerTerms.Keep;

    /// <inheritdoc cref="OptimizerTerms.Decay"/>
    public const int Decay = OptimizerTerms.Decay;

    /// <summary>The factor of the mean in the step: lr/(1 − β₁ᵗ); NAdam's follows from its momentum schedule.</summary>
    public const int Rate = OptimizerTerms.FirstOwn;

    /// <summary>β₁: how much of the old mean of the gradient stays.</summary>
    public const int Beta1 = Rate + 1;

    /// <summary>1 − β₁: the weight of the gradient in its mean.</summary>
    public const int Rest1 = Beta1 + 1;

    /// <summary>β₂: how much of the old mean of the squared gradient stays.</summary>
    public const int Beta2 = Rest1 + 1;

    /// <summary>1 − β₂: the weight of the squared gradient in its mean.</summary>
    public const int Rest2 = Beta2 + 1;

    /// <summary>1/√(1 − β₂ᵗ), the factor of the root, which corrects it for its start from 0. RAdam has <see cref="Rectification"/> under this number.</summary>
    public const int Correction = Rest2 + 1;

    /// <summary>RAdam's: rectification·√(1 − β₂ᵗ), or 0 while the variance of the step is intractable.</summary>
    public const int Rectification = Correction;

    /// <summary>Keeps the denominator away from 0.</summary>
    public const int Epsilon = Correction + 1;

    /// <summary>How many Adam, AMSGrad and RAdam have.</summary>
    public const int Count = Epsilon + 1;

    /// <summary>NAdam's: the factor of the gradient itself in the step.</summary>
    public const int GradientRate = Count;
}
