namespace TorchSharpPeer;

/// <summary>Every workload of WORKLOADS.md.</summary>
internal static class WorkloadList
{
    public static IEnumerable<Workload> For(Options options)
    {
        Images images = new(options);
        return
        [
            .. MatrixWorkloads.All(),
            .. new ConvWorkloads(images).All(),
            .. new LayerWorkloads(images).All(),
            .. SequenceWorkloads.All(),
            .. ElementwiseWorkloads.All(),
            .. OptimizerWorkloads.All(),
            .. new NetworkWorkloads(images, keepsLoss: options.Check).All(),
            .. new BlockWorkloads(images).All(),
        ];
    }
}
