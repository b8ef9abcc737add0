namespace Engine.Nn;

/// <summary>y = x above 0, w·x elsewhere, with slopes that are learned (He et al. 2015).</summary>
/// <remarks>Shapes: x [N, C, …] → the same; <see cref="Weight"/> [1] or [C]. Leave it out of weight decay, which would pull the slopes to 0.</remarks>
public sealed partial class PRelu : OperationLayer
{
    /// <summary>A layer with equal slopes.</summary>
    /// <param name="numParameters">1 for one slope for all, or C for one for each channel.</param>
    /// <param name="init">What every slope starts with.</param>
    public PRelu(int numParameters = 1, double init = 0.25)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numParameters);
        Weight = Weights.Constant([numParameters], init);
    }

    /// <summary>w, [1] or [C].</summary>
    public Tensor Weight { get; }

    private protected override Tensor Apply(Tensor x) => x.PRelu(Weight);

    /// <inheritdoc/>
    public override string ToString() => $"PRelu({Weight.Shape[0]})";
}
