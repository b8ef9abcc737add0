using NUnit.Framework;

namespace Engine.Tests.Comparison;

/// <summary>Comparison of many numbers at once, with a message that names the worst.</summary>
internal static class Close
{
    /// <summary>Asserts |a − b| ≤ absolute + relative·|b| for every element; NaN equals NaN, infinities must have the same sign.</summary>
    public static void AssertAll(string what, Shape expectedShape, ReadOnlySpan<double> expected, Tensor actual, double relative, double absolute)
    {
        Assert.That(actual.Shape, Is.EqualTo(expectedShape), $"{what}: the shape");
        AssertAll(what, expected, actual.ToArray<double>(), relative, absolute);
    }

    /// <inheritdoc cref="AssertAll(string, Shape, ReadOnlySpan{double}, Tensor, double, double)"/>
    public static void AssertAll(string what, Tensor expected, Tensor actual, double relative, double absolute) =>
        AssertAll(what, expected.Shape, expected.ToArray<double>(), actual, relative, absolute);

    /// <inheritdoc cref="AssertAll(string, Shape, ReadOnlySpan{double}, Tensor, double, double)"/>
    public static void AssertAll(string what, ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double relative, double absolute)
    {
        Assert.That(actual.Length, Is.EqualTo(expected.Length), $"{what}: the number of elements");
        int worst = -1, failed = 0;
        double worstExcess = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            double excess = Excess(actual[i], expected[i], relative, absolute);
            failed += excess > 0 ? 1 : 0;
            if (excess > worstExcess)
            {
                (worst, worstExcess) = (i, excess);
            }
        }

        if (worst >= 0)
        {
            Assert.Fail(
                $"{what}: {failed} of {actual.Length} elements differ by more than {absolute} + {relative}·|expected|; the worst is element {worst}: {actual[worst]:R} instead of {expected[worst]:R}.");
        }
    }

    /// <summary>By how much a number misses its bound; 0 or less is a hit.</summary>
    private static double Excess(double actual, double expected, double relative, double absolute)
    {
        if (actual.Equals(expected) || actual == expected)
        {
            return 0;
        }
        if (!double.IsFinite(actual) || !double.IsFinite(expected))
        {
            return double.PositiveInfinity;
        }
        return Math.Abs(actual - expected) - (absolute + (relative * Math.Abs(expected)));
    }
}
