using NUnit.Framework;
using static Engine.Tests.Errors.ErrorCase;

namespace Engine.Tests.Errors;

/// <summary>Shapes that do not fit: the message names the operation, the shapes, the rule and a way out.</summary>
internal sealed class ShapeErrorTests
{
    private static IEnumerable<TestCaseData> Arithmetic =>
    [
        Row<ShapeMismatchException>("Add_ShapesDoNotBroadcast", "Add: shapes [2, 3] and [4] do not broadcast: aligned at the last axis, two sizes must be equal or one of them 1.", () => _ = X(2, 3) + X(4)),
        Row<ShapeMismatchException>("Where_ConditionDoesNotBroadcast", "Where: shapes [2] and [3] do not broadcast", () => Tensor.Where(X(2), X(3), X(3))),
        Row<ShapeMismatchException>("AddInPlace_LargerOperand", "AddInPlace: [2, 3] does not broadcast to the destination's shape [3]; a destination is never stretched.", () => X(3).AddInPlace(X(2, 3))),
        Row<ShapeMismatchException>("CopyFrom_OtherShape", "CopyFrom: [2] does not broadcast to the destination's shape [3]", () => X(3).CopyFrom(X(2))),
        Row<ShapeMismatchException>("CopyFrom_SpanOfOtherLength", "CopyFrom: 2 values do not fill shape [3], which has 3 elements.", () => X(3).CopyFrom<float>([1, 2])),
        Row<ShapeMismatchException>("From_TooFewValues", "Tensor.From: 3 values do not fill shape [2, 2], which has 4 elements.", () => Tensor.From<float>([1, 2, 3], [2, 2])),
        Row<ShapeMismatchException>("Item_SeveralElements", "Item: the tensor is [2]; only one with a single element is a number. Index or reduce it first.", () => X(2).Item()),
        Row<ArgumentException>("CopyTo_ShortSpan", "CopyTo: the span holds 2 values, the tensor [3] has 3.", () => X(3).CopyTo(new float[2].AsSpan())),
        Row<ShapeMismatchException>("Max_NoElements", "Max: [2, 0] has no elements to choose from along the reduced axes.", () => X(2, 0).Max(1)),
        Row<ShapeMismatchException>("ArgMin_NoElements", "ArgMin: [0] has no elements to choose from", () => X(0).ArgMin()),
        Row<ArgumentException>("Fuse_WrongNumberOfTensors", "Fuse.Map: the function has 2 arguments, 1 tensors were given.", () => Fuse.Map((a, b) => a * b).Apply(X(2))),
    ];

