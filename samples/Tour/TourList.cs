using TourSample.Programs;

namespace TourSample;

/// <summary>The programs in the order of a course.</summary>
internal static class TourList
{
    public static IReadOnlyList<TourProgram> All { get; } =
    [
        // Optimisation of plain functions
        new GradientDescents(),
        new NewtonsMethods(),
        new BatchSizes(),
        new Momenta(),
        new ConstrainedProblems(),
        new SaddlePoints(),
        new ConvexFunctions(),

        // Normalisation and what goes wrong in deep networks
        new BatchNormalisation(), new VanishingGradients(), new Initialisations(), new Activations(),

        // Architectures
        new ResidualBlocks(),
        new DenseNetworks(),
        new DenseOrConvolution(),

        // Generalisation
        new Overfitting(),
        new Regularisation(),
        new DropoutReadings(),

        // Schedules, losses
        new CrossEntropies(),
        new LearningRateDecay(),
        new AdamThenSgd(),

        // Hyper-parameters
        new RandomSearches(),
        new Importances(),

        // The graph
        new ComputationGraphs(),
        new BackPropagation(),
    ];

    /// <summary>The program of that name; null if there is none.</summary>
    public static TourProgram? Find(string name) => All.FirstOrDefault(program => program.Name == name);
}
