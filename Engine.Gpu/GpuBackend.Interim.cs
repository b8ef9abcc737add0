namespace Engine.Gpu;

internal sealed partial class GpuBackend
{
    public override void ConvForward(in ConvArgs args) => throw Missing(nameof(ConvForward));

    public override void ConvBackwardData(in ConvArgs args) => throw Missing(nameof(ConvBackwardData));

    public override void ConvBackwardWeight(in ConvArgs args) => throw Missing(nameof(ConvBackwardWeight));

    public override void Gather(in Operand x, in Operand index, in Operand y, int axis) => throw Missing(nameof(Gather));

    public override void ScatterAdd(in Operand destination, in Operand index, in Operand source, int axis) => throw Missing(nameof(ScatterAdd));

    private OperationNotSupportedException Missing(string operation) => new($"{operation}: {_device} has no kernel.");
}
