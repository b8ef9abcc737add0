using Microsoft.Extensions.Options;

namespace Engine.Hosting;

/// <summary>The device of the options, found when it is first asked for.</summary>
internal sealed class EngineDevice(IOptions<EngineOptions> options)
{
    private readonly Lazy<Device> _device = new(() => Find(options.Value));

    /// <summary>The device.</summary>
    /// <exception cref="DeviceUnavailableException">There is none of this name.</exception>
    public Device Value => _device.Value;

    /// <summary>The device if somebody has asked for it; reading a meter finds none.</summary>
    public Device? Known => _device.IsValueCreated ? _device.Value : null;

    private static Device Find(EngineOptions options)
    {
        Device device = string.Equals(options.Device, "auto", StringComparison.OrdinalIgnoreCase) ? Device.Best() : Device.Get(options.Device);
        if (options.Threads is { } threads)
        {
            device.Threads = threads;
        }

        if (options.MemoryLimit is { } limit)
        {
            device.Pool.Limit = limit;
        }

        return device;
    }
}
