namespace Engine.Nn;

/// <summary>Gauss and Newton's step, shortened and turned towards steepest descent as far as the model of linear residuals fails.</summary>
/// <remarks>
/// p has the least ‖J·p + r‖² + λ·‖D·p‖², with D the largest column norms of J so far, so that the scales of the variables do not matter (Marquardt, 1963;
/// Moré, 1978). λ follows the ratio of the fall of the value to the fall that the model foretold (Nielsen, Damping parameter in Marquardt's method, 1999).
/// </remarks>
internal static class LevenbergMarquardt
{
    /// <summary>Beyond it a step is too short to change anything.</summary>
    private const double LargestDamping = 1e20;

    public static MinimizeResult Run(ResidualProblem problem, LeastSquaresOptions options, CancellationToken cancellationToken)
    {
        MinimizeRun run = new(options, cancellationToken);
        Objective objective = problem.HalfSquares;
        double[] point = objective.Start, scales = new double[point.Length];
        ValueAndGradient at = objective.Evaluate(point);
        (double damping, double growth) = (options.InitialDamping, 2);
        StopReason? reason = run.Add(point, at.Value, Vectors.Norm(at.Gradient));
        while (reason is null)
        {
            using TensorScope scope = TensorScope.Begin();
            (Tensor residuals, Tensor jacobian) = problem.At(point);
            UpdateScales(scales, jacobian);
            bool moved = false;
            while (!moved && reason is null)
            {
                double[]? step = Step(jacobian, residuals, scales, damping);
                double[] next = step is null ? point : Vectors.AddScaled(point, 1, step);
                ValueAndGradient there = step is null ? at : objective.Evaluate(next);
                double ratio = step is null ? double.NaN : (at.Value - there.Value) / Foretold(step, scales, damping, at.Gradient);
                moved = ratio > 0 && double.IsFinite(there.Value);
                if (moved)
                {
                    (point, at) = (next, there);
                    damping *= Math.Max(1 / 3.0, 1 - Math.Pow((2 * ratio) - 1, 3));
                    growth = 2;
                }
                else
                {
                    damping *= growth;
                    growth *= 2;
                    reason = damping > LargestDamping ? StopReason.LineSearchFailed : null;
                }
            }

            reason ??= run.Add(point, at.Value, Vectors.Norm(at.Gradient));
        }

        return new MinimizeResult(objective.ToTensors(run.Point), run, objective.Evaluations, reason.Value);
    }

    /// <summary>½pᵀ(λD²p − g): by how much the model's value falls.</summary>
    private static double Foretold(double[] step, double[] scales, double damping, double[] gradient)
    {
        double sum = 0;
        for (int i = 0; i < step.Length; i++)
        {
            sum += step[i] * ((damping * scales[i] * scales[i] * step[i]) - gradient[i]);
        }

        return sum / 2;
    }

    private static double[]? Step(Tensor jacobian, Tensor residuals, double[] scales, double damping)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        double[] weights = Array.ConvertAll(scales, s => Math.Sqrt(damping) * s);
        Tensor below = Tensor.Eye(scales.Length, dtype: DType.Float64, device: Device.Cpu) * Tensor.From<double>(weights, Device.Cpu);
        Tensor left = Tensor.Concat([jacobian, below], axis: 0);
        return !Array.TrueForAll(left.ToArray<double>(), double.IsFinite)
            ? null
            : left.LstSq(Tensor.Concat([-residuals, Tensor.Zeros([scales.Length], DType.Float64, Device.Cpu)])).ToArray<double>();
    }

    /// <summary>A variable on which no residual depends yet is measured by 1.</summary>
    private static void UpdateScales(double[] scales, Tensor jacobian)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        double[] norms = jacobian.Norm(axis: 0).ToArray<double>();
        for (int i = 0; i < scales.Length; i++)
        {
            scales[i] = Math.Max(scales[i], norms[i] > 0 && double.IsFinite(norms[i]) ? norms[i] : scales[i] > 0 ? 0 : 1);
        }
    }
}