    private static IEnumerable<TestCaseData> Products =>
    [
        Row<ShapeMismatchException>("MatMul_InnerSizesDiffer", "MatMul: inner sizes differ: x is [64, 784], y is [10, 784]; y.T would be [784, 10].", () => X(64, 784).MatMul(X(10, 784))),
        Row<ShapeMismatchException>("MatMul_InnerSizesDifferBothWays", "MatMul: inner sizes differ: x is [2, 3], y is [4, 5].", () => X(2, 3).MatMul(X(4, 5))),
        Row<ShapeMismatchException>("MatMul_Scalar", "MatMul: x is [], y is [3]; a scalar has no inner axis. Use * instead.", () => X().MatMul(X(3))),
        Row<ShapeMismatchException>("MatMul_BatchesDoNotBroadcast", "MatMul: shapes [2] and [3] do not broadcast", () => X(2, 4, 5).MatMul(X(3, 5, 4))),
        Row<ShapeMismatchException>("Linear_WrongLastSize", "Linear: x is [32, 785], weight is [10, 784]; the last size of x must be 784 (in).", () => X(32, 785).Linear(X(10, 784))),
        Row<ShapeMismatchException>("Linear_WrongBias", "Linear: bias is [9], weight is [10, 784]; the bias must be [10] (out).", () => X(32, 784).Linear(X(10, 784), X(9))),
        Row<ShapeMismatchException>("Linear_WeightOfThreeAxes", "Linear: weight is [1, 2, 3]; it must have 2 axes [out, in].", () => X(2, 3).Linear(X(1, 2, 3))),
        Row<ShapeMismatchException>("Conv2d_WrongChannels", "Conv2d: x is [1, 3, 8, 8], weight is [4, 2, 3, 3], groups 1; x must have 2 channels (in/groups · groups), and out must be a multiple of groups.", () => X(1, 3, 8, 8).Conv2d(X(4, 2, 3, 3))),
        Row<ShapeMismatchException>("Conv2d_WindowTooLarge", "Conv2d: the window is larger than the padded image: x is [1, 1, 4, 4], weight is [1, 1, 7, 7]. Use more padding or a smaller window.", () => X(1, 1, 4, 4).Conv2d(X(1, 1, 7, 7), padding: 1)),
        Row<ShapeMismatchException>("Conv2d_ThreeAxes", "Conv2d: x is [3, 8, 8]; it must have 4 axes [N, C, H, W]. A single one becomes a batch by x.Unsqueeze(0).", () => X(3, 8, 8).Conv2d(X(4, 3, 3, 3))),
        Row<ShapeMismatchException>("Conv2d_EmptyFilter", "Conv2d: weight is [4, 3, 0, 3]; a filter needs at least one tap and one channel.", () => X(1, 3, 8, 8).Conv2d(X(4, 3, 0, 3))),
        Row<ShapeMismatchException>("Conv2d_WrongBias", "Conv2d: bias is [3], weight is [4, 3, 3, 3]; the bias must be [4] (out).", () => X(1, 3, 8, 8).Conv2d(X(4, 3, 3, 3), X(3))),
        Row<ArgumentOutOfRangeException>("Conv2d_StrideZero", "Conv2d: stride (0, 0) and dilation (1, 1) must be positive, padding (0, 0) not negative.", () => X(1, 3, 8, 8).Conv2d(X(4, 3, 3, 3), stride: 0)),
        Row<ArgumentOutOfRangeException>("Conv2d_GroupsZero", "groups ('0') must be", () => X(1, 3, 8, 8).Conv2d(X(4, 3, 3, 3), groups: 0)),
        Row<ShapeMismatchException>("Conv1d_FourAxes", "Conv1d: this is [1, 3, 8, 8]; it must have 3 axes [N, C, L].", () => X(1, 3, 8, 8).Conv1d(X(4, 3, 3))),
        Row<ShapeMismatchException>("ConvTranspose2d_WrongChannels", "ConvTranspose2d: x is [1, 3, 4, 4], weight is [4, 2, 3, 3], groups 1; x must have 4 channels (in), a multiple of groups.", () => X(1, 3, 4, 4).ConvTranspose2d(X(4, 2, 3, 3))),
        Row<ArgumentOutOfRangeException>("ConvTranspose2d_OutputPaddingTooLarge", "ConvTranspose2d: output padding (2, 2) must be at least 0 and less than the stride (2, 2) or the dilation (1, 1).", () => X(1, 4, 4, 4).ConvTranspose2d(X(4, 2, 3, 3), stride: 2, outputPadding: 2)),
        Row<ShapeMismatchException>("ConvTranspose2d_NothingLeft", "ConvTranspose2d: x is [1, 4, 1, 1], weight is [4, 2, 3, 3]: the output would be -3 by -3. Use less padding.", () => X(1, 4, 1, 1).ConvTranspose2d(X(4, 2, 3, 3), padding: 3)),
        Row<ShapeMismatchException>("MaxPool2d_WindowTooLarge", "MaxPool2d: the window (5, 5) is larger than the padded image: x is [1, 1, 4, 4].", () => X(1, 1, 4, 4).MaxPool2d(5)),
        Row<ArgumentOutOfRangeException>("MaxPool2d_PaddingTooLarge", "MaxPool2d: the window (2, 2) must be positive and the padding (2, 2) at most half of it.", () => X(1, 1, 4, 4).MaxPool2d(2, padding: 2)),
        Row<ShapeMismatchException>("Attention_KeysDoNotFit", "ScaledDotProductAttention: query is [2, 5, 8], key is [2, 6, 7], value is [2, 6, 4]; they must be […, L, d], […, S, d] and […, S, e].", () => Tensor.ScaledDotProductAttention(X(2, 5, 8), X(2, 6, 7), X(2, 6, 4))),
        Row<ShapeMismatchException>("Einsum_SizesDiffer", "Einsum: 'j' in 'ij,jk->ik' is 3 in one operand and 4 in [4, 5]; sizes of one letter must be equal.", () => Tensor.Einsum("ij,jk->ik", X(2, 3), X(4, 5))),
        Row<ArgumentException>("Einsum_TooFewOperands", "Einsum: 'ij,jk->ik' names 2 operands, 1 were given.", () => Tensor.Einsum("ij,jk->ik", X(2, 3))),
        Row<ArgumentException>("Einsum_WrongRank", "Einsum: 'ijk' of 'ijk->i' names 3 axes, the operand is [2, 3].", () => Tensor.Einsum("ijk->i", X(2, 3))),
        Row<ArgumentException>("Einsum_UnknownResultLetter", "Einsum: 'ij->iz': 'z' of the result must occur in an operand, and once in the result.", () => Tensor.Einsum("ij->iz", X(2, 3))),
        Row<ArgumentException>("Einsum_NotALetter", "Einsum: '1' in 'i1->i' is not a letter.", () => Tensor.Einsum("i1->i", X(2, 3))),
    ];

