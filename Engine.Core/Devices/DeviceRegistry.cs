using System.Diagnostics.CodeAnalysis;

namespace Engine;

/// <summary>The devices that providers find, best first, and the one that is used when none is named. The process has one: <see cref="Shared"/>.</summary>
/// <param name="engineProviders">Makes the providers of the engine's own backends, the processor's apart; it writes into the report what cannot be made.</param>
/// <param name="processorProvider">The same for the processor.</param>
internal sealed class DeviceRegistry(
    Func<ICollection<ProbeEntry>, IEnumerable<DeviceProvider>> engineProviders, Func<ICollection<ProbeEntry>, DeviceProvider?>? processorProvider = null)
{
    /// <summary>The name that stands for the best device.</summary>
    public const string Auto = "auto";

    private readonly Lock _lock = new();
    private readonly List<DeviceProvider> _registered = [];
    private volatile Discovery? _discovery;
    private Discovery? _processor;                      // found once: a backend that is registered later does not change it
    private volatile Device? _default;

    /// <summary>The devices of this process.</summary>
    public static DeviceRegistry Shared { get; } = new(GpuProviders, static report => Load(CpuProvider(), "Engine.Cpu", report));

    /// <summary>Those of registered providers, in the order of their registration, then the engine's; last the processors that another kind than the CPU offers.</summary>
    public IReadOnlyList<Device> All => Discover().Devices;

    /// <summary>The attempts to find devices, and what these have found out about themselves since.</summary>
    public DeviceReport Report
    {
        get
        {
            (IReadOnlyList<Device> devices, DeviceReport report) = Discover();
            ProbeEntry[] findings = [.. devices.SelectMany(static device => device.Findings)];
            return findings.Length == 0 ? report : new DeviceReport([.. report.Entries, .. findings]);
        }
    }

    /// <summary>The device that is used when none is named: the best one until it is set.</summary>
    public Device Default
    {
        get => _default ?? (_default = Best());
        set => _default = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The first device.</summary>
    public Device Best()
    {
        (IReadOnlyList<Device> devices, DeviceReport report) = Discover();
        return devices.Count > 0
            ? devices[0]
            : throw new DeviceUnavailableException($"No device was found. Reference Engine.Cpu or Engine.Gpu.\n{report}", report);
    }

    /// <summary>The device of a name; a kind alone is its device number 0.</summary>
    public Device Get(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Equals(Auto, StringComparison.OrdinalIgnoreCase))
        {
            return Best();
        }

        if (name.Equals(DeviceKind.Cpu.Name, StringComparison.OrdinalIgnoreCase) && _discovery is null && ProcessorAlone() is { } processor)
        {
            return processor;
        }

        (IReadOnlyList<Device> devices, DeviceReport report) = Discover();
        if (Named(name, devices) is { } named)
        {
            return named;
        }

        string found = devices.Count == 0 ? "none" : string.Join(", ", devices.Select(static d => d.Name));
        throw new DeviceUnavailableException($"There is no device '{name}'. Found: {found}. What was tried:\n{report}", report);
    }

    /// <summary>Adds a provider; devices are looked for anew.</summary>
    public void Register(DeviceProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        lock (_lock)
        {
            _registered.Add(provider);
            _discovery = null;
        }
    }

    private static bool IsForeignProcessor(Device device) => device.IsProcessor && device.Kind != DeviceKind.Cpu;

    private static Device? Named(string name, IReadOnlyList<Device> devices)
    {
        foreach (Device device in devices)
        {
            if (device.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || device.Name.Equals(name + ":0", StringComparison.OrdinalIgnoreCase))
            {
                return device;
            }
        }

        return null;
    }

    private static IEnumerable<DeviceProvider> GpuProviders(ICollection<ProbeEntry> report) => Load(GpuProvider(), "Engine.Gpu", report) is { } provider ? [provider] : [];

    // Literal type names: the trimmer and the AOT compiler see through them, so a referenced backend is kept and an absent one costs nothing.
    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)]
    private static Type? CpuProvider() => Type.GetType("Engine.Cpu.CpuDeviceProvider, Engine.Cpu");

    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)]
    private static Type? GpuProvider() => Type.GetType("Engine.Gpu.GpuDeviceProvider, Engine.Gpu");

    private static DeviceProvider? Load(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] Type? type, string assembly, ICollection<ProbeEntry> report)
    {
        if (type is null)
        {
            report.Add(new ProbeEntry(assembly, "assembly", false, $"the application does not reference {assembly}"));
            return null;
        }

        return (DeviceProvider?)Activator.CreateInstance(type);
    }

    /// <summary>
    /// The processor without a look at anything else: to load the drivers of cards and to open their devices takes longer than a first training step. Null
    /// where a registered backend might have a device of that name.
    /// </summary>
    private Device? ProcessorAlone()
    {
        lock (_lock)
        {
            return _registered.Count == 0 ? Named(DeviceKind.Cpu.Name, DiscoverProcessor().Devices) : null;
        }
    }

    // Under the lock.
    private Discovery DiscoverProcessor()
    {
        if (_processor is { } known)
        {
            return known;
        }

        List<ProbeEntry> entries = [];
        Device[] devices = processorProvider?.Invoke(entries) is { } provider ? [.. provider.Discover(entries)] : [];
        return _processor = new Discovery(devices, new DeviceReport(entries));
    }

    private Discovery Discover()
    {
        if (_discovery is { } known)
        {
            return known;
        }

        lock (_lock)
        {
            if (_discovery is { } found)
            {
                return found;
            }

            List<ProbeEntry> entries = [];
            List<Device> devices = [];
            foreach (DeviceProvider provider in (DeviceProvider[])[.. _registered, .. engineProviders(entries)])
            {
                devices.AddRange(provider.Discover(entries));
            }

            (IReadOnlyList<Device> processors, DeviceReport attempts) = DiscoverProcessor();
            devices.AddRange(processors);
            entries.AddRange(attempts.Entries);

            Device[] ordered = [.. devices.Where(static d => !IsForeignProcessor(d)), .. devices.Where(IsForeignProcessor)];
            return _discovery = new Discovery(ordered, new DeviceReport(entries));
        }
    }

    private sealed record Discovery(IReadOnlyList<Device> Devices, DeviceReport Report);
}
