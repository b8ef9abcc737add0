using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Errors;

/// <summary>A model of one floating type does not turn into one of another because of its input: products refuse operands of two types.</summary>
/// <remarks>Types are checked before a backend is called, so one device tells for all.</remarks>
internal sealed class ProductTypeTests
{
    private Device _before = null!;

    private static IEnumerable<TestCaseData> Layers =>
    [
        Row("Linear", static () => new Linear(4, 3), [2, 4]),
        Row("Conv1d", static () => new Conv1d(2, 3, 2), [1, 2, 4]),
        Row("Conv2d", static () => new Conv2d(2, 3, 2), [1, 2, 4, 4]),
        Row("ConvTranspose2d", static () => new ConvTranspose2d(2, 3, 2), [1, 2, 4, 4]),
        Row("Lstm", static () => new Lstm(4, 3), [2, 1, 4]),
        Row("Gru", static () => new Gru(4, 3), [2, 1, 4]),
        Row("MultiheadAttention", static () => new MultiheadAttention(4, 2), [2, 1, 4]),
    ];

    private static IEnumerable<TestCaseData> Norms =>
    [
        Row("BatchNorm", static () => new BatchNorm1d(4), [3, 4]),
        Row("BatchNorm", static () => new BatchNorm2d(2), [3, 2, 2, 2]),
        Row("BatchNorm", static () => new BatchNorm1d(4).Eval(), [3, 4]),
        Row("BatchNorm", static () => new BatchNorm1d(4, affine: false).Eval(), [3, 4]),
        Row("LayerNorm", static () => new LayerNorm(4), [3, 4]),
        Row("GroupNorm", static () => new GroupNorm(2, 4), [3, 4]),
        Row("RmsNorm", static () => new RmsNorm(4), [3, 4]),
    ];

    private static IEnumerable<TestCaseData> Products =>
    [
        Product("MatMul", static (x, w) => x.MatMul(w)),
        Product("MatMul", static (x, w) => x[0].MatMul(w)),
        Product("MatMul", static (x, w) => x.Expand([3, 4, 4]).MatMul(w)),
        Product("Linear", static (x, w) => x.Linear(w)),
        Product("Linear", static (x, w) => x.Linear(x, w[0])),
        Product("Einsum", static (x, w) => Tensor.Einsum("ij,jk->ik", x, w)),
        Product("Einsum", static (x, w) => Tensor.Einsum("ij,ij->", x, w)),
        Product("Conv1d", static (x, w) => x.Reshape(1, 4, 4).Conv1d(w.Reshape(1, 4, 4))),
        Product("Conv2d", static (x, w) => x.Reshape(1, 1, 4, 4).Conv2d(w.Reshape(1, 1, 4, 4))),
        Product("Conv2d", static (x, w) => x.Reshape(1, 1, 4, 4).Conv2d(x.Reshape(1, 1, 4, 4), w[0, ..1])),
        Product("ConvTranspose2d", static (x, w) => x.Reshape(1, 1, 4, 4).ConvTranspose2d(w.Reshape(1, 1, 4, 4))),
        Product("ScaledDotProductAttention", static (x, w) => Tensor.ScaledDotProductAttention(x, w, x)),
        Product("ScaledDotProductAttention", static (x, w) => Tensor.ScaledDotProductAttention(x, x, w)),
    ];

    [SetUp]
    public void Begin()
    {
        _before = Device.Default;
        Device.Default = ReferenceDevice.Shared;
    }

    [TearDown]
    public void End() => Device.Default = _before;

