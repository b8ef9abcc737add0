using Engine.Nn;
using NUnit.Framework;
using static Engine.Tests.Errors.ErrorCase;

namespace Engine.Tests.Errors;

/// <summary>Sizes that no memory has, numbers that are none: an error of the promised families at once, never a count that has wrapped.</summary>
internal sealed class HostileSizeTests
{
    private const int Huge = int.MaxValue;

    // 2⁶⁴ + 4: in 64 bits the product is 4.
    private static readonly int[] s_wrapping = [2, 2, 5, 5581, 8681, 49477, 384773];

    private static IEnumerable<TestCaseData> Shapes =>
    [
        Row<ArgumentException>("Shape_ProductIsZeroIn64Bits", "A tensor of shape [65536, 65536, 65536, 65536] would have more elements than can be counted", () => _ = new Shape(65536, 65536, 65536, 65536)),
        Row<ArgumentException>("Shape_ProductIsFourIn64Bits", "A tensor of shape [2, 2, 5, 5581, 8681, 49477, 384773] would have", () => _ = new Shape(s_wrapping)),
        Row<ArgumentException>("Shape_ProductIsNegativeIn64Bits", "A tensor of shape [2147483647, 2147483647, 3] would have", () => _ = new Shape(Huge, Huge, 3)),
        Row<ArgumentException>("Shape_StridesOfAnEmptyOneWouldWrap", "A tensor of shape [0, 2147483647, 2147483647, 2147483647] would have", () => _ = new Shape(0, Huge, Huge, Huge)),
        Row<ArgumentException>("Shape_With", "A tensor of shape [2147483647, 2147483647, 9] would have", () => _ = new Shape(Huge, Huge, 1).With(2, 9)),
        Row<ArgumentException>("Shape_Insert", "A tensor of shape [9, 2147483647, 2147483647] would have", () => _ = new Shape(Huge, Huge).Insert(0, 9)),
        Row<ArgumentOutOfRangeException>("Prefix_Huge", "count ('2147483647') must be less than or equal to '2'", () => _ = new Shape(2, 3).Prefix(Huge)),
        Row<ArgumentOutOfRangeException>("Prefix_Negative", "count ('-1') must be a non-negative value", () => _ = new Shape(2, 3).Prefix(-1)),
        Row<ArgumentException>("Prefix_LongTail", "A tensor has at most 8 axes; 1000002 were given.", () => _ = new Shape(2, 3).Prefix(2, new int[1_000_000])),
        Row<ArgumentException>("Reshape_ManyAxes", "A tensor has at most 8 axes; 5000000 were given.", () => X(2).Reshape(new int[5_000_000])),
        Row<ArgumentException>("Permute_ManyAxes", "A tensor has at most 8 axes; 5000000 were given.", () => X(2).Permute(new int[5_000_000])),
        Row<ArgumentException>("Repeat_ManyAxes", "A tensor has at most 8 axes; 5000000 were given.", () => X(2).Repeat(new int[5_000_000])),
        Row<ArgumentException>("Layout_PermuteManyAxes", "A tensor has at most 8 axes; 5000000 were given.", () => X(2).Layout.Permute(new int[5_000_000])),
        Row<ArgumentException>("Layout_FewStrides", "Layout: 1 strides for [2, 2], which has 2 axes.", () => _ = new Layout(new Shape(2, 2), [1], 0)),
        Row<ArgumentOutOfRangeException>("Layout_SliceAxis", "The axis must lie in [-1, 0].", () => _ = X(2).Layout.Slice(5, 0, 1, 1)),
        Row<ArgumentOutOfRangeException>("Layout_ExpandToFewerAxes", "shape ('0') must be greater than or equal to '1'", () => _ = X(2).Layout.Expand(Shape.Scalar)),
        Row<ShapeMismatchException>("Reshape_WrappingRest", "Reshape: [4] has 4 elements; no size at −1 makes [2, 2, 5, 5581, 8681, 49477, 384773, -1] fit.", () => X(4).Reshape([.. s_wrapping, -1])),
        Row<ArgumentException>("Expand_Wraps", "A tensor of shape [65536, 65536, 65536, 65536] would have", () => X(1).Expand([65536, 65536, 65536, 65536])),
        Row<ArgumentException>("Flatten_LongAxis", "Flatten: an axis of 4,294,967,296 elements would be needed", () => X(1, 1).Expand([65536, 65536]).Flatten()),
        Row<ArgumentException>("Reshape_LongAxis", "Reshape: an axis of 4,294,967,296 elements would be needed", () => X(1, 1).Expand([65536, 65536]).Reshape(-1)),
        Row<ArgumentException>("Concat_LongAxis", "Concat: an axis of 2,147,483,648 elements would be needed", () => Tensor.Concat([X(0, 1).Expand([0, 1 << 30]), X(0, 1).Expand([0, 1 << 30])], 1)),
        Row<ArgumentException>("Pad_LongAxis", "Pad: an axis of 2,147,483,649 elements would be needed", () => X(2).Pad([(0, Huge)])),
        Row<ArgumentException>("Repeat_LongAxis", "Repeat: an axis of 4,294,967,294 elements would be needed", () => X(2).Repeat(Huge)),
        Row<ArgumentException>("Einsum_LongAxis", "Einsum: an axis of 4,294,967,296 elements would be needed", () => Tensor.Einsum("abc,d->abcd", X(1, 1, 1).Expand([65536, 65536, 1]), X(1))),
        Row<ArgumentException>("Split_IntoMoreViewsThanMemoryHolds", "Split: 2,147,483,647 values of 256 bytes each", () => X(Huge, 0).Split(1)),
        Row<ArgumentException>("Chunk_IntoMoreViewsThanMemoryHolds", "Split: 2,147,483,647 values of 256 bytes each", () => X(0, Huge).Chunk(Huge, 1)),
        Row<ArgumentException>("ResNet_MoreBlocksThanMemoryHolds", "ResNet: 2,147,483,648 values of 2048 bytes each", () => _ = new ResNet([1, 1], 1 << 30)),
        Row<ArgumentException>("DenseNet_MoreLayersThanMemoryHolds", "DenseBlock: 357,913,940 values of 2048 bytes each", () => _ = new DenseNetBc(Huge - 3)),
        Row<ArgumentException>("Lstm_MoreLayersThanMemoryHolds", "Lstm: 2,147,483,647 values of 2048 bytes each", () => _ = new Lstm(1, 1, Huge)),
        Row<ArgumentException>("Gru_MoreLayersThanMemoryHolds", "Gru: 2,147,483,647 values of 2048 bytes each", () => _ = new Gru(1, 1, Huge)),
        Row<ArgumentException>("OneHot_Wraps", "A tensor of shape [2147483647, 2147483647, 9] would have", () => Ints(1, 1).Expand([Huge, Huge]).OneHot(9)),
        Row<ArgumentException>("ToArray_MoreThanAnArrayHolds", "ToArray: 4,294,967,296 values", () => X(1, 1).Expand([65536, 65536]).ToArray<float>()),
        Row<ShapeMismatchException>("MaxPool2d_DilationWraps", "MaxPool2d: the window (65537, 65537) is larger than the padded image", () => X(1, 1, 4, 4).MaxPool2d(65537, dilation: 65536)),
        Row<ShapeMismatchException>("Conv2d_DilationWraps", "Conv2d: the window is larger than the padded image", () => X(1, 1, 4, 4).Conv2d(X(1, 1, 3, 3), dilation: Huge)),
        Row<ArgumentException>("Conv2d_PaddingWraps", "Conv2d: an axis of 4,294,967,296 elements would be needed", () => X(1, 1, 4, 4).Conv2d(X(1, 1, 3, 3), padding: Huge)),
        Row<ArgumentException>("ConvTranspose2d_StrideWraps", "ConvTranspose2d: an axis of 6,442,450,942 elements would be needed", () => X(1, 1, 4, 4).ConvTranspose2d(X(1, 1, 1, 1), stride: Huge)),
    ];

