namespace TourSample;

/// <summary>A short program that shows one subject of the courses: it computes, prints what to notice and writes a report.</summary>
internal abstract class TourProgram
{
    /// <summary>What the command line calls it: "gradient-descent".</summary>
    public abstract string Name { get; }

    /// <summary>The subject in English, then in Chinese: "Gradient descent 梯度下降".</summary>
    public abstract string Subject { get; }

    /// <summary>Runs it; under a minute on two processors, under some seconds where <see cref="Tour.IsBrief"/>.</summary>
    public abstract void Run(Tour tour);
}
