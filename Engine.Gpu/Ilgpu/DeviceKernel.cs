using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Gpu;

/// <summary>A C# method as a kernel of a device: compiled by ILGPU for CUDA and OpenCL, run as it is on the CPU.</summary>
/// <remarks>
/// <code>
/// static void Axpy(Index1D i, ArrayView&lt;float&gt; x, ArrayView&lt;float&gt; y, float a) => y[i] += a * x[i];
///
/// DeviceKernel axpy = device.Kernel(Axpy);
/// axpy.Launch(x.ElementCount, x.AsArrayView&lt;float&gt;(), y.AsArrayView&lt;float&gt;(), 2f);
/// </code>
/// <para>A method whose first parameter is an Index1D, Index2D or Index3D runs once for each index. Another one finds its index by
/// <see cref="Grid"/> and <see cref="Group"/>, may have shared memory and barriers, and is launched over groups. It is a static method of numbers,
/// views and structures of them; ILGPU's documentation has its limits.</para>
/// <para>It is compiled in the first launch for a device and a shape of groups; the driver's binary is kept on the disk like those of the engine's own
/// kernels. On the CPU a method with an index runs on all threads as the C# that it is; one that works by groups runs on ILGPU's CPU
/// accelerator, which is made for debugging and slow.</para>
/// <para>In a captured step a launch is repeated as it was recorded: with the same numbers, extent and views. Put a number that changes into a tensor.</para>
/// <para>A method that calls itself is refused, and so is one that ILGPU would take very long for. On a card no check looks where a kernel writes, as
/// in any language for cards; on the CPU an index outside of a view is an exception.</para>
/// </remarks>
public sealed partial class DeviceKernel
{
    /// <summary>Most groups in the second and third direction that CUDA takes.</summary>
    private const int MostGroups = 65535;

    /// <summary>More than any card has; a mistake should not cost the host gigabytes.</summary>
    private const int MostSharedBytesOnHost = 1 << 24;

    private static readonly ConditionalWeakTable<Device, ConcurrentDictionary<MethodInfo, DeviceKernel>> s_kernels = [];

    private readonly IlgpuSignature _signature;

    private DeviceKernel(Device device, MethodInfo method)
    {
        Device = device;
        Method = method;
        _delegates = new MethodDelegates(method);
        _usesLocalMemory = new Lazy<bool>(() => LocalMemoryUse.In(method));
        _signature = IlgpuKernelDefinition.SignatureOf(method, device is GpuDevice gpu ? gpu.Driver.Target.Api : GpuApi.Cuda);
    }

    /// <summary>Where it runs.</summary>
    public Device Device { get; }

    /// <summary>The method.</summary>
    public MethodInfo Method { get; }

    /// <summary>How many coordinates its index has; 0 where it finds its place by its group.</summary>
    public int IndexRank => _signature.IndexRank;

    /// <inheritdoc/>
    public override string ToString() => IlgpuMethods.NameOf(Method);

    internal static DeviceKernel Of(Device device, MethodInfo method)
    {
        IlgpuCompiler.Require();
        ConcurrentDictionary<MethodInfo, DeviceKernel> kernels = s_kernels.GetValue(device, static _ => new ConcurrentDictionary<MethodInfo, DeviceKernel>());
        if (!kernels.TryGetValue(method, out DeviceKernel? kernel))
        {
            IlgpuLibraries.Register();
            IlgpuMethods.Check(method);
            kernel = kernels.GetOrAdd(method, new DeviceKernel(device, method));
        }

        return kernel;
    }

    internal ArgumentException WrongArgument(int index, Type? given)
    {
        ParameterInfo[] parameters = Method.GetParameters();
        int first = IndexRank > 0 ? 1 : 0;
        string list = string.Join(", ", parameters.Skip(first).Select(static parameter => $"{NameOf(parameter.ParameterType)} {parameter.Name}"));
        string problem = given is null ? $"the launch gives {index - first} arguments"
            : index >= parameters.Length ? "the launch gives more arguments"
            : given == typeof(Tensor) ? $"argument {index - first} is a Tensor; pass its view, AsArrayView<T>()"
            : $"argument {index - first} is a {NameOf(given)}";
        return new ArgumentException($"{this} takes ({list}), but {problem}.");
    }

