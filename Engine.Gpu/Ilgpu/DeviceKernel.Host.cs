using System.Collections.Concurrent;
using System.Reflection;
using ILGPU;

namespace Engine.Gpu;

/// <content>Kernels on the CPU: the method is called as it is, and has ended when the launch returns.</content>
public sealed partial class DeviceKernel
{
    private readonly ConcurrentDictionary<Type, Delegate> _delegates = new();

    private HostDevice Host => Device as HostDevice
        ?? throw new NotSupportedException($"{this}: kernels run on CUDA and OpenCL devices and on the CPU, {Device} is none of them.");

    private void RunOnHost<TArguments>(in KernelExtent extent, in TArguments arguments)
        where TArguments : struct, IKernelArguments
    {
        switch (extent.Rank)
        {
            case 1:
                RunOnHost(new Index1D(extent.Size.X), arguments);
                break;
            case 2:
                RunOnHost(extent.Size.XY, arguments);
                break;
            default:
                RunOnHost(extent.Size, arguments);
                break;
        }
    }

    private void RunOnHost<TIndex, TArguments>(TIndex extent, in TArguments arguments)
        where TIndex : struct
        where TArguments : struct, IKernelArguments
        => HostLoop.Run(Host, extent, arguments.Bind<TIndex>(DelegateOf(arguments.IndexedDelegate(typeof(TIndex)))), ToString(), LocalMemoryUse.In(Method));

    private void RunOnHost<TArguments>(in KernelConfig config, in TArguments arguments)
        where TArguments : struct, IKernelArguments
    {
        _ = Host;
        GroupSimulator.Run(config, arguments.Bind(DelegateOf(arguments.GroupedDelegate)), ToString());
    }

    private Delegate DelegateOf(Type type) => _delegates.GetOrAdd(type, static (type, method) => method.CreateDelegate(type), Method);
}