    [TestCaseSource(nameof(Layers))]
    [TestCaseSource(nameof(Norms))]
    public void Layer_OfFloat32_RefusesFloat64_AndSaysHowToConvert(string op, Func<Layer> make, int[] shape)
    {
        Layer layer = make();
        Tensor x = Tensor.Rand(new Shape(shape)).To(DType.Float64);
        Assert.That(() => layer.Forward(x), Throws.TypeOf<DTypeMismatchException>()
            .With.Message.StartsWith(op).And.Message.Contains(".To(DType.Float32)").And.Message.Contains("f64"));
        Assert.That(layer.Forward(x.To(DType.Float32)).DType, Is.EqualTo(DType.Float32));
        Assert.That(layer.To(DType.Float64).Forward(x).DType, Is.EqualTo(DType.Float64), "a model of float64");
        Assert.That(() => layer.Forward(x.To(DType.Float32)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains(".To(DType.Float64)"));
    }

    [TestCaseSource(nameof(Layers))]
    public void Layer_OfFloat32_RefusesHalvesAndIntegers_OutsideOfAutocast(string op, Func<Layer> make, int[] shape)
    {
        Layer layer = make();
        Tensor x = Tensor.Ones(new Shape(shape));
        foreach (DType type in (DType[])[DType.Float16, DType.BFloat16, DType.Int64, DType.Int32, DType.UInt8])
        {
            Assert.That(() => layer.Forward(x.To(type)), Throws.TypeOf<DTypeMismatchException>().With.Message.StartsWith(op).And.Message.Contains("To(DType.Float32)"), type.ToString());
        }
    }

    [TestCaseSource(nameof(Norms))]
    public void Norm_OfFloat32_TakesHalves(string op, Func<Layer> make, int[] shape)
    {
        Tensor x = Tensor.Rand(new Shape(shape));
        foreach (DType type in (DType[])[DType.Float16, DType.BFloat16])
        {
            Assert.That(() => make().Forward(x.To(type)), Throws.Nothing, $"{op} of {type}");
            Assert.That(make().To(type).Forward(x.To(type)).DType, Is.EqualTo(type), $"{op} of {type} and all of it");
            Assert.That(() => make().To(type).Forward(x), Throws.TypeOf<DTypeMismatchException>(), $"{op} with {type} parameters of float32");
        }
    }

    [TestCaseSource(nameof(Layers))]
    [TestCaseSource(nameof(Norms))]
    public void Layer_InAutocast_TakesHalvesAndFloat32_ButNotFloat64(string op, Func<Layer> make, int[] shape)
    {
        Tensor x = Tensor.Rand(new Shape(shape));
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        foreach (DType type in (DType[])[DType.Float32, DType.Float16, DType.BFloat16])
        {
            Assert.That(() => make().Forward(x.To(type)), Throws.Nothing, $"{op} of {type}");
        }

        Assert.That(() => make().Forward(x.To(DType.Float64)), Throws.TypeOf<DTypeMismatchException>().With.Message.StartsWith(op));
    }

    [TestCaseSource(nameof(Products))]
    public void Product_OfTwoTypes_Throws(string op, Func<Tensor, Tensor, Tensor> product)
    {
        Tensor x = Tensor.Rand([4, 4]);
        foreach (DType type in (DType[])[DType.Float64, DType.Float16, DType.BFloat16, DType.Int64])
        {
            Tensor other = x.To(type);
            Assert.That(() => product(x, other), Throws.TypeOf<DTypeMismatchException>().With.Message.StartsWith(op + ":"), $"float32 and {type}");
            Assert.That(() => product(other, x), Throws.TypeOf<DTypeMismatchException>().With.Message.StartsWith(op + ":"), $"{type} and float32");
            if (type.IsFloatingPoint())
            {
                Assert.That(product(other, other).DType, Is.EqualTo(type));
            }
        }
    }

    [Test]
    public void RecurrentStates_OfAnotherType_Throw()
    {
        Tensor x = Tensor.Ones([2, 1, 4]), state = Tensor.Zeros([1, 1, 3], DType.Float64);
        Assert.That(() => new Lstm(4, 3).Forward(x, null, state), Throws.TypeOf<DTypeMismatchException>().With.Message.StartsWith("Lstm: state is f64"));
        Assert.That(() => new Lstm(4, 3).Forward(x, state, null), Throws.TypeOf<DTypeMismatchException>());
        Assert.That(() => new Gru(4, 3).Forward(x, state), Throws.TypeOf<DTypeMismatchException>().With.Message.StartsWith("Gru: state is f64"));
    }

    [Test]
    public void AttentionMask_IsBoolOrFloat32_OrOfTheQuerysType()
    {
        Tensor q = Tensor.Rand([4, 4]), mask = Tensor.Zeros([4, 4]);
        static Tensor Attend(Tensor x, Tensor m) => Tensor.ScaledDotProductAttention(x, x, x, m);
        Assert.That(() => Attend(q, mask.To(DType.Float64)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("attnMask is f64"));
        Assert.That(() => Attend(q, mask.To(DType.Int64)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("attnMask.To(DType.Bool)"));
        Assert.That(Attend(q.To(DType.Float64), mask).DType, Is.EqualTo(DType.Float64));
        Assert.That(Attend(q.To(DType.BFloat16), mask).DType, Is.EqualTo(DType.BFloat16));
        Assert.That(Attend(q.To(DType.BFloat16), mask.To(DType.BFloat16)).DType, Is.EqualTo(DType.BFloat16));
    }

    [Test]
    public void PointwiseOperations_StillPromote() =>
        Assert.That((Tensor.Ones([2]) + Tensor.Ones([2], DType.Float64)).DType, Is.EqualTo(DType.Float64));

    private static TestCaseData Row(string op, Func<Layer> make, int[] shape) => new TestCaseData(op, make, shape).SetArgDisplayNames(make().ToString(), new Shape(shape).ToString());

    private static TestCaseData Product(string op, Func<Tensor, Tensor, Tensor> product) => new TestCaseData(op, product).SetArgDisplayNames(op);
}