    private static string NameOf(Type type) =>
        type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GenericTypeArguments.Select(NameOf))}>" : type.Name;

    internal void Run<TArguments>(in KernelExtent extent, in TArguments arguments)
        where TArguments : IKernelArguments
    {
        if (extent.Rank != IndexRank)
        {
            throw new ArgumentException(IndexRank == 0
                ? $"{this} has no index as its first parameter, so it is launched over groups: Launch((groups, groupSize), …)."
                : $"{this} has an index of {IndexRank} dimensions, the extent has {extent.Rank}.");
        }

        LaunchWriter writer = new(this, _signature, stackalloc KernelArgument[64]);
        try
        {
            writer.AddExtent(extent);
            arguments.Write(ref writer);
            writer.CheckAll();
            if (extent.Size is { X: > 0, Y: > 0, Z: > 0 })
            {
                if (Device is GpuDevice device)
                {
                    GpuBackend backend = device.Current;
                    (GroupShape group, LaunchGrid grid) = Cover(backend.Target, extent);
                    backend.Launch(new IlgpuKernelDefinition(Method, group), grid, writer.Finish());
                }
                else
                {
                    RunOnHost(extent, arguments);
                }
            }
        }
        finally
        {
            writer.Dispose();
        }
    }

    private void Run<TArguments>(in KernelConfig config, in TArguments arguments)
        where TArguments : IKernelArguments
    {
        if (IndexRank > 0)
        {
            throw new ArgumentException($"{this} has an index as its first parameter, so it is launched over an extent: Launch(extent, …).");
        }

        Index3D groups = config.GridDim, size = config.GroupDim;
        if (groups.X < 0 || groups.Y < 0 || groups.Z < 0 || groups.Y > MostGroups || groups.Z > MostGroups || size.X < 1 || size.Y < 1 || size.Z < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(config), config, $"{this}: groups are 0 to {int.MaxValue} in the first direction and to {MostGroups} in the others, of at least one work-item.");
        }

        int sharedBytes = SharedBytesOf(config);
        LaunchWriter writer = new(this, _signature, stackalloc KernelArgument[64]);
        try
        {
            GpuDevice? device = Device as GpuDevice;
            KernelEntry? entry = device?.Current.Find(new IlgpuKernelDefinition(Method, new GroupShape(size.X, size.Y, size.Z), sharedBytes));
            if (entry is { Source.TakesSharedMemory: true })
            {
                writer.AddSharedMemory(sharedBytes);
            }

            arguments.Write(ref writer);
            writer.CheckAll();
            if (groups is not { X: > 0, Y: > 0, Z: > 0 })
            {
                return;
            }

            if (entry is not null)
            {
                device!.Work.Launch(entry, new LaunchGrid(groups.X, groups.Y, groups.Z), writer.Finish());
            }
            else
            {
                RunOnHost(config, arguments);
            }
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>Computed anew: ILGPU's own product goes round beyond 2³¹ and may well be 0.</summary>
    private int SharedBytesOf(in KernelConfig config)
    {
        SharedMemoryConfig shared = config.SharedMemoryConfig;
        long bytes = (long)shared.NumElements * shared.ElementSize;
        long most = Device is GpuDevice device ? device.Current.Target.SharedBytes : MostSharedBytesOnHost;
        return bytes is >= 0 && bytes <= most
            ? (int)bytes
            : throw new OperationNotSupportedException($"{this}: the launch asks for {bytes} bytes of shared memory, {Device} has {most} for a group.");
    }

    /// <summary>Groups along the first axis, unless the second one alone has more than a grid holds.</summary>
    private (GroupShape Group, LaunchGrid Grid) Cover(GpuTarget target, in KernelExtent extent)
    {
        int size = target.GroupSize;
        GroupShape group = extent.Size.Y <= MostGroups ? new GroupShape(size) : new GroupShape(Math.Min(size, 8), Math.Max(1, size / 8));
        int rows = ((extent.Size.Y - 1) / group.Y) + 1;
        return rows <= MostGroups && extent.Size.Z <= MostGroups
            ? (group, new LaunchGrid(((extent.Size.X - 1) / group.X) + 1, rows, extent.Size.Z))
            : throw new ArgumentOutOfRangeException(nameof(extent), extent, $"{this}: the device takes up to {(long)MostGroups * group.Y} in the second dimension and {MostGroups} in the third; the long one belongs first.");
    }
}

/// <summary>C# methods as kernels.</summary>
public static class DeviceKernels
{
    /// <summary>A method as a kernel of this device, the same one each time it is asked for.</summary>
    /// <param name="device">Any device.</param>
    /// <param name="method">A static method (its name is enough): see <see cref="DeviceKernel"/>.</param>
    /// <exception cref="KernelCompilationException">The method cannot be a kernel.</exception>
    /// <exception cref="PlatformNotSupportedException">The program was compiled ahead of time.</exception>
    public static DeviceKernel Kernel(this Device device, Delegate method)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(method);
        return DeviceKernel.Of(device, method.Method);
    }
}
