using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Engine.Data.Tables;

/// <summary>How many numbers there are, their mean and their standard deviation (of the population), found in one pass over memory.</summary>
/// <param name="Count">The numbers that are not missing.</param>
/// <param name="Mean">Their mean; 0 where there is none.</param>
/// <param name="Std">Their standard deviation.</param>
/// <remarks>
/// Blocks that stay in the nearest cache are summed twice, for the mean and for the squared distances from it, and put together by Chan's formula (Chan, Golub,
/// LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979). Sums always have eight lanes, whatever the machine has, so that
/// the numbers that are saved with a model have the same bits on all.
/// </remarks>
internal readonly record struct NumberStatistics(long Count, double Mean, double Std)
{
    private const int BlockLength = 1024;

    /// <summary>The statistics of numbers of which some are NaN; an infinity among them makes mean and deviation NaN or infinite.</summary>
    public static NumberStatistics Of(ReadOnlySpan<double> values)
    {
        if (AreEqual(values, out long equal, out double value))
        {
            // Sums would round, and leave a deviation that is not there.
            return new NumberStatistics(equal, value, 0);
        }

        long count = 0;
        double mean = 0, squares = 0;
        for (int at = 0; at < values.Length; at += BlockLength)
        {
            ReadOnlySpan<double> block = values.Slice(at, Math.Min(BlockLength, values.Length - at));
            (long more, double sum) = Sum(block);
            if (more == 0)
            {
                continue;
            }

            double blockMean = sum / more, distance = blockMean - mean;
            squares += SquaresAround(block, blockMean) + (distance * distance * ((double)count * more / (count + more)));
            mean += distance * ((double)more / (count + more));
            count += more;
        }

        return new NumberStatistics(count, mean, Math.Sqrt(squares / count));
    }

    /// <summary>Whether all numbers that are not missing are one and the same, or there is none. Of most columns the first two say it.</summary>
    private static bool AreEqual(ReadOnlySpan<double> values, out long count, out double value)
    {
        (count, value) = (0, 0);
        foreach (double next in values)
        {
            if (double.IsNaN(next))
            {
                continue;
            }

            if (count++ == 0)
            {
                value = next;
            }
            else if (next != value)
            {
                return false;
            }
        }

        return !double.IsInfinity(value);
    }

    private static (long Count, double Sum) Sum(ReadOnlySpan<double> block)
    {
        Vector512<double> sums = Vector512<double>.Zero, counts = Vector512<double>.Zero;
        ReadOnlySpan<Vector512<double>> whole = MemoryMarshal.Cast<double, Vector512<double>>(block);
        foreach (Vector512<double> values in whole)
        {
            Vector512<double> isNumber = Vector512.Equals(values, values);
            sums += values & isNumber;
            counts += Vector512<double>.One & isNumber;
        }

        double sum = Vector512.Sum(sums), count = Vector512.Sum(counts);
        foreach (double value in block[(whole.Length * Vector512<double>.Count)..])
        {
            if (!double.IsNaN(value))
            {
                sum += value;
                count++;
            }
        }

        return ((long)count, sum);
    }

    private static double SquaresAround(ReadOnlySpan<double> block, double mean)
    {
        Vector512<double> sums = Vector512<double>.Zero;
        ReadOnlySpan<Vector512<double>> whole = MemoryMarshal.Cast<double, Vector512<double>>(block);
        foreach (Vector512<double> values in whole)
        {
            Vector512<double> distances = (values - Vector512.Create(mean)) & Vector512.Equals(values, values);
            sums += distances * distances;
        }

        double sum = Vector512.Sum(sums);
        foreach (double value in block[(whole.Length * Vector512<double>.Count)..])
        {
            if (!double.IsNaN(value))
            {
                sum += (value - mean) * (value - mean);
            }
        }

        return sum;
    }
}
