using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.LossFunctions;

/// <summary>Class numbers as files and other libraries have them: bytes, int32, int64.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class LabelTypeTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly DType[] s_types = [DType.UInt8, DType.Int32, DType.Int64];

    private Tensor Scores => Tensor.From(new float[,] { { 0.1f, 0.2f, 0.9f }, { 3, 2, 1 }, { -1, 5, 0 }, { 0, 2, 1 } }, Device);

    private Tensor Numbers => Tensor.From<long>([2, 1, 1, 0], device: Device);

    [Test]
    public void Losses_TakeEveryIntegerType()
    {
        Func<Tensor, Tensor, Tensor>[] losses =
        [
            Losses.CrossEntropy,
            Losses.Nll,
            static (z, t) => Losses.CrossEntropyFromProbabilities(z.Softmax(), t),
            static (z, t) => z.CrossEntropy(t, Tensor.From<float>([1, 2, 3], device: z.Device), 0.1, ignoreIndex: 1),
            static (z, t) => z.NllLoss(t, Tensor.From<float>([1, 2, 3], device: z.Device), ignoreIndex: 1, reduction: Reduction.Sum),
        ];
        foreach (Func<Tensor, Tensor, Tensor> loss in losses)
        {
            foreach (DType type in s_types)
            {
                Tensor first = Scores.WithGrad(), second = Scores.WithGrad();
                Tensor expected = loss(first, Numbers), actual = loss(second, Numbers.To(type));
                expected.Backward();
                actual.Backward();
                Assert.That(actual.Item(), Is.EqualTo(expected.Item()), type.ToString());
                Assert.That(second.Grad!.ToArray<float>(), Is.EqualTo(first.Grad!.ToArray<float>()), type.ToString());
            }
        }
    }

    [Test]
    public void Metrics_TakeEveryIntegerType()
    {
        Func<Metric>[] metrics = [() => new Accuracy(), () => new TopKAccuracy(2), () => new ConfusionMatrix(3), () => new F1(3), () => new Engine.Nn.Precision(3), () => new Recall(3)];
        foreach (Func<Metric> make in metrics)
        {
            double expected = Value(make(), Numbers);
            Assert.That(expected, Is.InRange(0.1, 0.99), "or nothing would be told apart");
            foreach (DType type in s_types)
            {
                Assert.That(Value(make(), Numbers.To(type)), Is.EqualTo(expected), $"{make().Name} of {type}");
            }

            Assert.That(Value(make(), Numbers.OneHot(3)), Is.EqualTo(expected), $"{make().Name} of one-hot rows");
            Assert.That(Value(make(), Numbers.OneHot(3) * 0.7 + 0.1), Is.EqualTo(expected), $"{make().Name} of probabilities");
        }

        double Value(Metric metric, Tensor target)
        {
            metric.Update(Scores, target);
            return metric.Compute();
        }
    }

    [Test]
    public void OneHot_TakesEveryIntegerType_AndMoreClassesThanABytesNumbers()
    {
        foreach (DType type in s_types)
        {
            Assert.That(Numbers.To(type).OneHot(300).ArgMax(-1).ToArray<long>(), Is.EqualTo(Numbers.ToArray<long>()), type.ToString());
            Assert.That(Numbers.To(type).OneHot(300).Sum().Item(), Is.EqualTo(4), type.ToString());
        }
    }

    [TestCase(-1)]
    [TestCase(3)]
    public void OneHot_OfAClassThatDoesNotExist_ThrowsWhereTheHostSeesIt(int wrong)
    {
        Assume.That(Device, Is.InstanceOf<HostDevice>(), "on a card nobody looks");
        Assert.That(() => Tensor.From<long>([0, wrong], device: Device).OneHot(3), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("[0, 3)"));
    }

    [Test]
    public void Metrics_TargetsThatDoNotFit_SayWhatIsWanted()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => new Accuracy().Update(Scores, Numbers.OneHot(3).To(DType.Int64)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("target.To(DType.Float32)"));

            // One score a sample is no choice between classes: its largest is always class 0.
            Assert.That(() => new Accuracy().Update(Scores[.., ..1], Numbers), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("BinaryAccuracy"));
            Assert.That(() => new TopKAccuracy(1).Update(Scores[.., ..1], Numbers), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => new ConfusionMatrix(1).Update(Scores[.., ..1], Numbers), Throws.TypeOf<ShapeMismatchException>());
        });
    }

    [Test]
    public void Mean_OfAColumnAndAVector_Throws()
    {
        Tensor column = Tensor.Ones([4, 1], device: Device), vector = Tensor.Ones([4], device: Device);
        Assert.That(() => new Mean("mae", static (y, t) => (y - t).Abs()).Update(column, vector), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[4, 1]").And.Message.Contains("[4]"));
        Assert.That(() => new Mean("mae", static (y, t) => (y - t).Abs()).Update(vector, column), Throws.TypeOf<ShapeMismatchException>());
        Mean squeezed = new("mae", static (y, t) => (y.Squeeze(1) - t).Abs());
        squeezed.Update(column, vector);
        Assert.That(squeezed.Compute(), Is.Zero);
        Mean byRow = new("share", static (y, t) => (y * t.Unsqueeze(1)).Sum(1));
        Assert.That(() => byRow.Update(Tensor.Ones([4, 3], device: Device), vector), Throws.Nothing);
    }

    [Test]
    public void BinaryAccuracy_CountsBothAnswers()
    {
        Tensor logits = Tensor.From<float>([2, -1, 0.5f, -3, float.NaN], [5, 1], Device);
        BinaryAccuracy metric = new();
        metric.Update(logits, Tensor.From<float>([1, 0, 0, 1, 0], [5, 1], Device));
        Assert.That(metric.Compute(), Is.EqualTo(2 / 5.0));
        Assert.That(() => metric.Update(logits, Tensor.Ones([5], device: Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("prediction.Squeeze(1)"));
        foreach (DType type in (DType[])[DType.Bool, DType.UInt8, DType.Int64])
        {
            Metric probabilities = new BinaryAccuracy(0.5, "p").Fresh();
            probabilities.Update(Tensor.From<float>([0.7f, 0.2f, 0.4f], device: Device), Tensor.From<float>([1, 0, 1], device: Device).To(type));
            Assert.That((probabilities.Name, probabilities.Compute()), Is.EqualTo(("p", 2 / 3.0)), type.ToString());
        }
    }
}
