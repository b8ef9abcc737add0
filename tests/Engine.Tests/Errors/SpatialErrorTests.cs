using Engine.Nn;
using NUnit.Framework;
using static Engine.Tests.Errors.ErrorCase;

namespace Engine.Tests.Errors;

/// <summary>Borders, windows, pools, volumes, interpolation and grids that cannot be: the message names the rule and a way out.</summary>
internal sealed class SpatialErrorTests
{
    private static IEnumerable<TestCaseData> Rows =>
    [
        Row<ArgumentException>("Pad_ReflectTooFar", "Pad: Reflect needs borders smaller than the axis: (3, 0) at axis 1 of [2, 3]. Pad less, pad twice, or use PaddingMode.Replicate.", () => X(2, 3).Pad([(3, 0)], mode: PaddingMode.Reflect)),
        Row<ArgumentException>("Pad_CircularTooFar", "Pad: Circular needs borders at most as large as the axis: (0, 4) at axis 0 of [3].", () => X(3).Pad([(0, 4)], mode: PaddingMode.Circular)),
        Row<ArgumentException>("Pad_ReplicateOfNothing", "Pad: Replicate needs borders of elements that there are: (1, 1) at axis 0 of [0]. Pad less, pad twice, or use PaddingMode.Constant.", () => X(0).Pad([(1, 1)], mode: PaddingMode.Replicate)),
        Row<ArgumentException>("Pad_ValueWithMode", "Pad: Reflect takes its border from the tensor; the value 2 goes with PaddingMode.Constant.", () => X(3).Pad([(1, 1)], 2, PaddingMode.Reflect)),
        Row<ArgumentOutOfRangeException>("Pad_UnknownMode", "Pad: there are PaddingMode.Constant, Reflect, Replicate and Circular.", () => X(3).Pad([(1, 1)], 0, (PaddingMode)9)),
        Row<ShapeMismatchException>("Windows_TooLarge", "Windows: 3 elements at distance 2 do not fit into axis 1 of [2, 4]. Use a smaller window, or Pad.", () => X(2, 4).Windows(1, 3, 1, 2)),
        Row<ShapeMismatchException>("Unfold_TooLarge", "Unfold: the window (5, 5) with dilation (1, 1) is larger than the padded image of 4 by 4, padding (0, 0).", () => X(1, 1, 4, 4).Unfold(5)),
        Row<ShapeMismatchException>("Fold_WrongColumns", "Fold: x is [1, 4, 5]; with outputSize (3, 3) and window (2, 2) it must be [N, C·4, 4] (the cells of the window, and 2 by 2 windows).", () => X(1, 4, 5).Fold(3, 2)),
        Row<ShapeMismatchException>("PixelShuffle_Channels", "PixelShuffle: x is [1, 6, 2, 2]; it must be […, C, H, W] with a multiple of 4 channels (upscaleFactor²).", () => X(1, 6, 2, 2).PixelShuffle(2)),
        Row<ShapeMismatchException>("PixelUnshuffle_Odd", "PixelUnshuffle: x is [1, 3, 3, 4]; it must be […, C, H, W] with height and width that are multiples of 2.", () => X(1, 3, 3, 4).PixelUnshuffle(2)),
        Row<ShapeMismatchException>("ChannelShuffle_Groups", "ChannelShuffle: x is [1, 5, 2]; its channels (axis 1) must be a multiple of 2 groups.", () => X(1, 5, 2).ChannelShuffle(2)),
        Row<ShapeMismatchException>("MaxPool1d_FourAxes", "MaxPool1d: x is [1, 1, 4, 4]; it must have 3 axes [N, C, L].", () => X(1, 1, 4, 4).MaxPool1d(2)),
        Row<ShapeMismatchException>("MaxPool3d_TooLarge", "MaxPool3d: the window (3, 1) is larger than the padded image: x is [1, 1, 2, 4].", () => X(1, 1, 2, 2, 2).MaxPool3d((3, 1, 1))),
        Row<ArgumentOutOfRangeException>("AvgPool2d_DivisorZero", "divisorOverride ('0') must be a non-zero value.", () => X(1, 1, 4, 4).AvgPool2d(2, divisorOverride: 0)),
        Row<ArgumentOutOfRangeException>("LpPool1d_Infinite", "LpPool1d: the power must be positive and finite. For the largest value use MaxPool.", () => X(1, 1, 4).LpPool1d(double.PositiveInfinity, 2)),
        Row<ShapeMismatchException>("AdaptiveMaxPool1d_Nothing", "AdaptiveMaxPool1d: x is [1, 2, 0]; an image without elements along an axis has neither mean nor maximum.", () => X(1, 2, 0).AdaptiveMaxPool1d(2)),
        Row<ShapeMismatchException>("MaxUnpool2d_OutputSize", "MaxUnpool2d: x is [1, 1, 2, 2]; its axis 3 can come from 3 to 5 elements, not from 6.", () => X(1, 1, 2, 2).MaxUnpool2d(Ints(1, 1, 2, 2), 2, outputSize: (4, 6))),
        Row<ShapeMismatchException>("MaxUnpool1d_Indices", "MaxUnpool1d: x is [1, 1, 2], indices are [1, 1, 3]; they must be equal.", () => X(1, 1, 2).MaxUnpool1d(Ints(1, 1, 3), 2)),
        Row<ShapeMismatchException>("Conv3d_WrongChannels", "Conv3d: x is [1, 3, 4, 4, 4], weight is [2, 2, 3, 3, 3], groups 1; x must have 2 channels (in/groups · groups), and out must be a multiple of groups.", () => X(1, 3, 4, 4, 4).Conv3d(X(2, 2, 3, 3, 3))),
        Row<ShapeMismatchException>("Conv3d_FourAxes", "Conv3d: x is [3, 4, 4, 4]; it must have 5 axes [N, C, D, H, W].", () => X(3, 4, 4, 4).Conv3d(X(2, 3, 3, 3, 3))),
        Row<ShapeMismatchException>("Conv3d_WindowTooLarge", "Conv3d: the window is larger than the padded image: x is [1, 1, 2, 4, 4], weight is [1, 1, 3, 3, 3].", () => X(1, 1, 2, 4, 4).Conv3d(X(1, 1, 3, 3, 3))),
        Row<ArgumentOutOfRangeException>("Conv3d_SameWithStride", "Conv3d: Padding.Same keeps the size, which a stride of 2 does not. Give the padding as a number.", () => X(1, 1, 4, 4, 4).Conv3d(X(1, 1, 3, 3, 3), stride: 2, padding: Padding.Same)),
        Row<ArgumentOutOfRangeException>("Conv3d_StrideZero", "Conv3d: stride (0, 0, 0) and dilation (1, 1, 1) must be positive, padding (0, 0, 0) not negative.", () => X(1, 1, 4, 4, 4).Conv3d(X(1, 1, 3, 3, 3), stride: 0)),
        Row<ShapeMismatchException>("ConvTranspose3d_NothingLeft", "ConvTranspose3d: x is [1, 1, 1, 1, 1], weight is [1, 1, 1, 1, 1]: the output would be -1 by -1 by -1. Use less padding.", () => X(1, 1, 1, 1, 1).ConvTranspose3d(X(1, 1, 1, 1, 1), padding: 1)),
        Row<ArgumentOutOfRangeException>("ConvTranspose3d_OutputPadding", "ConvTranspose3d: output padding (0, 0, 2) must be at least 0 and less than the stride (2, 2, 2) or the dilation (1, 1, 1).", () => X(1, 1, 2, 2, 2).ConvTranspose3d(X(1, 1, 2, 2, 2), stride: 2, outputPadding: (0, 0, 2))),
        Row<ShapeMismatchException>("ConvTranspose1d_FourAxes", "ConvTranspose1d: x is [1, 1, 2, 2]; it must have 3 axes [N, C, L].", () => X(1, 1, 2, 2).ConvTranspose1d(X(1, 1, 2))),
        Row<ShapeMismatchException>("Interpolate_WrongMode", "Interpolate: x is [1, 1, 4]; Bilinear is for [N, C, H, W]. Linear takes three axes, Bilinear and Bicubic four, Trilinear five, the others three to five.", () => X(1, 1, 4).Interpolate(2, InterpolationMode.Bilinear)),
        Row<ArgumentException>("Interpolate_CornersOfNearest", "Interpolate: alignCorners is for linear and cubic modes, not for Nearest.", () => X(1, 1, 4).Interpolate(2, alignCorners: true)),
        Row<ArgumentException>("Interpolate_AntialiasOfLinear", "Interpolate: antialias is for Bilinear and Bicubic, not for Linear.", () => X(1, 1, 4).Interpolate(2, InterpolationMode.Linear, antialias: true)),
        Row<ArgumentException>("Interpolate_TooManySizes", "Interpolate: 2 numbers for [1, 1, 4]; give one for each of its 1 last axes, or one for all.", () => X(1, 1, 4).Interpolate([2, 3])),
        Row<ArgumentOutOfRangeException>("Interpolate_ToNothing", "Interpolate: 4 cells of axis 2 times 0.1 must give between 1 and 2,147,483,647 cells.", () => X(1, 1, 4).Interpolate(0.1)),
        Row<ShapeMismatchException>("Interpolate_OfNothing", "Interpolate: x is [1, 1, 0]; without cells along axis 2 there is nothing to interpolate.", () => X(1, 1, 0).Interpolate(2)),
        Row<DTypeMismatchException>("Interpolate_LinearOfIntegers", "Interpolate: x is i64; it must be floating point.", () => Ints(1, 1, 4).Interpolate(2, InterpolationMode.Linear)),
        Row<ShapeMismatchException>("GridSample_WrongGrid", "GridSample: x is [1, 1, 4, 4], grid is [1, 2, 2, 3]; they must be [N, C, H, W] and [N, P, Q, 2], or [N, C, D, H, W] and [N, E, P, Q, 3].", () => X(1, 1, 4, 4).GridSample(X(1, 2, 2, 3))),
        Row<ArgumentException>("GridSample_BicubicOfVolumes", "GridSample: Bicubic of [1, 1, 2, 2, 2]; there are Nearest and Bilinear, and Bicubic of images.", () => X(1, 1, 2, 2, 2).GridSample(X(1, 1, 1, 1, 3), InterpolationMode.Bicubic)),
        Row<ShapeMismatchException>("AffineGrid_WrongMatrices", "AffineGrid: theta is [1, 2, 2], the size is [1, 1, 4, 4]; they must be [N, 2, 3] and [N, C, H, W], or [N, 3, 4] and [N, C, D, H, W].", () => X(1, 2, 2).AffineGrid([1, 1, 4, 4])),
        Row<ShapeMismatchException>("ReflectionPad2d_TwoAxes", "ReflectionPad2d: x is [4, 4]; it must have 3 axes, or 4 with a batch.", () => new ReflectionPad2d(1).Forward(X(4, 4))),
        Row<ShapeMismatchException>("InstanceNorm2d_OneValue", "InstanceNorm2d: x is [2, 3, 1, 1]; a channel of a sample needs more than one value to be normalised by itself.", () => new InstanceNorm2d(3).Forward(X(2, 3, 1, 1))),
        Row<ShapeMismatchException>("InstanceNorm1d_Channels", "InstanceNorm1d: x is [2, 4, 5]; it must be [N, C, L] with C = 3 (the features of this layer).", () => new InstanceNorm1d(3).Forward(X(2, 4, 5))),
        Row<ShapeMismatchException>("LocalResponseNorm_TwoAxes", "LocalResponseNorm: x is [2, 4]; it must be [N, C, …] with at least three axes.", () => new LocalResponseNorm(3).Forward(X(2, 4))),
        Row<ArgumentOutOfRangeException>("Conv2d_LayerSameWithStride", "Conv2d: Padding.Same keeps the size, which a stride of 2 does not. Give the padding as a number.", () => new Conv2d(1, 1, 3, stride: 2, padding: Padding.Same)),
    ];

    [TestCaseSource(nameof(Rows))]
    public void Fails(ErrorCase row) => row.Check();
}
