namespace Engine.Backends;

/// <summary>The parameters of the cross-entropy's programs in <see cref="SoftmaxPrograms"/>, by number.</summary>
internal static class CrossEntropyParameters
{
    /// <summary>The class number that is skipped.</summary>
    public const int Ignored = 0;

    /// <summary>1 − s: what the target class has of the distribution besides <see cref="OnEach"/>.</summary>
    public const int OnTarget = 1;

    /// <summary>s/C: what each class has of the distribution.</summary>
    public const int OnEach = 2;

    private const int Count = 3;

    /// <summary>The values of a call.</summary>
    public static double[] Of(long ignoreIndex, double labelSmoothing, int classes)
    {
        double[] p = new double[Count];
        p[Ignored] = ignoreIndex;
        p[OnTarget] = 1 - labelSmoothing;
        p[OnEach] = labelSmoothing / classes;
        return p;
    }
}
