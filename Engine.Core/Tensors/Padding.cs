namespace Engine;

/// <summary>Words for the padding of a convolution.</summary>
public static class Padding
{
    /// <summary>
    /// As much padding as keeps the size, at stride 1: PyTorch's <c>padding='same'</c>. Of an odd number the larger half lies at the far side. It
    /// stands for one axis or for all: <c>x.Conv2d(w, padding: Padding.Same)</c>.
    /// </summary>
    public const int Same = int.MinValue;
}
