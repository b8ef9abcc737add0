using Engine.Nn;

namespace Engine.Perf;

/// <summary>Every workload, in the order of the peers'.</summary>
internal static class WorkloadList
{
    public static IEnumerable<Workload> For(Device device, bool captured, TrainingPrecision precision) =>
    [
        .. PeakWorkloads.All(device),
        .. MatrixWorkloads.All(device),
        .. ConvWorkloads.All(),
        .. LayerWorkloads.All(),
        .. SequenceWorkloads.All(device),
        .. ElementwiseWorkloads.All(),
        .. LoaderWorkloads.All(),
        .. OptimizerWorkloads.All(),
        .. NetworkWorkloads.All(device, captured, precision),
        .. device.Kind == DeviceKind.Cpu ? BlockWorkloads.All(device, captured, precision) : [],
    ];
}
