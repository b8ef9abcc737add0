namespace Engine.Nn;

/// <summary>The shortcut of residual blocks (He et al. 2016, option B).</summary>
internal static class ResidualShortcut
{
    /// <summary>A 1×1 convolution and batch normalisation where stride or channels change; null where x fits as it is.</summary>
    public static Sequential? Of(int inChannels, int outChannels, int stride, Generator? generator) => stride == 1 && inChannels == outChannels
        ? null
        : new Sequential(new Conv2d(inChannels, outChannels, 1, stride, bias: false, generator: generator), new BatchNorm2d(outChannels));
}
