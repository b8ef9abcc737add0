using NUnit.Framework;

namespace Engine.Tests;

/// <summary>The double-precision references, against values of 30 digits rounded to double.</summary>
internal sealed class SpecialFunctionsTests
{
    [TestCase(1e-10, 1.1283791670955126e-10, 9.999999999500001e-11, 1.00000000005e-10)]
    [TestCase(1e-05, 1.1283791670579e-05, 9.999950000333332e-06, 1.0000050000166668e-05)]
    [TestCase(0.01, 0.011283415555849618, 0.009950330853168083, 0.010050167084168058)]
    [TestCase(0.1, 0.1124629160182849, 0.09531017980432487, 0.10517091807564763)]
    [TestCase(0.3, 0.3286267594591274, 0.26236426446749106, 0.3498588075760031)]
    [TestCase(0.5, 0.5204998778130465, 0.4054651081081644, 0.6487212707001282)]
    [TestCase(0.9, 0.7969082124228322, 0.6418538861723948, 1.4596031111569496)]
    [TestCase(1, 0.8427007929497149, 0.6931471805599453, 1.7182818284590453)]
    [TestCase(1.5, 0.9661051464753108, 0.9162907318741551, 3.481689070338065)]
    [TestCase(2, 0.9953222650189527, 1.0986122886681098, 6.38905609893065)]
    [TestCase(2.3, 0.9988568234026434, 1.1939224684724346, 8.974182454814718)]
    [TestCase(2.49999, 0.9995930261991681, 1.2527601113484292, 11.182372136372988)]
    [TestCase(2.5, 0.999593047982555, 1.252762968495368, 11.182493960703473)]
    [TestCase(2.7, 0.9998656672600594, 1.308332819650179, 13.879731724872837)]
    [TestCase(3, 0.9999779095030014, 1.3862943611198906, 19.085536923187668)]
    [TestCase(3.5, 0.9999992569016276, 1.5040773967762742, 32.11545195869231)]
    [TestCase(4, 0.9999999845827421, 1.6094379124341003, 53.598150033144236)]
    [TestCase(5, 0.9999999999984626, 1.791759469228055, 147.4131591025766)]
    [TestCase(5.9, 0.9999999999999999, 1.9315214116032138, 364.0374678653289)]
    [TestCase(7, 1.0, 2.0794415416798357, 1095.6331584284585)]
    [TestCase(-1e-10, -1.1283791670955126e-10, -1.00000000005e-10, -9.999999999500001e-11)]
    [TestCase(-1e-05, -1.1283791670579e-05, -1.0000050000333337e-05, -9.999950000166666e-06)]
    [TestCase(-0.1, -0.1124629160182849, -0.10536051565782631, -0.09516258196404043)]
    [TestCase(-0.5, -0.5204998778130465, -0.6931471805599453, -0.3934693402873666)]
    [TestCase(-0.9, -0.7969082124228322, -2.302585092994046, -0.5934303402594009)]
    public void Functions_AreWithinFourUlps(double x, double erf, double log1p, double expm1)
    {
        AssertUlps(SpecialFunctions.Erf(x), erf, 4, "erf");
        AssertUlps(SpecialFunctions.Log1p(x), log1p, 4, "log1p");
        AssertUlps(SpecialFunctions.Expm1(x), expm1, 4, "expm1");
    }

    [TestCase(1e-300)]
    [TestCase(-0.0)]
    [TestCase(0.0)]
    public void TinyArguments_KeepTheirSignAndValue(double x)
    {
        Assert.That(BitConverter.DoubleToInt64Bits(SpecialFunctions.Log1p(x)), Is.EqualTo(BitConverter.DoubleToInt64Bits(x)));
        Assert.That(BitConverter.DoubleToInt64Bits(SpecialFunctions.Expm1(x)), Is.EqualTo(BitConverter.DoubleToInt64Bits(x)));
        Assert.That(double.IsNegative(SpecialFunctions.Erf(x)), Is.EqualTo(double.IsNegative(x)));
    }

    [Test]
    public void Erf_IsMonotoneAcrossTheSeam()
    {
        double previous = SpecialFunctions.Erf(2.49);
        for (double x = 2.4901; x < 2.51; x += 1e-4)
        {
            double y = SpecialFunctions.Erf(x);
            Assert.That(y, Is.GreaterThan(previous), $"at {x}");
            previous = y;
        }
    }

    [Test]
    public void Sigmoid_DoesNotOverflow()
    {
        Assert.That(SpecialFunctions.Sigmoid(-700), Is.EqualTo(Math.Exp(-700)).Within(1e-13).Percent);
        Assert.That(SpecialFunctions.Sigmoid(-1000), Is.Zero);
        Assert.That(SpecialFunctions.Sigmoid(1000), Is.EqualTo(1));
    }

    [TestCase(7, 2, 3, 1)]
    [TestCase(-7, 2, -4, 1)]
    [TestCase(7, -2, -4, -1)]
    [TestCase(-7, -2, 3, -1)]
    [TestCase(6, -3, -2, 0)]
    public void IntegerDivision_Floors(long a, long b, long quotient, long remainder)
    {
        Assert.That(SpecialFunctions.FloorDiv(a, b), Is.EqualTo(quotient));
        Assert.That(SpecialFunctions.Mod(a, b), Is.EqualTo(remainder));
        Assert.That(SpecialFunctions.FloorDiv((double)a, b), Is.EqualTo(quotient));
        Assert.That(SpecialFunctions.Mod((double)a, b), Is.EqualTo(remainder));
    }

    private static void AssertUlps(double actual, double expected, int ulps, string what)
    {
        double ulp = Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected);
        Assert.That(Math.Abs(actual - expected), Is.LessThanOrEqualTo(ulps * ulp), what);
    }
}