    private static IEnumerable<TestCaseData> Numbers =>
    [
        Row<ArgumentOutOfRangeException>("TruncatedNormal_MeanNaN", "The number must be finite.", () => Init.TruncatedNormal(X(4), double.NaN)),
        Row<ArgumentOutOfRangeException>("TruncatedNormal_MeanInfinite", "The number must be finite.", () => Init.TruncatedNormal(X(4), double.PositiveInfinity, high: double.PositiveInfinity)),
        Row<ArgumentOutOfRangeException>("TruncatedNormal_StdNaN", "std must be finite and positive.", () => Init.TruncatedNormal(X(4), 0, double.NaN)),
        Row<ArgumentOutOfRangeException>("TruncatedNormal_StdInfinite", "std must be finite and positive.", () => Init.TruncatedNormal(X(4), 0, double.PositiveInfinity)),
        Row<ArgumentException>("TruncatedNormal_BoundNaN", "Init.TruncatedNormal: bounds [NaN, 2] must be in order", () => Init.TruncatedNormal(X(4), low: double.NaN)),
        Row<ArgumentException>("TruncatedNormal_OtherBoundNaN", "Init.TruncatedNormal: bounds [-2, NaN] must be in order", () => Init.TruncatedNormal(X(4), high: double.NaN)),
        Row<ArgumentException>("TruncatedNormal_FarBounds", "Init.TruncatedNormal: bounds [1000, 1001] must be in order and within two standard deviations", () => Init.TruncatedNormal(X(4), low: 1000, high: 1001)),
        Row<ArgumentOutOfRangeException>("Init_Normal_StdNegative", "std must be finite and not negative.", () => Init.Normal(X(4), 0, -1)),
        Row<ArgumentOutOfRangeException>("Init_Normal_MeanNaN", "The number must be finite.", () => Init.Normal(X(4), double.NaN)),
        Row<ArgumentException>("Init_Uniform_BoundNaN", "Init.Uniform: low NaN must not lie above high 1.", () => Init.Uniform(X(4), double.NaN)),
        Row<ArgumentOutOfRangeException>("Init_Uniform_BoundInfinite", "The number must be finite.", () => Init.Uniform(X(4), 0, double.PositiveInfinity)),
        Row<ArgumentOutOfRangeException>("Init_XavierUniform_GainNaN", "gain must be finite and not negative.", () => Init.XavierUniform(X(4, 4), double.NaN)),
        Row<ArgumentOutOfRangeException>("Init_XavierNormal_GainNegative", "gain must be finite and not negative.", () => Init.XavierNormal(X(4, 4), -1)),
        Row<ArgumentOutOfRangeException>("Init_KaimingNormal_SlopeNaN", "The number must be finite.", () => Init.KaimingNormal(X(4, 4), double.NaN)),
        Row<ArgumentOutOfRangeException>("Init_Orthogonal_GainNaN", "The number must be finite.", () => Init.Orthogonal(X(4, 4), double.NaN)),
        Row<ShapeMismatchException>("Init_Dirac_NoTaps", "Init.Dirac: the tensor is [2, 2, 0]; filters without taps have no centre.", () => Init.Dirac(X(2, 2, 0))),
        Row<ArgumentOutOfRangeException>("Randn_StdNegative", "std ('-1') must be a non-negative value.", () => Tensor.Randn([2], std: -1)),
        Row<ArgumentOutOfRangeException>("Randn_StdNaN", "The number must be finite.", () => Tensor.Randn([2], std: double.NaN)),
        Row<ArgumentOutOfRangeException>("Rand_Reversed", "low ('1') must be less than or equal to '0'.", () => Tensor.Rand([2], 1, 0)),
        Row<ArgumentOutOfRangeException>("Rand_NaN", "The number must be finite.", () => Tensor.Rand([2], double.NaN)),
        Row<ArgumentOutOfRangeException>("RandInt_Empty", "low ('3') must be less than '3'.", () => Tensor.RandInt([2], 3, 3)),
        Row<DTypeMismatchException>("Randn_Integers", "Randn: dtype is i64; random numbers with fractions are floating point.", () => Tensor.Randn([2], dtype: DType.Int64)),
        Row<DTypeMismatchException>("Rand_Integers", "Rand: dtype is u8; random numbers with fractions are floating point.", () => Tensor.Rand([2], dtype: DType.UInt8)),
        Row<DTypeMismatchException>("KlDiv_Integers", "KlDiv: prediction is i64; it must be floating point.", () => Ints(2).KlDiv(Ints(2))),
        Row<ArgumentException>("RandPerm_Huge", "Permutation: 2,147,483,647 values of 8 bytes each", () => Tensor.RandPerm(Huge)),
        Row<ArgumentOutOfRangeException>("Arange_NaN", "The number must be finite.", () => Tensor.Arange(0, double.NaN)),
        Row<ArgumentOutOfRangeException>("Arange_Endless", "The number must be finite.", () => Tensor.Arange(0, double.PositiveInfinity)),
        Row<ArgumentOutOfRangeException>("Eye_Negative", "rows ('-1') must be a non-negative value.", () => Tensor.Eye(-1)),
        Row<ArgumentOutOfRangeException>("ConfusionMatrix_ManyClasses", "classes ('65536') must be less than or equal to '46340'.", () => _ = new ConfusionMatrix(65536)),
        Row<ShapeMismatchException>("AdaptiveAvgPool2d_NoImage", "AdaptiveAvgPool2d: x is [2, 1, 3, 0]; an image without elements along an axis has neither mean nor maximum.", () => X(2, 1, 3, 0).AdaptiveAvgPool2d((3, Huge))),
        Row<ArgumentException>("AdaptiveAvgPool2d_HugeOutput", "AdaptiveAvgPool2d: 4,294,967,294 values", () => X(1, 1, 3, 1).AdaptiveAvgPool2d((Huge, 1))),
        Row<ArgumentOutOfRangeException>("Upload_OffsetWraps", "offsetInBytes ('9223372036854775807') must be less than or equal to", () => Use(static (d, s) => d.Upload(new byte[16], s, long.MaxValue))),
        Row<ArgumentOutOfRangeException>("Download_OffsetWraps", "offsetInBytes ('9223372036854775804') must be less than or equal to", () => Use(static (d, s) => d.Download(s, long.MaxValue - 3, new byte[16]))),
    ];

