using ILGPU;

namespace Engine.Gpu;

/// <content>The launches, one for each number of arguments.</content>
public sealed partial class DeviceKernel
{
    /// <summary>Runs the kernel once for each index below <paramref name="extent"/>.</summary>
    /// <remarks>It is put into the device's stream, in order with the engine's own work, and not waited for; on the CPU it has ended on return.</remarks>
    /// <exception cref="ArgumentException">The arguments are not those of the method, or the extent has another number of dimensions than its index.</exception>
    /// <exception cref="ObjectDisposedException">An argument is a view of a tensor that was disposed.</exception>
    /// <exception cref="DeviceMismatchException">An argument is a view of memory of another device.</exception>
    /// <exception cref="KernelCompilationException">The method cannot be compiled for the device.</exception>
    /// <exception cref="KernelExecutionException">On the CPU: an index outside a view, or an exception of the method's own.</exception>
    public void Launch<T1>(KernelExtent extent, T1 argument1) => Run(extent, new KernelArguments<T1>(argument1));

    /// <summary>Runs a kernel that finds its place by its group: (groups, work-items of a group), as ILGPU's <see cref="KernelConfig"/> takes them.</summary>
    /// <remarks>It is put into the device's stream, in order with the engine's own work, and not waited for; on the CPU it has ended on return.</remarks>
    /// <exception cref="ArgumentException">The arguments are not those of the method, or the extent has another number of dimensions than its index.</exception>
    /// <exception cref="ObjectDisposedException">An argument is a view of a tensor that was disposed.</exception>
    /// <exception cref="DeviceMismatchException">An argument is a view of memory of another device.</exception>
    /// <exception cref="KernelCompilationException">The method cannot be compiled for the device.</exception>
    /// <exception cref="KernelExecutionException">On the CPU: an index outside a view, or an exception of the method's own.</exception>
    public void Launch<T1>(KernelConfig config, T1 argument1) => Run(config, new KernelArguments<T1>(argument1));

    /// <inheritdoc cref="Launch{T1}(KernelExtent, T1)"/>
    public void Launch<T1, T2>(KernelExtent extent, T1 argument1, T2 argument2) => Run(extent, new KernelArguments<T1, T2>(argument1, argument2));

    /// <inheritdoc cref="Launch{T1}(KernelConfig, T1)"/>
    public void Launch<T1, T2>(KernelConfig config, T1 argument1, T2 argument2) => Run(config, new KernelArguments<T1, T2>(argument1, argument2));

    /// <inheritdoc cref="Launch{T1}(KernelExtent, T1)"/>
    public void Launch<T1, T2, T3>(KernelExtent extent, T1 argument1, T2 argument2, T3 argument3) => Run(extent, new KernelArguments<T1, T2, T3>(argument1, argument2, argument3));

    /// <inheritdoc cref="Launch{T1}(KernelConfig, T1)"/>
    public void Launch<T1, T2, T3>(KernelConfig config, T1 argument1, T2 argument2, T3 argument3) => Run(config, new KernelArguments<T1, T2, T3>(argument1, argument2, argument3));

    /// <inheritdoc cref="Launch{T1}(KernelExtent, T1)"/>
    public void Launch<T1, T2, T3, T4>(KernelExtent extent, T1 argument1, T2 argument2, T3 argument3, T4 argument4) => Run(extent, new KernelArguments<T1, T2, T3, T4>(argument1, argument2, argument3, argument4));

    /// <inheritdoc cref="Launch{T1}(KernelConfig, T1)"/>
    public void Launch<T1, T2, T3, T4>(KernelConfig config, T1 argument1, T2 argument2, T3 argument3, T4 argument4) => Run(config, new KernelArguments<T1, T2, T3, T4>(argument1, argument2, argument3, argument4));

    /// <inheritdoc cref="Launch{T1}(KernelExtent, T1)"/>
    public void Launch<T1, T2, T3, T4, T5>(KernelExtent extent, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5) => Run(extent, new KernelArguments<T1, T2, T3, T4, T5>(argument1, argument2, argument3, argument4, argument5));

    /// <inheritdoc cref="Launch{T1}(KernelConfig, T1)"/>
    public void Launch<T1, T2, T3, T4, T5>(KernelConfig config, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5) => Run(config, new KernelArguments<T1, T2, T3, T4, T5>(argument1, argument2, argument3, argument4, argument5));

    /// <inheritdoc cref="Launch{T1}(KernelExtent, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6>(KernelExtent extent, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6) => Run(extent, new KernelArguments<T1, T2, T3, T4, T5, T6>(argument1, argument2, argument3, argument4, argument5, argument6));

    /// <inheritdoc cref="Launch{T1}(KernelConfig, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6>(KernelConfig config, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6) => Run(config, new KernelArguments<T1, T2, T3, T4, T5, T6>(argument1, argument2, argument3, argument4, argument5, argument6));

    /// <inheritdoc cref="Launch{T1}(KernelExtent, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7>(KernelExtent extent, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7) => Run(extent, new KernelArguments<T1, T2, T3, T4, T5, T6, T7>(argument1, argument2, argument3, argument4, argument5, argument6, argument7));

    /// <inheritdoc cref="Launch{T1}(KernelConfig, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7>(KernelConfig config, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7) => Run(config, new KernelArguments<T1, T2, T3, T4, T5, T6, T7>(argument1, argument2, argument3, argument4, argument5, argument6, argument7));

    /// <inheritdoc cref="Launch{T1}(KernelExtent, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8>(KernelExtent extent, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7, T8 argument8) => Run(extent, new KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8>(argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8));

    /// <inheritdoc cref="Launch{T1}(KernelConfig, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8>(KernelConfig config, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7, T8 argument8) => Run(config, new KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8>(argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8));

    /// <inheritdoc cref="Launch{T1}(KernelExtent, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9>(KernelExtent extent, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7, T8 argument8, T9 argument9) => Run(extent, new KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9>(argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8, argument9));

    /// <inheritdoc cref="Launch{T1}(KernelConfig, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9>(KernelConfig config, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7, T8 argument8, T9 argument9) => Run(config, new KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9>(argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8, argument9));

    /// <inheritdoc cref="Launch{T1}(KernelExtent, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(KernelExtent extent, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7, T8 argument8, T9 argument9, T10 argument10) => Run(extent, new KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8, argument9, argument10));

    /// <inheritdoc cref="Launch{T1}(KernelConfig, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(KernelConfig config, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7, T8 argument8, T9 argument9, T10 argument10) => Run(config, new KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8, argument9, argument10));

    /// <inheritdoc cref="Launch{T1}(KernelExtent, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(KernelExtent extent, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7, T8 argument8, T9 argument9, T10 argument10, T11 argument11) => Run(extent, new KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8, argument9, argument10, argument11));

    /// <inheritdoc cref="Launch{T1}(KernelConfig, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(KernelConfig config, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7, T8 argument8, T9 argument9, T10 argument10, T11 argument11) => Run(config, new KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8, argument9, argument10, argument11));

    /// <inheritdoc cref="Launch{T1}(KernelExtent, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(KernelExtent extent, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7, T8 argument8, T9 argument9, T10 argument10, T11 argument11, T12 argument12) => Run(extent, new KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8, argument9, argument10, argument11, argument12));

    /// <inheritdoc cref="Launch{T1}(KernelConfig, T1)"/>
    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(KernelConfig config, T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7, T8 argument8, T9 argument9, T10 argument10, T11 argument11, T12 argument12) => Run(config, new KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8, argument9, argument10, argument11, argument12));
}
