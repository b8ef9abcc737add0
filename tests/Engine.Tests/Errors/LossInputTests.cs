using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Errors;

/// <summary>What would make a loss a number without a meaning: shapes that only broadcast, probabilities outside of [0, 1].</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class LossInputTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly (string Name, Func<Tensor, Tensor, Reduction, Tensor> Loss)[] s_losses =
    [
        ("MseLoss", static (x, t, r) => x.MseLoss(t, r)),
        ("L1Loss", static (x, t, r) => x.L1Loss(t, r)),
        ("SmoothL1Loss", static (x, t, r) => x.SmoothL1Loss(t, 0.5, r)),
        ("L1Loss", static (x, t, r) => x.SmoothL1Loss(t, 0, r)),
        ("HuberLoss", static (x, t, r) => x.HuberLoss(t, 0.5, r)),
        ("BceLoss", static (x, t, r) => x.BceLoss(t, r)),
        ("BceWithLogits", static (x, t, r) => x.BceWithLogits(t, r)),
        ("KlDiv", static (x, t, r) => x.KlDiv(t, r)),
        ("KlDiv", static (x, t, r) => x.KlDiv(t, r, logTarget: true)),
        ("Mse", static (x, t, r) => Losses.Mse(x, t, r)),
        ("L1", static (x, t, r) => Losses.L1(x, t, r)),
        ("SmoothL1", static (x, t, r) => Losses.SmoothL1(x, t, 1, r)),
        ("Huber", static (x, t, r) => Losses.Huber(x, t, 1, r)),
        ("Bce", static (x, t, r) => Losses.Bce(x, t, r)),
        ("BceWithLogits", static (x, t, r) => Losses.BceWithLogits(x, t, r)),
        ("KlDiv", static (x, t, r) => Losses.KlDiv(x, t, r)),
    ];

    private static IEnumerable<TestCaseData> Pairs =>
        from loss in s_losses
        from shapes in (int[][][])[[[3, 1], [3]], [[3], [3, 1]], [[3], [1]], [[1], [3]], [[3, 2], [2]], [[3, 2], [1, 2]], [[], [3]], [[3], []], [[2, 3], [3, 2]], [[1], []]]
        select new TestCaseData(loss.Name, loss.Loss, shapes[0], shapes[1]).SetArgDisplayNames(loss.Name, new Shape(shapes[0]).ToString(), new Shape(shapes[1]).ToString());

    [TestCaseSource(nameof(Pairs))]
    public void Loss_OfShapesThatOnlyBroadcast_Throws(string name, Func<Tensor, Tensor, Reduction, Tensor> loss, int[] x, int[] target)
    {
        Tensor prediction = Tensor.Full(new Shape(x), 0.5, device: Device), wanted = Tensor.Full(new Shape(target), 0.5, device: Device);
        foreach (Reduction reduction in Enum.GetValues<Reduction>())
        {
            Assert.That(() => loss(prediction, wanted, reduction), Throws.TypeOf<ShapeMismatchException>()
                .With.Message.StartsWith(name + ":").And.Message.Contains(prediction.Shape.ToString()).And.Message.Contains(wanted.Shape.ToString()));
        }
    }

    [Test]
    public void Loss_OfAColumnAndAVector_SaysHowToSqueeze()
    {
        Tensor x = Tensor.Ones([4, 1], device: Device), t = Tensor.Ones([4], device: Device);
        Assert.That(() => x.MseLoss(t), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("x.Squeeze(1)"));
        Assert.That(() => t.MseLoss(x), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("target.Squeeze(1)"));
        Assert.That(() => x.MseLoss(Tensor.Ones([2, 2], device: Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("Reshape"));
        Assert.That(() => x.MseLoss(Tensor.Ones([4, 3], device: Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("Expand"));
        Assert.That(x.Squeeze(1).MseLoss(t).Item(), Is.Zero);
        Assert.That(x.Expand([4, 3]).MseLoss(Tensor.Ones([4, 3], device: Device)).Item(), Is.Zero);
    }

    [TestCase(-0.5)]
    [TestCase(1.5)]
    [TestCase(-1e-6)]
    [TestCase(1.0000002)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    [TestCase(double.NegativeInfinity)]
    public void BceLoss_OfWhatIsNoProbability_ThrowsWhereTheHostSeesIt(double wrong)
    {
        Assume.That(Device, Is.InstanceOf<HostDevice>(), "on a card nobody looks");
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            for (int length = 1; length < 40; length += 3)
            {
                double[] values = new double[length];
                values[length / 2] = wrong;
                Tensor p = Tensor.From<double>(values, device: Device).To(type), t = p.ZerosLike();
                Assert.That(() => p.BceLoss(t), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("[0, 1]").And.Message.Contains("BceWithLogits"), $"{type}, {length}");
                Assert.That(() => Losses.Bce(p, t), Throws.TypeOf<ArgumentOutOfRangeException>());
                Assert.That(() => p.Flip(0).BceLoss(t), Throws.TypeOf<ArgumentOutOfRangeException>(), "of a view");
                Assert.That(() => t.BceLoss(p), Throws.Nothing, "targets are not checked");
            }
        }
    }

    [Test]
    public void BceLoss_OfHalvesOutside_Throws()
    {
        Assume.That(Device, Is.InstanceOf<HostDevice>());
        foreach (DType type in (DType[])[DType.Float16, DType.BFloat16])
        {
            Tensor p = Tensor.From<float>([0.5f, 1.5f], device: Device).To(type);
            Assert.That(() => p.BceLoss(p.ZerosLike()), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    [Test]
    public void BceLoss_AtTheEndsOfTheRangeAndOfNothing_IsFine()
    {
        Tensor p = Tensor.From<float>([0, 1, 0.5f], device: Device).WithGrad(), t = Tensor.From<float>([0, 1, 0.5f], device: Device);
        Tensor loss = p.BceLoss(t, Reduction.Sum);
        loss.Backward();
        Assert.That(loss.Item(), Is.EqualTo(Math.Log(2)).Within(1e-6));
        Assert.That(Tensor.Zeros([0], device: Device).BceLoss(Tensor.Zeros([0], device: Device), Reduction.Sum).Item(), Is.Zero);
    }

    [Test]
    public void BceLoss_InACapturedStep_IsThatOfEagerOnes()
    {
        Tensor p = Tensor.From<float>([0.25f, 0.75f], device: Device), t = Tensor.From<float>([1, 0], device: Device);
        double expected = p.BceLoss(t).Item();
        using CapturedStep step = Device.CaptureOnUse(() => [p.BceLoss(t)], [p, t]);
        for (int i = 0; i < 5; i++)
        {
            step.Replay(p, t);
            Assert.That(step.Outputs[0].Buffer.Item(), Is.EqualTo(expected).Within(1e-6), $"replay {i}");
        }
    }
}
