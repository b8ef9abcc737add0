using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Precision;

/// <summary>The type of each operation's result under autocast: the table of <see cref="Autocast"/>'s documentation, row by row.</summary>
/// <remarks>Types are decided before a backend is called, so one device tells for all.</remarks>
[TestFixture(DType.BFloat16)]
[TestFixture(DType.Float16)]
internal sealed class AutocastTypeTests(DType half)
{
    private Device _before = null!;

    private static IEnumerable<TestCaseData> Products =>
    [
        Row("MatMul", static x => x.MatMul(x.T)),
        Row("MatMul with a vector", static x => x.MatMul(x[0])),
        Row("Linear", static x => x.Linear(Like(x, 2, 4), Like(x, 2))),
        Row("Linear with ReLU", static x => x.Linear(Like(x, 2, 4), Like(x, 2), relu: true)),
        Row("Einsum", static x => Tensor.Einsum("ij,kj->ik", x, x)),
        Row("Conv1d", static x => x.Reshape(1, 4, 4).Conv1d(Like(x, 3, 4, 2), Like(x, 3))),
        Row("Conv2d", static x => x.Reshape(1, 1, 4, 4).Conv2d(Like(x, 3, 1, 2, 2), Like(x, 3))),
        Row("ConvTranspose2d", static x => x.Reshape(1, 1, 4, 4).ConvTranspose2d(Like(x, 1, 3, 2, 2), Like(x, 3))),
        Row("ScaledDotProductAttention", static x => Tensor.ScaledDotProductAttention(x, x, x, isCausal: true)),
        Row("MultiheadAttention", static x => new MultiheadAttention(4, 2).Forward(x.Reshape(1, 4, 4))),
    ];

    private static IEnumerable<TestCaseData> Wide =>
    [
        Row("Softmax", static x => x.Softmax()),
        Row("LogSoftmax", static x => x.LogSoftmax(0)),
        Row("LayerNorm", static x => new LayerNorm(4).Forward(x)),
        Row("GroupNorm", static x => new GroupNorm(2, 4).Forward(x)),
        Row("RmsNorm", static x => new RmsNorm(4).Forward(x)),
        Row("Sum", static x => x.Sum()),
        Row("Mean", static x => x.Mean(1)),
        Row("Prod", static x => x.Prod(0)),
        Row("CumSum", static x => x.CumSum(1)),
        Row("Var", static x => x.Var(1)),
        Row("Std", static x => x.Std()),
        Row("Norm", static x => x.Norm()),
        Row("LogSumExp", static x => x.LogSumExp(1)),
        Row("CumProd", static x => x.CumProd(1)),
        Row("LogCumSumExp", static x => x.LogCumSumExp(0)),
        Row("VectorNorm", static x => x.VectorNorm(3, [1])),
        Row("Acos", static x => x.Acos()),
        Row("Cosh", static x => x.Cosh()),
        Row("Log2", static x => x.Log2()),
        Row("Exp2", static x => x.Exp2()),
        Row("Erfinv", static x => x.Erfinv()),
        Row("Lgamma", static x => x.Lgamma()),
        Row("Logit", static x => x.Logit(0.1)),
        Row("Exp", static x => x.Exp()),
        Row("Expm1", static x => x.Expm1()),
        Row("Log", static x => x.Log()),
        Row("Log1p", static x => x.Log1p()),
        Row("Pow", static x => x.Pow(1.5)),
        Row("Pow 2", static x => x.Pow(2)),
        Row("Pow ½", static x => x.Pow(0.5)),
        Row("Pow of tensors", static x => x.Pow(x)),
        Row("Square", static x => x.Square()),
        Row("Rsqrt", static x => x.Rsqrt()),
        Row("Reciprocal", static x => x.Reciprocal()),
        Row("number / x", static x => 2 / x),
        Row("Tan", static x => x.Tan()),
        Row("Softplus", static x => x.Softplus()),
        Row("CrossEntropy", static x => x.CrossEntropy(Classes)),
        Row("CrossEntropy with weights", static x => x.CrossEntropy(Classes, Tensor.Ones([4]))),
        Row("NllLoss", static x => x.NllLoss(Classes)),
        Row("CrossEntropyFromProbabilities", static x => x.CrossEntropyFromProbabilities(Classes)),
        Row("MseLoss", static x => x.MseLoss(x)),
        Row("L1Loss", static x => x.L1Loss(x, Reduction.None)),
        Row("SmoothL1Loss", static x => x.SmoothL1Loss(x, reduction: Reduction.Sum)),
        Row("HuberLoss", static x => x.HuberLoss(x)),
        Row("BceWithLogits", static x => x.BceWithLogits(x)),
        Row("BceLoss", static x => x.BceLoss(x)),
        Row("KlDiv", static x => x.KlDiv(x)),
    ];

    private static IEnumerable<TestCaseData> Kept =>
    [
        Row("Add", static x => x + x),
        Row("Mul by a number", static x => x * 3),
        Row("Div", static x => x / x),
        Row("Relu", static x => x.Relu()),
        Row("Gelu", static x => x.Gelu()),
        Row("Sigmoid", static x => x.Sigmoid()),
        Row("Tanh", static x => x.Tanh()),
        Row("Sqrt", static x => x.Sqrt()),
        Row("Dropout", static x => x.Dropout()),
        Row("MaxPool2d", static x => x.Reshape(1, 1, 4, 4).MaxPool2d(2)),
        Row("AvgPool2d", static x => x.Reshape(1, 1, 4, 4).AvgPool2d(2)),
        Row("AdaptiveAvgPool2d, uneven", static x => x.Reshape(1, 1, 4, 4).AdaptiveAvgPool2d(3)),
        Row("Concat", static x => Tensor.Concat([x, x])),
        Row("Max", static x => x.Max(1)),
        Row("Maximum", static x => Tensor.Maximum(x, x)),
        Row("Where", static x => Tensor.Where(x > 0, x, x)),
        Row("BatchNorm1d", static x => new BatchNorm1d(4).Forward(x)),
        Row("BatchNorm1d by running statistics", static x => x.BatchNorm(null, null, Tensor.Zeros([4]), Tensor.Ones([4]), training: false)),
        Row("Reshape", static x => x.Reshape(16)),
    ];

