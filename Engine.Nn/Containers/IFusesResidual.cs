namespace Engine.Nn;

/// <summary>A layer whose last kernel can add a shortcut, and set negative sums to 0, in the same pass.</summary>
internal interface IFusesResidual
{
    /// <summary>Whether <see cref="Forward"/> saves a pass; if not, the caller need not use it.</summary>
    bool CanFuse { get; }

    /// <summary>With the same bits as <c>Forward(x) + residual</c>, or <c>Forward(x).AddRelu(residual)</c>, and the same gradients.</summary>
    Tensor Forward(Tensor x, Tensor residual, bool relu);
}
