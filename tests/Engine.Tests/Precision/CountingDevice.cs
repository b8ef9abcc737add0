using Engine.Tests.Reference;

namespace Engine.Tests.Precision;

/// <summary>The reference, counting how often elements are converted to a half type.</summary>
internal sealed class CountingDevice() : HostDevice("counting")
{
    private readonly CountingBackend _backend = new();

    public override string Description => "plain loops that count";

    public override Backend Backend => _backend;

    public int Conversions => _backend.Conversions;

    private sealed class CountingBackend : ReferenceBackend
    {
        public int Conversions { get; private set; }

        protected override void MapCore(in MapArgs args)
        {
            Conversions += args.Program.Equals(Programs.Copy) && args.Outputs[0].DType.IsHalf() && !args.Inputs[0].DType.IsHalf() ? 1 : 0;
            base.MapCore(args);
        }
    }
}
