namespace TourSample;

/// <summary>The programs in the order of a course.</summary>
internal static class TourList
{
    public static IReadOnlyList<TourProgram> All { get; } =
    [
        // Optimisation of plain functions

        // Normalisation and what goes wrong in deep networks

        // Architectures
        new ResidualBlocks(),
        new DenseNetworks(),
        new DenseOrConvolution(),

        // Generalisation

        // Schedules, losses
        new LearningRateDecay(),
        new AdamThenSgd(),

        // Hyper-parameters

        // The graph
    ];

    /// <summary>The program of that name; null if there is none.</summary>
    public static TourProgram? Find(string name) => All.FirstOrDefault(program => program.Name == name);
}
