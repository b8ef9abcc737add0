namespace Engine;

/// <summary>What <see cref="Tensor.GridSample"/> finds outside of the image.</summary>
public enum GridPadding
{
    /// <summary>0.</summary>
    Zeros = 0,

    /// <summary>The nearest cell of the border.</summary>
    Border = 1,

    /// <summary>The image mirrored at its border: at the middle of the outermost cells with alignCorners, else at their edge.</summary>
    Reflection = 2,
}