    private static IEnumerable<TestCaseData> Layers =>
    [
        Row<ShapeMismatchException>("BatchNorm_OneValuePerChannel", "BatchNorm: x is [1, 3]: while training each channel needs more than one value. Use a larger batch, or Eval().", () => X(1, 3).BatchNorm(null, null)),
        Row<ShapeMismatchException>("BatchNorm_OneAxis", "BatchNorm: x is [3]; it must be [N, C] or [N, C, …].", () => X(3).BatchNorm(null, null)),
        Row<ShapeMismatchException>("BatchNorm_WrongResidual", "BatchNorm: x is [2, 3], the residual is [4, 2, 3]; it must be equal or stretch to x.", () => X(2, 3).BatchNorm(null, null, residual: X(4, 2, 3))),
        Row<ShapeMismatchException>("BatchNorm_ResidualOfOtherChannels", "BatchNorm: x is [2, 3], the residual is [2, 4]; it must be equal or stretch to x.", () => X(2, 3).BatchNorm(null, null, residual: X(2, 4))),
        Row<ShapeMismatchException>("BatchNorm_WrongRunningMean", "BatchNorm: x is [2, 3], runningMean is [4]; it must be [3] (the channels).", () => X(2, 3).BatchNorm(null, null, X(4), X(3))),
        Row<ShapeMismatchException>("LayerNorm_WrongWeight", "LayerNorm: x is [2, 3], weight or bias is [2]; it must be [3] (the normalised axes).", () => X(2, 3).LayerNorm(X(2))),
        Row<ArgumentOutOfRangeException>("LayerNorm_TooManyAxes", "LayerNorm: x is [2, 3]; between 1 and 2 trailing axes can be normalised.", () => X(2, 3).LayerNorm(axes: 3)),
        Row<ShapeMismatchException>("GroupNorm_IndivisibleChannels", "GroupNorm: x is [2, 3, 4]; its channels (axis 1) must be a multiple of 2 groups.", () => X(2, 3, 4).GroupNorm(2)),
        Row<ShapeMismatchException>(
            "CrossEntropy_ClassesLast", "CrossEntropy: x is [2, 5, 3], target is [2, 5]; for x [N, C, …] the target must be [N, …]. Classes on the last axis belong on axis 1: x.Permute(0, 2, 1).",
            () => X(2, 5, 3).CrossEntropy(X(2, 5).To(DType.Int64))),
        Row<ShapeMismatchException>("CrossEntropy_TargetOfOtherShape", "CrossEntropy: x is [4, 3], target is [5]; for x [N, C, …] the target must be [N, …].", () => X(4, 3).CrossEntropy(Ints(5))),
        Row<ShapeMismatchException>("CrossEntropy_WrongClassWeights", "CrossEntropy: classWeights is f32 [2]; it must be f32 [3] (the classes).", () => X(4, 3).CrossEntropy(Ints(4), X(2))),
        Row<ArgumentOutOfRangeException>("CrossEntropy_ClassTooLarge", "CrossEntropy: class numbers must lie in [0, 3) or be ignoreIndex (-100).", () => X(2, 3).CrossEntropy(Ints(2) + 3)),
        Row<ArgumentOutOfRangeException>("NllLoss_NegativeClass", "NllLoss: class numbers must lie in [0, 3) or be ignoreIndex (-100).", () => X(2, 3).NllLoss(Ints(2) - 1)),
        Row<ArgumentOutOfRangeException>("CrossEntropy_SmoothingAboveOne", "CrossEntropy: label smoothing must lie in [0, 1].", () => X(2, 3).CrossEntropy(Ints(2), labelSmoothing: 1.5)),
        Row<ArgumentOutOfRangeException>("Dropout_ProbabilityAboveOne", "Dropout: the probability must lie in [0, 1].", () => X(2).Dropout(1.5)),
        Row<ArgumentOutOfRangeException>("Dropout_ProbabilityNaN", "Dropout: the probability must lie in [0, 1].", () => X(2).Dropout(double.NaN)),
    ];

