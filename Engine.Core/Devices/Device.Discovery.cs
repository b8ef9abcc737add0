using System.Diagnostics.CodeAnalysis;

namespace Engine;

public abstract partial class Device
{
    private static readonly Lock s_discovery = new();
    private static readonly List<DeviceProvider> s_extraProviders = [];
    private static DeviceReport? s_report;
    private static Device[]? s_all;
    private static volatile Device? s_default;

    /// <summary>Every device that was found, best first: CUDA, then OpenCL, then the CPU, then processors that OpenCL offers.</summary>
    public static IReadOnlyList<Device> All
    {
        get
        {
            EnsureDiscovered();
            return s_all;
        }
    }

    /// <summary>
    /// Where tensors and modules are made when no device is named; at first the best device. Set it once, when the application starts.
    /// </summary>
    public static Device Default
    {
        get => s_default ?? SetBestAsDefault();
        set => s_default = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The CPU.</summary>
    public static Device Cpu => Get("cpu");

    /// <summary>What was tried to find devices.</summary>
    public static DeviceReport Probe()
    {
        EnsureDiscovered();
        return s_report;
    }

    /// <summary>The best device that was found.</summary>
    /// <exception cref="DeviceUnavailableException">No backend is referenced at all.</exception>
    public static Device Best()
    {
        EnsureDiscovered();
        return s_all.Length > 0
            ? s_all[0]
            : throw new DeviceUnavailableException($"No device was found. Reference Engine.Cpu or Engine.Gpu.\n{s_report}", s_report);
    }

    /// <summary>A device by name: <c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>, <c>opencl:0</c>.</summary>
    /// <exception cref="DeviceUnavailableException">It is not there; the message tells what was tried.</exception>
    public static Device Get(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Equals("auto", StringComparison.OrdinalIgnoreCase))
        {
            return Best();
        }

        EnsureDiscovered();
        foreach (Device device in s_all)
        {
            if (device.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || device.Name.Equals(name + ":0", StringComparison.OrdinalIgnoreCase))
            {
                return device;
            }
        }

        string found = s_all.Length == 0 ? "none" : string.Join(", ", s_all.Select(static d => d.Name));
        throw new DeviceUnavailableException($"There is no device '{name}'. Found: {found}. What was tried:\n{s_report}", s_report);
    }

    /// <summary>Adds a backend that is not part of the engine. Call it before devices are first used.</summary>
    public static void Register(DeviceProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        lock (s_discovery)
        {
            s_extraProviders.Add(provider);
            s_all = null;
        }
    }

    private static Device SetBestAsDefault() => s_default = Best();

    private static bool IsForeignProcessor(Device device) => device.IsProcessor && device.Kind != DeviceKind.Cpu;

    [MemberNotNull(nameof(s_all), nameof(s_report))]
    private static void EnsureDiscovered()
    {
        Device[]? all = Volatile.Read(ref s_all);
        if (all is not null && s_report is not null)
        {
            s_all = all;
            return;
        }

        lock (s_discovery)
        {
            if (s_all is null || s_report is null)
            {
                List<ProbeEntry> entries = [];
                List<Device> devices = [];
                List<DeviceProvider?> providers = [.. s_extraProviders, Load(GpuProvider(), "Engine.Gpu", entries), Load(CpuProvider(), "Engine.Cpu", entries)];
                foreach (DeviceProvider? provider in providers)
                {
                    if (provider is not null)
                    {
                        devices.AddRange(provider.Discover(entries));
                    }
                }

                s_report = new DeviceReport(entries);
                s_all = [.. devices.Where(static d => !IsForeignProcessor(d)), .. devices.Where(IsForeignProcessor)];
            }
        }
    }

    // Literal type names: the trimmer and the AOT compiler see through them, so a referenced backend is kept and an absent one costs nothing.
    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)]
    private static Type? CpuProvider() => Type.GetType("Engine.Cpu.CpuDeviceProvider, Engine.Cpu");

    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)]
    private static Type? GpuProvider() => Type.GetType("Engine.Gpu.GpuDeviceProvider, Engine.Gpu");

    private static DeviceProvider? Load([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] Type? type, string assembly, List<ProbeEntry> entries)
    {
        if (type is null)
        {
            entries.Add(new ProbeEntry(assembly, "assembly", false, $"the application does not reference {assembly}"));
            return null;
        }

        return (DeviceProvider?)Activator.CreateInstance(type);
    }
}
