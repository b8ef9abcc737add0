using Engine.Nn;
using NUnit.Framework;

namespace Engine.Data.Images.Tests;

/// <summary>Each transform against torchvision's, at settings that leave nothing to chance.</summary>
internal sealed class TransformGoldenTests
{
    // The name in the golden file, the transform, the most levels by which a byte may differ, and the largest share of bytes that may differ at all.
    // Sums in another order are rounded to the other level where they lie half way between two.
    private static readonly (string Name, IImageTransform Transform, int Levels, double Share)[] s_rows =
    [
        ("resize 20 30", new Resize(20, 30), 1, 0.005),
        ("resize 9 11", new Resize(9, 11), 1, 0.01),
        ("resize 30 40", new Resize(30, 40), 1, 0.005),
        ("resize 1 1", new Resize(1, 1), 1, 1),
        ("resize short 16", new Resize(16), 1, 0.005),
        ("resize short 16 most 20", new Resize(16) { MaxSize = 20 }, 1, 0.005),
        ("resize nearest", new Resize(19, 34, ImageInterpolation.Nearest), 0, 0),
        ("resized crop", new RandomResizedCrop(24, scale: (1, 1), ratio: (29.0 / 21, 29.0 / 21)), 1, 0.005),
        ("center crop", new CenterCrop(12, 17), 0, 0),
        ("center crop larger", new CenterCrop(26, 28), 0, 0),
        ("pad constant", new Pad(1, 2, 3, 4, fill: 7), 0, 0),
        ("pad edge", new Pad(1, 2, 3, 4, mode: ImagePadding.Edge), 0, 0),
        ("pad reflect", new Pad(1, 2, 3, 4, mode: ImagePadding.Reflect), 0, 0),
        ("pad symmetric", new Pad(1, 2, 3, 4, mode: ImagePadding.Symmetric), 0, 0),
        ("flip", new RandomHorizontalFlip(1), 0, 0),
        ("flip down", new RandomVerticalFlip(1), 0, 0),
        ("gray", new Grayscale(), 0, 0),
        ("gray 3", new RandomGrayscale(1), 0, 0),
        ("brightness up", Jitter(brightness: 1.4), 1, 0.005),
        ("brightness down", Jitter(brightness: 0.6), 1, 0.005),
        ("contrast", Jitter(contrast: 1.7), 1, 0.005),
        ("saturation", Jitter(saturation: 1.8), 1, 0.005),
        ("saturation down", Jitter(saturation: 0.3), 1, 0.005),
        ("hue", Jitter(hue: 0.2), 1, 0.01),
        ("hue back", Jitter(hue: -0.35), 1, 0.01),
        ("blur", new GaussianBlur(5, sigma: (1.3, 1.3)), 1, 0.005),
        ("blur 9", new GaussianBlur(9, sigma: (2.5, 2.5)), 1, 0.005),
        ("rotate", new RandomRotation((31, 31)), 0, 0),
        ("rotate bilinear", new RandomRotation((-17, -17), ImageInterpolation.Bilinear), 1, 0.005),
        ("affine", new RandomAffine((25, 25), null, (1.3, 1.3), (10, 10), (-5, -5)), 0, 0),
        ("affine bilinear", new RandomAffine((25, 25), null, (0.7, 0.7), (10, 10), (-5, -5), ImageInterpolation.Bilinear), 1, 0.005),
        ("autocontrast", new RandomAutocontrast(1), 0, 0),
        ("equalize", new RandomEqualize(1), 0, 0),
        ("posterize", new RandomPosterize(3, 1), 0, 0),
        ("solarize", new RandomSolarize(120, 1), 0, 0),
        ("invert", new RandomInvert(1), 0, 0),
        ("sharper", new RandomAdjustSharpness(2, 1), 1, 0.005),
        ("softer", new RandomAdjustSharpness(0.4, 1), 1, 0.005),
    ];

    private static IEnumerable<string> Names => s_rows.Select(static row => row.Name);

    [Test]
    public void EveryGoldenImage_HasARow() => Assert.That(GoldenImages.Transforms.Select(static golden => golden.Name), Is.EquivalentTo(Names));

    [TestCaseSource(nameof(Names))]
    public void Transform_MatchesTorchvision(string name)
    {
        (_, IImageTransform transform, int levels, double share) = s_rows.Single(row => row.Name == name);
        DecodedImage expected = GoldenImages.Transforms.Single(golden => golden.Name == name).Image;
        DecodedImage actual = GoldenImages.Image.Apply(transform, seed: 5);
        Assert.That(actual.Shape, Is.EqualTo(expected.Shape));
        int[] differences = [.. Enumerable.Range(0, actual.Pixels.Length).Select(i => Math.Abs(actual.Pixels[i] - expected.Pixels[i]))];
        Assert.That(differences.Max(), Is.LessThanOrEqualTo(levels));
        Assert.That(differences.Count(static d => d > 0), Is.LessThanOrEqualTo(share * differences.Length));
    }

    private static ColorJitter Jitter(double brightness = 1, double contrast = 1, double saturation = 1, double hue = 0) =>
        new((brightness, brightness), (contrast, contrast), (saturation, saturation), (hue, hue));
}
