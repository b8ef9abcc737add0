namespace Engine.Nn;

/// <summary>Chooses some of many points.</summary>
internal static class Decimation
{
    /// <summary>The indices of at most <paramref name="most"/> of <paramref name="count"/> points, evenly, the first and the last among them.</summary>
    public static int[] Even(int count, int most)
    {
        if (count <= most)
        {
            return [.. Enumerable.Range(0, count)];
        }

        return [.. Enumerable.Range(0, most).Select(i => (int)((long)i * (count - 1) / (most - 1)))];
    }

    /// <summary>
    /// The indices of about <paramref name="most"/> points: the first, the last, and of each stretch of equal length the least and the greatest
    /// value, in their order, so that a line through them covers the same area as a line through all. A stretch with values that are not finite keeps one of them: the gap stays.
    /// </summary>
    public static int[] Envelope(ReadOnlySpan<double> values, int most)
    {
        if (values.Length <= most)
        {
            return [.. Enumerable.Range(0, values.Length)];
        }

        int stretches = most / 2;
        SortedSet<int> kept = [0, values.Length - 1];
        for (int s = 0; s < stretches; s++)
        {
            int begin = (int)((long)s * values.Length / stretches), end = (int)((long)(s + 1) * values.Length / stretches);
            (int least, int greatest, int gap) = (-1, -1, -1);
            for (int i = begin; i < end; i++)
            {
                if (!double.IsFinite(values[i]))
                {
                    gap = gap < 0 ? i : gap;
                    continue;
                }

                least = least < 0 || values[i] < values[least] ? i : least;
                greatest = greatest < 0 || values[i] > values[greatest] ? i : greatest;
            }

            foreach (int i in (ReadOnlySpan<int>)[least, greatest, gap])
            {
                if (i >= 0)
                {
                    kept.Add(i);
                }
            }
        }

        return [.. kept];
    }
}