    [TestCaseSource(nameof(Shapes))]
    [TestCaseSource(nameof(Numbers))]
    public void Error(ErrorCase error) => error.Check();

    [Test]
    public void Bytes_ThatCannotBeCounted_AreMemoryThatIsNotThere() =>
        Assert.That(static () => Tensor.Empty([Huge, Huge], DType.Float64, Reference.ReferenceDevice.Shared), Throws.TypeOf<OutOfDeviceMemoryException>());

    [Test]
    public void Step_LargerThanTheAxis_TakesOneElement()
    {
        Tensor x = Tensor.Arange(0, 6, device: Reference.ReferenceDevice.Shared);
        Assert.That(x.Slice(0, 0, 6, Huge).ToArray<float>(), Is.EqualTo(new float[] { 0 }));
        Assert.That(x.Slice(0, -1, -7, int.MinValue).ToArray<float>(), Is.EqualTo(new float[] { 5 }));
        Assert.That(x[TensorIndex.Every(Huge, 1..)].ToArray<float>(), Is.EqualTo(new float[] { 1 }));
    }

    [Test]
    public void Expression_OfAMillionSteps_HasAShortText()
    {
        Expr x = Expr.Input(0);
        for (int i = 0; i < 1_000_000; i++)
        {
            x = Expr.Tanh(x);
        }

        string text = x.ToString();
        Assert.That(text, Has.Length.LessThan(100_000).And.EndsWith("… (1000001 steps)"));
        Assert.That((Expr.Tanh(Expr.Input(0)) * 2).ToString(), Is.EqualTo("tanh(in0) * 2"));
    }

    private static void Use(Action<Device, Storage> use)
    {
        Tensor x = X(4);
        use(x.Device, x.Storage);
        GC.KeepAlive(x);
    }
}
