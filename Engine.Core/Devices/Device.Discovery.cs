namespace Engine;

public abstract partial class Device
{
    /// <summary>
    /// Every device that was found, best first: those of registered backends, CUDA, OpenCL, the CPU, then processors that OpenCL or another backend
    /// offers.
    /// </summary>
    public static IReadOnlyList<Device> All => DeviceRegistry.Shared.All;

    /// <summary>
    /// Where tensors and modules are made when no device is named; at first the best device. Set it once, when the application starts.
    /// </summary>
    public static Device Default
    {
        get => DeviceRegistry.Shared.Default;
        set => DeviceRegistry.Shared.Default = value;
    }

    /// <summary>The CPU.</summary>
    public static Device Cpu => Get("cpu");

    /// <summary>The attempts to find devices.</summary>
    public static DeviceReport Probe() => DeviceRegistry.Shared.Report;

    /// <summary>The best device that was found.</summary>
    /// <exception cref="DeviceUnavailableException">No backend is referenced at all.</exception>
    public static Device Best() => DeviceRegistry.Shared.Best();

    /// <summary>A device by name: <c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>, <c>opencl:0</c>, or that of a registered backend.</summary>
    /// <exception cref="DeviceUnavailableException">It is not there; the message lists the attempts.</exception>
    public static Device Get(string name) => DeviceRegistry.Shared.Get(name);

    /// <summary>Adds a backend that is not part of the engine; its devices come first. Call it before devices are first used.</summary>
    public static void Register(DeviceProvider provider) => DeviceRegistry.Shared.Register(provider);
}
