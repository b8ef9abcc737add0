namespace Engine.Nn;

/// <summary>How images are prepared for networks that were trained on ImageNet (ILSVRC 2012), as torchvision's are.</summary>
/// <remarks>Colour images, red first: resized so that the shorter side has 256 pixels, the middle 224×224 cut out, divided by 255, normalised by these numbers.</remarks>
public static class ImageNet
{
    /// <summary>The number of classes that networks trained on it tell apart.</summary>
    public const int Classes = 1000;

    /// <summary>Height and width of the images that the networks see.</summary>
    public const int ImageSize = 224;

    private static readonly double[] s_mean = [0.485, 0.456, 0.406], s_std = [0.229, 0.224, 0.225];

    /// <summary>The means of red, green and blue, of values in [0, 1].</summary>
    public static IReadOnlyList<double> Mean { get; } = Array.AsReadOnly(s_mean);

    /// <summary>Their standard deviations.</summary>
    public static IReadOnlyList<double> Std { get; } = Array.AsReadOnly(s_std);

    /// <summary>From bytes to what the networks expect: <c>(x/255 − mean)/std</c>.</summary>
    public static PixelNormalization Normalization { get; } = new(s_mean, s_std);
}
