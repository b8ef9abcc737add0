namespace Engine;

/// <summary>The family of a device, by its name: one of the engine's own, or that of a backend from elsewhere.</summary>
/// <remarks>
/// Kinds of one name are equal, in upper or lower case. <c>default(DeviceKind)</c> is no kind; no device can have it.
/// <code>
/// DeviceKind metal = new("metal");
/// bool isCard = device.Kind == DeviceKind.Cuda || device.Kind == metal;
/// </code>
/// </remarks>
public readonly record struct DeviceKind
{
    private readonly string? _name;

    /// <summary>Names a kind.</summary>
    /// <param name="name">A letter, then letters, digits, hyphens and underscores; not <c>auto</c>, which stands for the best device.</param>
    /// <exception cref="ArgumentException">The name has other characters, or is <c>auto</c>.</exception>
    public DeviceKind(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!IsName(name) || name.Equals(DeviceRegistry.Auto, StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"'{name}' is no name of a kind of devices. Take a letter, then letters, digits, hyphens or underscores, such as \"metal\"; \"auto\" stands for the best device.", nameof(name));
        }

        _name = name.ToLowerInvariant();
    }

    /// <summary>The processor.</summary>
    public static DeviceKind Cpu { get; } = new("cpu");

    /// <summary>An NVIDIA card through the CUDA driver.</summary>
    public static DeviceKind Cuda { get; } = new("cuda");

    /// <summary>Any card or processor through OpenCL.</summary>
    public static DeviceKind OpenCl { get; } = new("opencl");

    /// <summary>The name in lower case, such as <c>cuda</c>; empty for <c>default(DeviceKind)</c>.</summary>
    public string Name => _name ?? string.Empty;

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static bool IsName(string name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
            {
                return false;
            }
        }

        return char.IsAsciiLetter(name[0]);
    }
}
