using System.Runtime.CompilerServices;

namespace Engine.Gpu;

/// <summary>
/// The engine's own kernels. Each operation chooses a kernel definition, whose fields are the cache key, and launches it. Another set of kernels
/// derives from this one and replaces the operations that it has itself.
/// </summary>
[SkipLocalsInit] // Each launch collects its arguments on the stack, where zeros would cost more than the arguments.
internal partial class GpuBackend : Backend
{
    // Work-items are numbered in 32 bits.
    private const long MaxItems = 1 << 30;

    private readonly GpuDevice _device;
    private readonly KernelCache _kernels;

    internal GpuBackend(GpuDevice device, GpuTarget target)
    {
        _device = device;
        Target = target;
        _kernels = new KernelCache(device.Driver, DiskCache.Shared, CompilerSlots.Shared, target);
    }

    /// <summary>Another set of kernels for the same device, which shares the compiled kernels.</summary>
    internal GpuBackend(GpuBackend other)
    {
        _device = other._device;
        Target = other.Target;
        _kernels = other._kernels;
    }

    /// <summary>The target for which kernels are built and launches are cut. It never changes, since the two must agree.</summary>
    internal GpuTarget Target { get; }

    /// <summary>
    /// Neighbouring channels are read by one load of 16 bytes, and a tap of a window is one address for all of them. Processors behind OpenCL gain nothing.
    /// </summary>
    public override bool PrefersChannelsLast => !Target.IsProcessor;

    /// <inheritdoc/>
    public override bool ComputesOnParts => true;

    /// <summary>Kernels that were compiled or loaded so far.</summary>
    internal KernelCache CompiledKernels => _kernels;

    /// <summary>Whose kernels these are.</summary>
    internal virtual KernelSet Kernels => KernelSet.Engine;

    /// <summary>The kernel of a definition; a new one is begun, on another thread if that is allowed.</summary>
    internal KernelEntry Find<TDefinition>(in TDefinition definition)
        where TDefinition : struct, IKernelText, IEquatable<TDefinition> => _kernels.Find(definition, compilesAhead: !_device.Work.IsDirect);

    /// <summary>Launches the kernel of a definition, after all launches before.</summary>
    internal void Launch<TDefinition>(in TDefinition definition, LaunchGrid grid, params ReadOnlySpan<KernelArgument> arguments)
        where TDefinition : struct, IKernelText, IEquatable<TDefinition>
    {
        IndependentLaunches.Current?.Send();
        LaunchNow(definition, grid, arguments);
    }

    /// <summary>Launches the kernel of a definition, which does all the work of a call: where calls do not rely on each other, together with theirs.</summary>
    internal void LaunchAlone<TDefinition>(in TDefinition definition, int groupSize, LaunchGrid grid, params ReadOnlySpan<KernelArgument> arguments)
        where TDefinition : struct, IKernelDefinition, IEquatable<TDefinition>
    {
        if (IndependentLaunches.Current is { } launches && launches.Backend == this && grid.Z == 1)
        {
            launches.Add(definition, groupSize, grid, arguments);
        }
        else
        {
            Launch(definition, grid, arguments);
        }
    }

    /// <summary>The work-items of a group that a launch should have, so that it can go out with others; 0 where it does not matter.</summary>
    private int PreferredGroup => IndependentLaunches.Current is { } launches && launches.Backend == this ? launches.GroupSize : 0;

    /// <summary>Launches the kernel of a definition at once.</summary>
    internal void LaunchNow<TDefinition>(in TDefinition definition, LaunchGrid grid, ReadOnlySpan<KernelArgument> arguments)
        where TDefinition : struct, IKernelText, IEquatable<TDefinition> => _device.Work.Launch(Find(definition), grid, arguments);

    /// <inheritdoc/>
    /// <remarks>A processor runs its groups one after another and gains nothing.</remarks>
    public override IDisposable? BeginIndependent() => Target.IsProcessor ? null : IndependentLaunches.Begin(this);

    /// <inheritdoc/>
    public override IDisposable? BeginIndependentMaps() => Target.IsProcessor ? null : IndependentLaunches.Begin(this, hasMaps: true);

    /// <summary>Groups of <see cref="GpuTarget.GroupSize"/> for one work-item each.</summary>
    private LaunchGrid Cover(long items) => new((int)((items + Target.GroupSize - 1) / Target.GroupSize));

    /// <summary>How the work-items of a group are laid over rows.</summary>
    private RowShape ShapeOf(in RowSplit split) => RowShape.Choose(Target, split.Rows, split.Length, split.Inner > 1);

    /// <summary>Memory of the pool that lives until the surrounding scope ends.</summary>
    private protected Operand Temporary(long elements, DType dtype)
    {
        if (IndependentLaunches.Current is not { } launches)
        {
            return Tensor.Empty([checked((int)elements)], dtype, _device).Operand;
        }

        // A launch that is kept back reads it later.
        using TensorScope outside = TensorScope.Suspend();
        Tensor memory = Tensor.Empty([checked((int)elements)], dtype, _device);
        launches.Hold(memory);
        return memory.Operand;
    }

    /// <summary>Whether all operands that are there have a type.</summary>
    private protected static bool HaveType(DType type, params ReadOnlySpan<Operand?> operands)
    {
        foreach (Operand? operand in operands)
        {
            if (operand is { } given && given.DType != type)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether all operands have a type.</summary>
    private protected static bool HaveType(DType type, ReadOnlySpan<Operand> operands)
    {
        foreach (Operand operand in operands)
        {
            if (operand.DType != type)
            {
                return false;
            }
        }

        return true;
    }
}
