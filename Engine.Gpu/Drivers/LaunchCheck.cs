using System.Runtime.CompilerServices;

namespace Engine.Gpu;

/// <summary>
/// Compares the arguments of launches with the parameters that the kernel declares. Both are lists by position: a driver that gets a wrong list
/// computes nonsense, and CUDA's reads past the end of a short one.
/// </summary>
/// <remarks>
/// The number is compared at every launch. Kinds and element types are compared in debug builds, and where the switch <see cref="SwitchName"/> (or
/// <c>ENGINE_CHECK_LAUNCHES=1</c>) asks for it before the first launch: a look at each argument costs 3 % of a launch.
/// </remarks>
internal static class LaunchCheck
{
    /// <summary>The switch of <see cref="AppContext"/>.</summary>
    public const string SwitchName = "Engine.Gpu.CheckLaunches";

#if DEBUG
    private const bool IsOnByDefault = true;
#else
    private const bool IsOnByDefault = false;
#endif

    /// <summary>Whether kinds and element types are checked; read once, so that it costs nothing where it is off.</summary>
    public static readonly bool IsOn = AppContext.TryGetSwitch(SwitchName, out bool isOn)
        ? isOn
        : IsOnByDefault || Environment.GetEnvironmentVariable("ENGINE_CHECK_LAUNCHES") == "1";

    /// <summary>Throws where arguments do not fit the kernel.</summary>
    /// <exception cref="InvalidOperationException">Another number of arguments, or one of another kind or element type.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Verify(KernelSource source, ReadOnlySpan<KernelArgument> arguments)
    {
        if (source.Signature is not { } signature)
        {
            return;
        }

        if (signature.Slots.Length != arguments.Length)
        {
            RefuseNumber(source.Name, signature.Slots, arguments.Length);
        }

        if (IsOn)
        {
            CompareKinds(source.Name, signature.Slots, arguments);
        }
    }

    private static void RefuseNumber(string kernel, ReadOnlySpan<ParameterSlot> slots, int given) =>
        throw new InvalidOperationException($"{kernel} takes {slots.Length} arguments, the launch gives {given}: {List(slots)}.");

    private static void CompareKinds(string kernel, ReadOnlySpan<ParameterSlot> slots, ReadOnlySpan<KernelArgument> arguments)
    {
        for (int i = 0; i < slots.Length; i++)
        {
            if (slots[i].Kind != arguments[i].Kind || !HasElements(slots[i], arguments[i]))
            {
                throw new InvalidOperationException($"{kernel}: argument {i} is {slots[i]}, the launch gives {Describe(arguments[i])}: {List(slots)}.");
            }
        }
    }

    private static bool HasElements(in ParameterSlot slot, in KernelArgument argument) =>
        slot.Element is not { } declared || argument.Element is not { } element || element == declared || ShareBytes(element, declared);

    // Truth values are bytes.
    private static bool ShareBytes(DType a, DType b) => a is DType.Bool or DType.UInt8 && b is DType.Bool or DType.UInt8;

    private static string Describe(in KernelArgument argument) => argument.Kind != ArgumentKind.Buffer ? $"{argument.Kind}"
        : argument.Element is { } element ? $"a {element.ShortName()} buffer"
        : "a buffer";

    private static string List(ReadOnlySpan<ParameterSlot> slots) => string.Join(", ", slots.ToArray());
}
