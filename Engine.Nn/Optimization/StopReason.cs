namespace Engine.Nn;

/// <summary>Why a minimisation came to its end.</summary>
public enum StopReason
{
    /// <summary>The gradient is as short as asked for: a critical point to that accuracy.</summary>
    GradientTolerance,

    /// <summary>The value hardly changed in the last step.</summary>
    ValueTolerance,

    /// <summary>The point hardly moved in the last step.</summary>
    StepTolerance,

    /// <summary>The value has reached the target.</summary>
    TargetValue,

    /// <summary>All steps that were allowed are made.</summary>
    MaxIterations,

    /// <summary>The value or the gradient became NaN or infinite; the result is the last point at which both were finite.</summary>
    NotFinite,

    /// <summary>No step along the direction of descent gives a lower value: rounding allows no further progress, or the gradient is wrong.</summary>
    LineSearchFailed,

    /// <summary>The matrix of second derivatives is singular, so that Newton's step does not exist.</summary>
    SingularHessian,

    /// <summary>The constraints cannot be met near the point: no direction makes their violation smaller.</summary>
    Infeasible,

    /// <summary>The run was cancelled.</summary>
    Cancelled,
}
