using System.Diagnostics;

namespace Engine.Gpu;

/// <summary>
/// Turns a failed check of ILGPU into an exception while the calling thread runs a kernel. Views check their indices by
/// <see cref="Trace.Assert(bool, string)"/>, and the listener that every process starts with ends the process; where there is no listener
/// at all, the write past the view happens.
/// </summary>
/// <remarks>
/// The listener is the first one. It throws out of the failing check, so that the other listeners do not get it. Outside of kernels it throws
/// for the checks of ILGPU's views only: a part that leads out of a view is a wrong argument like any other. The host's own assertions reach
/// its listeners unchanged.
/// </remarks>
internal sealed class KernelAssertions : TraceListener
{
    private static readonly KernelAssertions s_listener = new();
    private static readonly Lock s_installing = new();

    /// <summary>The messages of ILGPU's views about wrong indices, extents and strides.</summary>
    private static readonly HashSet<string> s_checksOfViews =
    [
        "Index out of range", "Length out of range", "Offset out of range", "Offset out of bounds", "Index out of bounds", "Sub view out of range", "32-bit index out of range",
        "Extent out of bounds", "Extent out of range", "Invalid extent", "Invalid base view", "X index out of bounds", "Y index out of bounds", "Z index out of bounds",
        "Index/Extent X out of bounds", "Index/Extent Y out of bounds", "Index/Extent Z out of bounds", "stride out of range", "xStride out of range", "yStride out of range", "zStride out of range",
    ];

    private static volatile bool s_isArmed;

    [ThreadStatic] private static string? t_kernel;

    private KernelAssertions()
    {
        // This listener ignores the traces of the host, which then need not be formatted for it.
        Filter = new EventTypeFilter(SourceLevels.Off);
    }

    /// <summary>Throwing is all it does, so the trace need not serialise its threads.</summary>
    public override bool IsThreadSafe => true;

    /// <summary>Puts the listener in front unless it is there. Hosts clear and rearrange listeners, so each launch looks.</summary>
    public static void Arm()
    {
        if (IsInFront())
        {
            return;
        }

        using (Uninterrupted.Hold(s_installing))
        {
            if (!IsInFront())
            {
                Install();
            }
        }
    }

    /// <summary>As <see cref="Arm"/>, of which views remind once: they are made all the time.</summary>
    public static void ArmOnce()
    {
        if (!s_isArmed)
        {
            Arm();
            s_isArmed = true;
        }
    }

    /// <summary>Says that the calling thread runs a kernel until the result is disposed.</summary>
    public static Scope Enter(string kernel)
    {
        t_kernel = kernel;
        return default;
    }

    /// <summary>Throws where a kernel launches another one, which no card can do.</summary>
    /// <exception cref="InvalidOperationException">The calling thread runs a kernel.</exception>
    public static void ThrowIfInsideKernel(string kernel)
    {
        if (t_kernel is { } outer)
        {
            throw new InvalidOperationException($"Kernel {outer} launches kernel {kernel}; a kernel runs without launching others. Launch both from the host, or call the method.");
        }
    }

    /// <inheritdoc/>
    public override void Fail(string? message) => Fail(message, null);

    /// <inheritdoc/>
    public override void Fail(string? message, string? detailMessage)
    {
        if (t_kernel is not null)
        {
            throw new InvalidOperationException(Describe(message, detailMessage));
        }

        if (message is not null && string.IsNullOrEmpty(detailMessage) && s_checksOfViews.Contains(message))
        {
            throw new ArgumentOutOfRangeException(null, $"A view: {Describe(message, detailMessage)}");
        }
    }

    /// <inheritdoc/>
    public override void Write(string? message)
    {
    }

    /// <inheritdoc/>
    public override void WriteLine(string? message)
    {
    }

    private static string Describe(string? message, string? detail)
    {
        string text = string.Join(' ', ((string?[])[message, detail]).Where(x => !string.IsNullOrWhiteSpace(x)).Select(x => x!.Trim().TrimEnd('.')));
        bool isIndex = text.Contains("out of range", StringComparison.OrdinalIgnoreCase) || text.Contains("out of bounds", StringComparison.OrdinalIgnoreCase);
        string advice = isIndex ? " A view has the indices 0 to its length - 1; compare the index with view.Length before it is used."
            : text.Contains("from an ILGPU kernel", StringComparison.Ordinal) ? " Group, Grid, Warp and SharedMemory are for kernels that are launched in groups; this one runs over an extent."
            : "";
        return (text.Length == 0 ? "An assertion failed." : $"{text}.") + advice;
    }

    private static bool IsInFront()
    {
        try
        {
            TraceListenerCollection listeners = Trace.Listeners;
            return listeners.Count > 0 && ReferenceEquals(listeners[0], s_listener);
        }
        catch (ArgumentOutOfRangeException)
        {
            // The host cleared the list between the two looks.
            return false;
        }
    }

    private static void Install()
    {
        TraceListenerCollection listeners = Trace.Listeners;

        // In front first, then out of its old place: kernels of other threads are never without it.
        listeners.Insert(0, s_listener);
        for (int i = listeners.Count - 1; i > 0; i--)
        {
            try
            {
                if (ReferenceEquals(listeners[i], s_listener))
                {
                    listeners.RemoveAt(i);
                }
            }
            catch (ArgumentOutOfRangeException)
            {
                // The host shortened the list meanwhile; the remaining listeners have lower indices.
            }
        }
    }

    /// <summary>The time in which the thread runs a kernel.</summary>
    public readonly ref struct Scope : IDisposable
    {
        /// <summary>Ends it.</summary>
        public void Dispose() => t_kernel = null;
    }
}
