namespace Engine.Nn;

/// <summary>Bounds gradients between the backward pass and the optimizer's step: the remedy for exploding gradients.</summary>
public static class GradientClipping
{
    /// <summary>PyTorch's guard against a division by 0.</summary>
    private const double Epsilon = 1e-6;

    [ThreadStatic]
    private static PointwiseGroup? t_scaling;

    private static readonly MapProgram s_coefficient = MapProgram.Compile(
        1, Expr.ClampMax(Expr.Parameter(0) / (Expr.Input(0) + Epsilon), 1));

    /// <summary>Scales all gradients by min(1, maxNorm / (norm + 1e-6)), where norm is that of all gradients as one vector.</summary>
    /// <param name="parameters">Those without a gradient are left out.</param>
    /// <param name="maxNorm">The longest the gradient may be.</param>
    /// <param name="normType">2 for √Σg², ∞ for max |g|, or any p > 0 for (Σ|g|ᵖ)^(1/p).</param>
    /// <returns>The norm before, a scalar on the device: nothing waits for it. NaN where a gradient has a NaN; all gradients are then NaN.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxNorm"/> is not positive, or <paramref name="normType"/> is not.</exception>
    public static Tensor ClipGradNorm(this IEnumerable<Tensor> parameters, double maxNorm, double normType = 2)
    {
        Hyper.Positive(maxNorm);
        List<Tensor> gradients = GradientsOf(parameters);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor norm = Norm(gradients, normType);
        Tensor coefficient = Pointwise.Apply(nameof(ClipGradNorm), s_coefficient, [norm], [maxNorm]);
        Multiply(gradients, coefficient);
        return scope.Keep(norm);
    }

    /// <summary>The norm of all gradients as one vector, as <see cref="ClipGradNorm"/> takes it; 0 without any.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="normType"/> is not positive.</exception>
    public static Tensor GradNorm(this IEnumerable<Tensor> parameters, double normType = 2)
    {
        List<Tensor> gradients = GradientsOf(parameters);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        return scope.Keep(Norm(gradients, normType));
    }

    /// <summary>Limits every element of every gradient to [−limit, limit].</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is not positive.</exception>
    public static void ClipGradValue(this IEnumerable<Tensor> parameters, double limit)
    {
        Hyper.Positive(limit);
        using GradMode.Scope mode = GradMode.Off();
        foreach (Tensor gradient in GradientsOf(parameters))
        {
            gradient.ClampInPlace(-limit, limit);
        }
    }

    /// <summary>Multiplies all gradients in place by one number on their device, in as few launches as it takes.</summary>
    internal static void Multiply(List<Tensor> gradients, Tensor factor)
    {
        PointwiseGroup scaling = t_scaling ??= new PointwiseGroup(Programs.Mul);
        scaling.Clear();
        foreach (Tensor gradient in gradients)
        {
            Guard.SameDevice(nameof(Multiply), gradient, factor);
            if (!scaling.TryAdd([gradient], [gradient, factor]))
            {
                gradient.MulInPlace(factor.To(gradient.DType));
            }
        }

        scaling.Run([]);
    }

    private static Tensor Norm(List<Tensor> gradients, double normType)
    {
        if (!(normType > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(normType), normType, "A norm has a positive exponent; infinity is the largest element.");
        }

        if (normType == 2)
        {
            return Tensor.GlobalNorm(gradients);
        }

        Tensor? total = null;
        foreach (Tensor gradient in gradients)
        {
            Tensor g = gradient.To(gradient.DType.ComputeType());
            Tensor part = double.IsPositiveInfinity(normType) ? g.Abs().Max() : g.Abs().Pow(normType).Sum();
            total = total is null ? part : double.IsPositiveInfinity(normType) ? Tensor.Maximum(total, part) : total + part;
        }

        return total is null ? Tensor.Scalar(0)
            : double.IsPositiveInfinity(normType) ? total
            : total.Pow(1 / normType);
    }

    internal static List<Tensor> GradientsOf(IEnumerable<Tensor> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        List<Tensor> gradients = [];
        foreach (Tensor parameter in parameters)
        {
            ArgumentNullException.ThrowIfNull(parameter, nameof(parameters));
            if (parameter.Grad is { ElementCount: > 0 } gradient)
            {
                gradients.Add(gradient);
            }
        }

        return gradients;
    }
}
