namespace Engine.Hosting;

/// <summary>The device that all models of a host compute on.</summary>
public sealed class EngineOptions
{
    /// <summary>The device's name, <c>cpu</c>, <c>cuda:0</c> or <c>opencl:1</c>; <c>auto</c> for the best that there is (<see cref="Engine.Device.Best"/>).</summary>
    public string Device { get; set; } = "auto";

    /// <summary>How many threads a device with threads computes with; its own default where null.</summary>
    public int? Threads { get; set; }

    /// <summary>The most bytes of device memory that tensors and kept blocks may take; no limit beside the device's where null.</summary>
    public long? MemoryLimit { get; set; }
}
