namespace Engine.Backends;

/// <summary>Decisions that backends share about sums at indices: the scatter-add of gradients.</summary>
public static class Scattering
{
    /// <summary>So many terms at one index cost a float32 sum 3 to 4 of its 7 digits at the worst; 2²⁴ equal ones would not change it any more.</summary>
    private const int ManyTerms = 1 << 16;

    /// <summary>
    /// Whether so many terms may meet at one index that float32 sums need more digits than they have. Where there are about as many terms as
    /// indices, those digits cost no more than the sums themselves.
    /// </summary>
    /// <param name="terms">How many terms there are.</param>
    /// <param name="size">How many indices there are.</param>
    public static bool MeetsOften(int terms, int size) => terms > ManyTerms || terms >= size / 2;

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
