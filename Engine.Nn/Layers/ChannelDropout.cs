namespace Engine.Nn;

/// <summary>
/// Spatial dropout (Tompson et al. 2015): while training whole channels of a sample become 0 with probability p and the others are divided by
/// 1 − p; at prediction nothing happens. Neighbouring values of a feature map are alike, so that dropping single ones would take little away.
/// </summary>
public abstract class ChannelDropout : OperationLayer
{
    private readonly double _p;
    private readonly Generator? _generator;

    private protected ChannelDropout(double p, Generator? generator)
    {
        LayerArguments.Probability(GetType().Name, p);
        (_p, _generator) = (p, generator);
    }

    private protected abstract int Rank { get; }

    private protected abstract string ExpectedShape { get; }

    private protected override Tensor Apply(Tensor x)
    {
        Guard.Rank(GetType().Name, x, Rank, ExpectedShape);
        Guard.FloatingPoint(GetType().Name, x);
        return DropoutScope.IsOn(this) && _p > 0 ? Drop(x) : x.Alias();
    }

    /// <inheritdoc/>
    protected internal override Generator? RandomSource => _generator;

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({_p})";

    private Tensor Drop(Tensor x)
    {
        Span<int> sizes = stackalloc int[Rank];
        sizes.Fill(1);
        (sizes[0], sizes[1]) = (x.Shape[0], x.Shape[1]);

        // 1/(1 − p) is not rounded to half precision before it is used.
        Tensor factors = Tensor.Ones(new Shape(sizes), x.DType.ComputeType(), x.Device).Dropout(_p, training: true, _generator);
        return (x * factors).As(x.DType);
    }
}

/// <summary>Spatial dropout of sequences.</summary>
/// <remarks>Shapes: x [N, C, L] → the same; a channel [L] is dropped as a whole. <inheritdoc cref="ChannelDropout" path="/summary"/></remarks>
/// <param name="p">The probability with which a channel is dropped, in [0, 1].</param>
/// <param name="generator">The source of random numbers; <see cref="Generator.Default"/> if left out.</param>
public sealed class Dropout1d(double p = 0.5, Generator? generator = null) : ChannelDropout(p, generator)
{
    private protected override int Rank => 3;

    private protected override string ExpectedShape => "[N, C, L]";
}

/// <summary>Spatial dropout of images.</summary>
/// <remarks>Shapes: x [N, C, H, W] → the same; a channel [H, W] is dropped as a whole. <inheritdoc cref="ChannelDropout" path="/summary"/></remarks>
/// <param name="p">The probability with which a channel is dropped, in [0, 1].</param>
/// <param name="generator">The source of random numbers; <see cref="Generator.Default"/> if left out.</param>
public sealed class Dropout2d(double p = 0.5, Generator? generator = null) : ChannelDropout(p, generator)
{
    private protected override int Rank => 4;

    private protected override string ExpectedShape => "[N, C, H, W]";
}

/// <summary>Spatial dropout of volumes.</summary>
/// <remarks>Shapes: x [N, C, D, H, W] → the same; a channel [D, H, W] is dropped as a whole. <inheritdoc cref="ChannelDropout" path="/summary"/></remarks>
/// <param name="p">The probability with which a channel is dropped, in [0, 1].</param>
/// <param name="generator">The source of random numbers; <see cref="Generator.Default"/> if left out.</param>
public sealed class Dropout3d(double p = 0.5, Generator? generator = null) : ChannelDropout(p, generator)
{
    private protected override int Rank => 5;

    private protected override string ExpectedShape => "[N, C, D, H, W]";
}
