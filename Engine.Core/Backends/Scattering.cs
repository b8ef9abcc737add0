namespace Engine.Backends;

/// <summary>Decisions that backends share about sums at indexed places.</summary>
internal static class Scattering
{
    /// <summary>So many terms in one place cost a float32 sum 3 to 4 of its 7 digits at the worst; 2²⁴ equal ones would not change it any more.</summary>
    private const int ManyTerms = 1 << 16;

    /// <summary>
    /// Whether so many terms may meet in a place that float32 sums need more digits than they have. Where there are about as many terms as
    /// places, those digits cost no more than the sums themselves.
    /// </summary>
    public static bool MeetsOften(int terms, int places) => terms > ManyTerms || terms >= places / 2;

    /// <summary>The longest axis other than the indexed one, and half its size; null where there is nothing to halve.</summary>
    public static (int Axis, int Size)? Halve(Shape shape, int indexed)
    {
        int longest = -1;
        for (int i = 0; i < shape.Rank; i++)
        {
            longest = i != indexed && shape[i] > 1 && (longest < 0 || shape[i] > shape[longest]) ? i : longest;
        }

        return longest < 0 ? null : (longest, shape[longest] / 2);
    }
}
