using System.Text.Json;
using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using Engine.Tests.Gradients;
using NUnit.Framework;

namespace Engine.Tests.Nn.LossFunctions;

/// <summary>CTC against PyTorch's numbers, against a sum over all readings, and its edges.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class CtcTests(string deviceName) : DeviceFixture(deviceName)
{
    private bool IsFast => Device is HostDevice;

    private double Relative => Device.HasFloat64 ? 1e-12 : 2e-5;

    [TestCase("plain")]
    [TestCase("repeats")]
    [TestCase("empty")]
    [TestCase("impossible")]
    [TestCase("blank last")]
    [TestCase("long")]
    public void Ctc_IsPyTorchs(string name)
    {
        if (name == "long" && !IsFast)
        {
            Assert.Ignore("the same programs as the short ones");
        }

        JsonElement c = LossGoldenTests.CtcCases.Single(e => e.GetProperty("name").GetString() == name);
        JsonElement logits = c.GetProperty("logits");
        Tensor z = MostPrecise([.. logits.GetProperty("values").EnumerateArray().Select(LossGoldenTests.Number)], [.. logits.GetProperty("shape").EnumerateArray().Select(static e => e.GetInt32())]).WithGrad();
        Tensor targets = LossGoldenTests.Read(c.GetProperty("targets"), Device), inputs = Lengths(c, "inputLengths"), lengths = Lengths(c, "targetLengths");
        int blank = c.GetProperty("blank").GetInt32();
        foreach (bool zero in (bool[])[false, true])
        {
            string key = zero ? "Zero" : string.Empty;
            Tensor each = Losses.Ctc(z.LogSoftmax(), targets, inputs, lengths, blank, Reduction.None, zero);
            Close.AssertAll("each", Values(c.GetProperty("each" + key)), each.ToArray<double>(), Relative, 0);
            double mean = Losses.Ctc(z.LogSoftmax(), targets, inputs, lengths, blank, zeroInfinity: zero).Item();
            Close.AssertAll("mean", [LossGoldenTests.Number(c.GetProperty("mean" + key))], [mean], Relative, 0);
        }

        Tensor weighted = Losses.Ctc(z.LogSoftmax(), targets, inputs, lengths, blank, Reduction.None, zeroInfinity: true) * MostPrecise([1, -0.5, 2], [3]);
        weighted.Sum().Backward();
        Close.AssertAll("gradient", Values(c.GetProperty("gradient")), z.Grad!.ToArray<double>(), 10 * Relative, Device.HasFloat64 ? 1e-13 : 2e-6);
    }

    [Test]
    public void Ctc_IsTheSumOverAllReadings()
    {
        // Three steps of three classes: all 27 readings, without repeats and then without blanks.
        Tensor log = MostPrecise([0.3, -1, 0.2, 0.5, 0.1, -0.4, -0.2, 0.7, 0.9], [3, 1, 3]).LogSoftmax();
        double[] p = [.. log.ToArray<double>().Select(Math.Exp)];
        foreach (long[] target in (long[][])[[1], [2], [1, 2], [1, 1], [2, 1], [1, 2, 1]])
        {
            double sum = 0;
            for (int reading = 0; reading < 27; reading++)
            {
                int[] classes = [reading / 9, reading / 3 % 3, reading % 3];
                long[] labels = [.. classes.Where((k, i) => k != 0 && (i == 0 || classes[i - 1] != k)).Select(static k => (long)k)];
                sum += labels.SequenceEqual(target) ? p[classes[0]] * p[3 + classes[1]] * p[6 + classes[2]] : 0;
            }

            double loss = Losses.Ctc(log, Tensor.From<long>(target, [1, target.Length], Device), Whole(3), Whole(target.Length), reduction: Reduction.Sum).Item();
            Assert.That(loss, Is.EqualTo(-Math.Log(sum)).Within(Device.HasFloat64 ? 1e-12 : 1e-5), string.Join(' ', target));
        }
    }

    [Test]
    public void Ctc_OfLogProbabilities_HasTheirGradient()
    {
        if (!IsFast)
        {
            Assert.Ignore("differences are taken where that is fast");
        }

        Tensor targets = Tensor.From<long>([1, 2, 2, 3, 3, 0], [2, 3], Device), inputs = Tensor.From<long>([5, 4], Device), lengths = Tensor.From<long>([3, 2], Device);
        Random random = new(3);
        Tensor log = MostPrecise([.. Enumerable.Range(0, 40).Select(_ => (random.NextDouble() * 3) - 2)], [5, 2, 4]);
        GradientCheck.First(x => Losses.Ctc(x[0], targets, inputs, lengths, reduction: Reduction.None), [log.WithGrad()]);
    }

    [Test]
    public void Ctc_OtherForms_AreTheSame()
    {
        Tensor log = MostPrecise([.. Enumerable.Range(0, 40).Select(static i => Math.Sin(i * 1.7))], [5, 2, 4]).LogSoftmax();
        Tensor inputs = Tensor.From<long>([5, 5], Device), lengths = Tensor.From<long>([3, 1], Device);
        double[] expected = Losses.Ctc(log, Tensor.From<long>([1, 2, 2, 3, -7, 99], [2, 3], Device), inputs, lengths, reduction: Reduction.None).ToArray<double>();
        Assert.Multiple(() =>
        {
            Assert.That(Losses.Ctc(log, Tensor.From<int>([1, 2, 2, 3], Device), inputs, lengths, reduction: Reduction.None).ToArray<double>(), Is.EqualTo(expected), "one after another");
            Tensor single = log.Select(1, 0);
            Tensor one = Losses.Ctc(single, Tensor.From<long>([1, 2, 2], Device), Whole(5).Squeeze(0), Whole(3).Squeeze(0), reduction: Reduction.None);
            Assert.That(one.Shape, Is.EqualTo(Shape.Scalar));
            Assert.That(one.Item(), Is.EqualTo(expected[0]).Within(1e-6), "one sequence");
            Tensor none = Losses.Ctc(log, Tensor.From<long>([1, 2, 2, 3, 0, 0], [2, 3], Device), Tensor.From<long>([0, 0], Device), Tensor.From<long>([0, 1], Device), reduction: Reduction.None);
            Assert.That(none.ToArray<double>(), Is.EqualTo([0, double.PositiveInfinity]), "no steps read nothing, and nothing else");
        });
    }

    [Test]
    public void Ctc_SecondDerivative_IsRefused()
    {
        Tensor x = MostPrecise([-1, -2, -0.5, -1], [2, 1, 2]).WithGrad();
        Tensor loss = Losses.Ctc(x, Tensor.From<long>([1], [1, 1], Device), Whole(2), Whole(1));
        Assert.That(() => Autograd.Grad([loss], [x], createGraph: true), Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains("second derivative"));
    }

    [Test]
    public void Ctc_WrongInputs_AreNamed()
    {
        Tensor x = MostPrecise(new double[12], [3, 1, 4]), one = Whole(1);
        Assert.Multiple(() =>
        {
            Assert.That(() => Losses.Ctc(x, Tensor.From<long>([1], [1, 1], Device), Whole(3), one, blank: 4), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Losses.Ctc(x, Tensor.From<long>([1, 2], [2, 1], Device), Whole(3), one), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[1, S]"));
            Assert.That(() => Losses.Ctc(x, Tensor.From<long>([1], [1, 1], Device), Tensor.From<long>([3, 3], Device), one), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Losses.Ctc(x, Tensor.From<float>([1], [1, 1], Device), Whole(3), one), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(() => Losses.Ctc(x, Tensor.From<long>([1, 2], Device), Whole(3), one), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("add up to 1"));
            if (Device is HostDevice)
            {
                Assert.That(() => Losses.Ctc(x, Tensor.From<long>([4], [1, 1], Device), Whole(3), one), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("blank"));
                Assert.That(() => Losses.Ctc(x, Tensor.From<long>([1], [1, 1], Device), Whole(4), one), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("[0, 3]"));
            }
        });
    }

    private static double[] Values(JsonElement tensor) => [.. tensor.GetProperty("values").EnumerateArray().Select(LossGoldenTests.Number)];

    private Tensor Whole(long value) => Tensor.From<long>([value], Device);

    private Tensor Lengths(JsonElement c, string name) => Tensor.From<long>([.. c.GetProperty(name).EnumerateArray().Select(static e => e.GetInt64())], Device);
}
