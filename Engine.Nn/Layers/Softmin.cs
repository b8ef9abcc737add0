namespace Engine.Nn;

/// <summary>y = e⁻ˣ/Σe⁻ˣ along an axis: the least x has the largest share.</summary>
/// <param name="axis">The axis that sums to 1.</param>
public sealed class Softmin(int axis = -1) : Layer
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        return ForwardTrace.Record(this, x, (-x).Softmax(axis));
    }

    /// <inheritdoc/>
    public override string ToString() => $"Softmin({axis})";
}
