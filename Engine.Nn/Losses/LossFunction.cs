namespace Engine.Nn;

/// <summary>How far predictions are from targets, as a scalar to minimise.</summary>
/// <remarks>The two-argument forms in <see cref="Losses"/> fit; others are a lambda: <c>(y, t) => Losses.CrossEntropy(y, t, labelSmoothing: 0.1)</c>.</remarks>
/// <param name="prediction">The output of the model.</param>
/// <param name="target">The correct output.</param>
public delegate Tensor LossFunction(Tensor prediction, Tensor target);
