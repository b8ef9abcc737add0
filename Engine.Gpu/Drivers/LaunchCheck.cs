using System.Runtime.CompilerServices;

namespace Engine.Gpu;

/// <summary>
/// Compares the arguments of launches with the parameters that the kernel declares: number, kind and element type. Both are lists by position
/// in different files, and a driver that gets a wrong one computes nonsense. On in debug builds, and where the switch
/// <see cref="SwitchName"/> (or <c>ENGINE_CHECK_LAUNCHES=1</c>) asks for it before the first launch.
/// </summary>
internal static class LaunchCheck
{
    /// <summary>The switch of <see cref="AppContext"/>.</summary>
    public const string SwitchName = "Engine.Gpu.CheckLaunches";

#if DEBUG
    private const bool IsOnByDefault = true;
#else
    private const bool IsOnByDefault = false;
#endif

    /// <summary>Whether launches are checked; read once, so that it costs nothing where it is off.</summary>
    public static readonly bool IsOn = AppContext.TryGetSwitch(SwitchName, out bool isOn)
        ? isOn
        : IsOnByDefault || Environment.GetEnvironmentVariable("ENGINE_CHECK_LAUNCHES") == "1";

    /// <summary>Throws where arguments do not fit the kernel, if launches are checked.</summary>
    /// <exception cref="InvalidOperationException">Another number of arguments, or one of another kind or element type.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Verify(KernelSource source, ReadOnlySpan<KernelArgument> arguments)
    {
        if (IsOn && source.Signature is { } signature)
        {
            Compare(source.Name, signature.Slots, arguments);
        }
    }

    private static void Compare(string kernel, ReadOnlySpan<ParameterSlot> slots, ReadOnlySpan<KernelArgument> arguments)
    {
        if (slots.Length != arguments.Length)
        {
            throw new InvalidOperationException($"{kernel} takes {slots.Length} arguments, the launch gives {arguments.Length}: {List(slots)}.");
        }

        for (int i = 0; i < slots.Length; i++)
        {
            ParameterSlot slot = slots[i];
            ref readonly KernelArgument argument = ref arguments[i];
            if (slot.Kind != argument.Kind)
            {
                throw new InvalidOperationException($"{kernel}: argument {i} is {slot}, the launch gives {Describe(argument)}: {List(slots)}.");
            }

            if (slot.Element is { } declared && argument.Element is { } element && element != declared && !ShareBytes(element, declared))
            {
                throw new InvalidOperationException($"{kernel}: argument {i} is {slot}, the launch gives {Describe(argument)}: {List(slots)}.");
            }
        }
    }

    // Truth values are bytes.
    private static bool ShareBytes(DType a, DType b) => a is DType.Bool or DType.UInt8 && b is DType.Bool or DType.UInt8;

    private static string Describe(in KernelArgument argument) => argument.Kind != ArgumentKind.Buffer ? $"{argument.Kind}"
        : argument.Element is { } element ? $"a {element.ShortName()} buffer"
        : "a buffer";

    private static string List(ReadOnlySpan<ParameterSlot> slots) => string.Join(", ", slots.ToArray());
}
