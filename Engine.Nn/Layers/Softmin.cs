namespace Engine.Nn;

/// <summary>y = e⁻ˣ/Σe⁻ˣ along an axis: the least x has the largest share.</summary>
/// <param name="axis">The axis that sums to 1.</param>
public sealed class Softmin(int axis = -1) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => (-x).Softmax(axis);

    /// <inheritdoc/>
    public override string ToString() => $"Softmin({axis})";
}
