namespace Engine.Nn;

/// <summary>A layer whose kernel can set negative results to 0 in the same pass.</summary>
internal interface IFusesRelu
{
    /// <summary>With <paramref name="relu"/> the same bits as <c>Forward(x).Relu()</c>, with the same gradients.</summary>
    Tensor Forward(Tensor x, bool relu);
}