    private static Tensor Classes => Tensor.From<long>([0, 3, 1, 2]);

    [SetUp]
    public void Begin()
    {
        _before = Device.Default;
        Device.Default = ReferenceDevice.Shared;
    }

    [TearDown]
    public void End() => Device.Default = _before;

    [TestCaseSource(nameof(Products))]
    public void Product_InScope_IsHalfOfAnyFloat(Func<Tensor, Tensor> product)
    {
        Tensor x = Sample();
        using Autocast.Scope scope = Autocast.To(half);
        Assert.That(product(x).DType, Is.EqualTo(half), "of f32");
        Assert.That(product(x.To(half)).DType, Is.EqualTo(half), "of the scope's type");
        Assert.That(product(x.To(Other)).DType, Is.EqualTo(half), "of the other half type");
    }

    [TestCaseSource(nameof(Wide))]
    public void DelicateOperation_InScope_IsFloat32(Func<Tensor, Tensor> operation)
    {
        Tensor x = Sample();
        using Autocast.Scope scope = Autocast.To(half);
        Assert.That(operation(x).DType, Is.EqualTo(DType.Float32), "of f32");
        Assert.That(operation(x.To(half)).DType, Is.EqualTo(DType.Float32), "of half");
    }

    [TestCaseSource(nameof(Kept))]
    public void OtherOperation_InScope_KeepsItsType(Func<Tensor, Tensor> operation)
    {
        Tensor x = Sample();
        using Autocast.Scope scope = Autocast.To(half);
        Assert.That(operation(x).DType, Is.EqualTo(DType.Float32), "of f32");
        Assert.That(operation(x.To(half)).DType, Is.EqualTo(half), "of half");
    }

    [TestCaseSource(nameof(Products))]
    [TestCaseSource(nameof(Kept))]
    [TestCaseSource(nameof(Wide))]
    public void AnyOperation_GradientOfAFloat32Leaf_IsFloat32(Func<Tensor, Tensor> operation)
    {
        Tensor x = Sample().WithGrad();
        using Autocast.Scope scope = Autocast.To(half);

        // Through a product, so that the operation itself sees a half; and backward inside the scope, which must not change types.
        Tensor h = x.MatMul(Tensor.Eye(4));
        Tensor y = operation(h);
        y.Backward(Tensor.Ones(y.Shape, y.DType));
        Assert.That(h.DType, Is.EqualTo(half));
        Assert.That(x.Grad!.DType, Is.EqualTo(DType.Float32));
    }

    [Test]
    public void Recurrent_InScope_HasHalfProductsAndFloat32States()
    {
        using Autocast.Scope scope = Autocast.To(half);
        Tensor x = Tensor.Ones([3, 2, 4]);
        foreach (Recurrent layer in (Recurrent[])[new Lstm(4, 3), new Gru(4, 3)])
        {
            Tensor y = layer.Forward(x);
            y.Sum().Backward();
            Assert.That(y.DType, Is.EqualTo(DType.Float32));
            Assert.That(layer.Parameters.Select(static p => p.Grad!.DType), Is.All.EqualTo(DType.Float32));
        }
    }

    [Test]
    public void Float64_InScope_IsLeftAlone()
    {
        Tensor x = Sample().To(DType.Float64), y = Sample();
        using Autocast.Scope scope = Autocast.To(half);
        Assert.That(x.MatMul(x).DType, Is.EqualTo(DType.Float64));
        Assert.That(x.Exp().DType, Is.EqualTo(DType.Float64));
        Assert.That(x.Reshape(1, 1, 4, 4).Conv2d(x.Reshape(1, 1, 4, 4)).DType, Is.EqualTo(DType.Float64));
        Assert.That(() => x.MatMul(y), Throws.TypeOf<DTypeMismatchException>(), "beside float32");
        Assert.That(() => y.To(half).MatMul(x), Throws.TypeOf<DTypeMismatchException>(), "beside halves");
    }

    [Test]
    public void Integers_InScope_AreLeftAlone()
    {
        Tensor x = Tensor.Ones([2, 2], DType.Int64);
        using Autocast.Scope scope = Autocast.To(half);
        Assert.That(x.MatMul(x).DType, Is.EqualTo(DType.Int64));
        Assert.That(x.Sum().DType, Is.EqualTo(DType.Int64));
        Assert.That(x.Exp().DType, Is.EqualTo(DType.Float32));
    }

    private DType Other => half == DType.Float16 ? DType.BFloat16 : DType.Float16;

    private static TestCaseData Row(string name, Func<Tensor, Tensor> operation) => new TestCaseData(operation).SetArgDisplayNames(name);

    /// <summary>Positive numbers below 1, so that logarithms exist.</summary>
    private static Tensor Sample() => (Tensor.Arange(0, 16, 1).Reshape(4, 4) + 1) / 20;

    /// <summary>A small parameter.</summary>
    private static Tensor Like(Tensor x, params ReadOnlySpan<int> shape) => Tensor.Full(new Shape(shape), 0.5, DType.Float32, x.Device);
}
