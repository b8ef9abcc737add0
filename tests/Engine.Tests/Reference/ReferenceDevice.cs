namespace Engine.Tests.Reference;

/// <summary>A device whose kernels are plain loops: slow, complete, and what every other device is compared with.</summary>
internal sealed class ReferenceDevice() : HostDevice("reference")
{
    /// <summary>The one that tests share.</summary>
    public static ReferenceDevice Shared { get; } = new();

    public override string Description => "plain loops with double and 64-bit accumulators";

    public override Backend Backend { get; } = new ReferenceBackend();
}
