namespace Engine.Gpu.Tests;

/// <summary>Convolutions with the same stride, padding and dilation in both directions.</summary>
internal static class Geometries
{
    public static ConvGeometry Of(
        int batch, int inChannels, int height, int width, int outChannels, int kernelHeight, int kernelWidth, int stride = 1, int pad = 0, int dilation = 1, int groups = 1) => new()
        {
            Batch = batch,
            InChannels = inChannels,
            InHeight = height,
            InWidth = width,
            OutChannels = outChannels,
            OutHeight = ((height + (2 * pad) - (dilation * (kernelHeight - 1)) - 1) / stride) + 1,
            OutWidth = ((width + (2 * pad) - (dilation * (kernelWidth - 1)) - 1) / stride) + 1,
            KernelHeight = kernelHeight,
            KernelWidth = kernelWidth,
            StrideH = stride,
            StrideW = stride,
            PadH = pad,
            PadW = pad,
            DilationH = dilation,
            DilationW = dilation,
            Groups = groups,
        };
}
