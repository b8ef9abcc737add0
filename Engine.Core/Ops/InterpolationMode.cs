namespace Engine;

/// <summary>How values between cells are made from those of the cells. The names are PyTorch's.</summary>
public enum InterpolationMode
{
    /// <summary>The cell at ⌊i·scale⌋.</summary>
    Nearest = 0,

    /// <summary>The cell that the middle lies in, ⌊(i + ½)·scale⌋, as image libraries choose it.</summary>
    NearestExact = 1,

    /// <summary>Between two neighbours of a sequence, [N, C, L].</summary>
    Linear = 2,

    /// <summary>Between four neighbours of an image, [N, C, H, W].</summary>
    Bilinear = 3,

    /// <summary>Between eight neighbours of a volume, [N, C, D, H, W].</summary>
    Trilinear = 4,

    /// <summary>By cubic pieces through sixteen neighbours of an image (Keys 1981, a = −¾; −½ with antialiasing).</summary>
    Bicubic = 5,

    /// <summary>The mean of the cells that a new one covers: adaptive average pooling.</summary>
    Area = 6,
}
