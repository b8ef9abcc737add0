namespace Engine.Gpu;

internal sealed partial class GpuBackend
{
    public override void ConvForward(in ConvArgs args) => throw Missing(nameof(ConvForward));

    public override void ConvBackwardData(in ConvArgs args) => throw Missing(nameof(ConvBackwardData));

    public override void ConvBackwardWeight(in ConvArgs args) => throw Missing(nameof(ConvBackwardWeight));

    private OperationNotSupportedException Missing(string operation) => new($"{operation}: {_device} has no kernel.");
}
