namespace Engine.Nn;

/// <summary>y = x above 0, alpha·(e^(x/alpha) − 1) below; its slope at 0 is 1 for every alpha (Barron 2017).</summary>
/// <param name="alpha">−alpha is the limit for x → −∞; not 0.</param>
public sealed class Celu(double alpha = 1) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Celu(alpha);

    /// <inheritdoc/>
    public override string ToString() => $"Celu({alpha})";
}

/// <summary>y = x/(1 + |x|): between −1 and 1, with tails that fall slowly.</summary>
public sealed class Softsign : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Softsign();
}

/// <summary>y = x between min and max, which are the values outside; the gradient is 0 outside and at both ends.</summary>
/// <param name="min">The least value.</param>
/// <param name="max">The largest value.</param>
public sealed class HardTanh(double min = -1, double max = 1) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.HardTanh(min, max);

    /// <inheritdoc/>
    public override string ToString() => $"HardTanh({min}, {max})";
}

/// <summary>y = x between 0 and 6, which are the values outside (Howard et al. 2017).</summary>
public sealed class Relu6 : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Relu6();
}

/// <summary>y = 0 where |x| ≤ lambda, otherwise x.</summary>
/// <param name="lambda">Half the width of the gap.</param>
public sealed class HardShrink(double lambda = 0.5) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.HardShrink(lambda);

    /// <inheritdoc/>
    public override string ToString() => $"HardShrink({lambda})";
}

/// <summary>y = 0 where |x| ≤ lambda, otherwise x moved towards 0 by lambda.</summary>
/// <param name="lambda">How far, at least 0.</param>
public sealed class SoftShrink(double lambda = 0.5) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.SoftShrink(lambda);

    /// <inheritdoc/>
    public override string ToString() => $"SoftShrink({lambda})";
}

/// <summary>y = x − tanh(x).</summary>
public sealed class TanhShrink : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.TanhShrink();
}

/// <summary>y = x above a threshold, a value elsewhere.</summary>
/// <param name="threshold">The largest x that is replaced.</param>
/// <param name="value">What replaces it.</param>
public sealed class Threshold(double threshold, double value) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Threshold(threshold, value);

    /// <inheritdoc/>
    public override string ToString() => $"Threshold({threshold}, {value})";
}
