namespace Engine.Nn;

/// <summary>Chooses the values of each trial of a <see cref="Study"/>: <see cref="RandomSearch"/>, <see cref="GridSearch"/>, <see cref="TpeSearch"/>.</summary>
public abstract class SearchAlgorithm
{
    private protected SearchAlgorithm()
    {
    }

    /// <summary>How many different trials there are; null if there is no end of them.</summary>
    internal virtual int? Limit(SearchSpace space) => null;

    /// <summary>The coordinates of a new trial in the order of the space; NaN for those it does not have.</summary>
    /// <param name="space">The space.</param>
    /// <param name="number">The number of the trial. It replaces a source of random numbers, so that workers need not share one.</param>
    /// <param name="trials">Reads the other trials, those that run among them; not asked where they do not matter.</param>
    /// <param name="mode">Which way values get better.</param>
    internal abstract double[] Sample(SearchSpace space, int number, Func<IReadOnlyList<Trial>> trials, MonitorMode mode);
}
