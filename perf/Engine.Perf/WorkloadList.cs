using Engine.Nn;

namespace Engine.Perf;

/// <summary>Every workload, in the order of the peer's script.</summary>
internal static class WorkloadList
{
    public static IEnumerable<Workload> For(Device device, bool captured, TrainingPrecision precision) =>
        [.. MatrixWorkloads.All(device), .. ConvWorkloads.All(), .. LayerWorkloads.All(), .. SequenceWorkloads.All(), .. ElementwiseWorkloads.All(), .. LoaderWorkloads.All(), .. NetworkWorkloads.All(device, captured, precision)];
}
