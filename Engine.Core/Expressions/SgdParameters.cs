namespace Engine.Backends;

/// <summary>The parameters of <see cref="OptimizerPrograms.Sgd"/>, <see cref="OptimizerPrograms.SgdMomentum"/> and <see cref="OptimizerPrograms.SgdNesterov"/>, by number.</summary>
public static class SgdParameters
{
    /// <inheritdoc cref="OptimizerTerms.Keep"/>
    public const int Keep = OptimizerTerms.Keep;

    /// <inheritdoc cref="OptimizerTerms.Decay"/>
    public const int Decay = OptimizerTerms.Decay;

    /// <summary>lr, the factor of the step.</summary>
    public const int Rate = OptimizerTerms.FirstOwn;

    /// <summary>How much of the old velocity stays. Without momentum the program has no such parameter, nor the next one.</summary>
    public const int Momentum = Rate + 1;

    /// <summary>The weight of the gradient in the velocity: 1 − dampening.</summary>
    public const int Fresh = Momentum + 1;

    /// <summary>How many there are, momentum's included.</summary>
    public const int Count = Fresh + 1;
}