    private static IEnumerable<TestCaseData> ViewsAndIndices =>
    [
        Row<ShapeMismatchException>("Reshape_OtherCount", "Reshape: [2, 3] has 6 elements, [4] has 4; they must be equal.", () => X(2, 3).Reshape(4)),
        Row<ShapeMismatchException>("Reshape_UnknownDoesNotFit", "Reshape: [2, 3] has 6 elements; no size at −1 makes [4, -1] fit.", () => X(2, 3).Reshape(4, -1)),
        Row<ShapeMismatchException>("Reshape_TwoUnknown", "Reshape: [2, 3] has 6 elements; no size at −1 makes [-1, -1] fit.", () => X(2, 3).Reshape(-1, -1)),
        Row<ShapeMismatchException>("Expand_SizeNotOne", "Expand: [2, 3] cannot be stretched to [4, 3]: aligned at the last axis, each size must be equal or 1.", () => X(2, 3).Expand([4, 3])),
        Row<ArgumentException>("Permute_AxisTwice", "Permute: [0, 0] must name each of the 2 axes of [2, 3] once.", () => X(2, 3).Permute(0, 0)),
        Row<ArgumentException>("Flatten_StartBehindEnd", "Flatten: start 2 lies behind end 1 of [2, 3, 4].", () => X(2, 3, 4).Flatten(2, 1)),
        Row<ArgumentOutOfRangeException>("Select_OutsideTheAxis", "Select: axis 1 of [2, 3] has 3 elements.", () => X(2, 3).Select(1, 3)),
        Row<ArgumentOutOfRangeException>("Index_OutsideTheAxis", "Select: axis 0 of [2, 3] has 2 elements.", () => _ = X(2, 3)[2]),
        Row<ArgumentException>("Index_TooManyEntries", "Index: 3 entries for [2, 3], which has 2 axes.", () => _ = X(2, 3)[0, 1, 2]),
        Row<ArgumentOutOfRangeException>("Sum_NoSuchAxis", "The axis must lie in [-2, 1].", () => X(2, 3).Sum(2)),
        Row<ArgumentOutOfRangeException>("Sum_AxisOfAScalar", "A scalar has no axes.", () => X().Sum(0)),
        Row<ArgumentException>("Sum_AxisTwice", "Sum: axis -1 of [2, 3] is named twice.", () => X(2, 3).Sum([1, -1])),
        Row<ArgumentException>("Shape_NegativeSize", "A size cannot be negative: axis 1 of [2, -3].", () => _ = new Shape(2, -3)),
        Row<ArgumentException>("Shape_NineAxes", "A tensor has at most 8 axes; 9 were given.", () => _ = new Shape(1, 1, 1, 1, 1, 1, 1, 1, 1)),
        Row<ArgumentOutOfRangeException>("Shape_NoSuchAxis", "Axis 2 of [2, 3]: it has 2 axes.", () => _ = new Shape(2, 3)[2]),
        Row<ShapeMismatchException>("Concat_OtherSizes", "Concat: [2, 3] and [4, 4] must be equal at every axis but 0.", () => Tensor.Concat([X(2, 3), X(4, 4)])),
        Row<ArgumentException>("Concat_Nothing", "Concat: needs at least one tensor.", () => Tensor.Concat([])),
        Row<ShapeMismatchException>("Stack_OtherShapes", "Stack: [2, 3] and [3, 2] must be equal.", () => Tensor.Stack([X(2, 3), X(3, 2)])),
        Row<ShapeMismatchException>("Split_SizesDoNotAddUp", "Split: the sizes add up to 2, axis 0 of [3, 2] has 3 elements.", () => X(3, 2).Split([1, 1])),
        Row<ArgumentException>("Pad_TooManyPairs", "Pad: 2 pairs for [2], which has 1 axes.", () => X(2).Pad([(1, 1), (1, 1)])),
        Row<ShapeMismatchException>("Pad_CutsTooMuch", "Pad: (-2, -1) cuts more off axis 0 of [2] than its 2 elements.", () => X(2).Pad([(-2, -1)])),
        Row<ArgumentException>("Repeat_TooFewNumbers", "Repeat: 1 numbers for [2, 3]; give at least one for each of its 2 axes.", () => X(2, 3).Repeat(2)),
        Row<ShapeMismatchException>("Tril_OneAxis", "Tril: x is [3]; it needs two axes, rows and columns.", () => X(3).Tril()),
        Row<ShapeMismatchException>("Gather_IndexTooLarge", "Gather: index is [3, 2], x is [2, 5]; they must have one rank, and the index must fit into x at every axis but 1.", () => X(2, 5).Gather(1, Ints(3, 2))),
        Row<ShapeMismatchException>("EmbeddingBag_IndexWithOneAxis", "EmbeddingBag: index is [2]", () => X(4, 5).EmbeddingBag(Ints(2))),
        Row<ShapeMismatchException>("EmbeddingBag_WeightsOfOtherShape", "EmbeddingBag: index is [2, 2], weights is [2, 3]; they must be equal.", () => X(4, 5).EmbeddingBag(Ints(2, 2), X(2, 3))),
        Row<ShapeMismatchException>("ScatterAdd_SourceOfOtherShape", "ScatterAdd: index is [2, 2], source is [2, 3]; they must be equal.", () => X(2, 5).ScatterAdd(1, Ints(2, 2), X(2, 3))),
        Row<ArgumentOutOfRangeException>("TopK_MoreThanThereAre", "k ('4') must be", () => X(3).TopK(4)),
    ];

    [TestCaseSource(nameof(Arithmetic))]
    [TestCaseSource(nameof(Products))]
    [TestCaseSource(nameof(Layers))]
    [TestCaseSource(nameof(ViewsAndIndices))]
    public void Error(ErrorCase error) => error.Check();
}
