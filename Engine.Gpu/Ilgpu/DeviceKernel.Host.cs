using System.Collections.Concurrent;
using ILGPU;

namespace Engine.Gpu;

/// <content>Kernels on the CPU: the method itself is called, no code is generated for it.</content>
public sealed partial class DeviceKernel
{
    private readonly ConcurrentDictionary<Type, Delegate> _delegates = new();

    private HostDevice Host => Device as HostDevice
        ?? throw new NotSupportedException($"{this}: kernels run on CUDA and OpenCL devices and on the CPU, {Device} is none of them.");

    private void RunOnHost<TArguments>(in KernelExtent extent, in TArguments arguments)
        where TArguments : IKernelArguments
    {
        Index3D size = extent.Size;
        bool usesLocalMemory = LocalMemoryUse.In(Method);
        switch (extent.Rank)
        {
            case 1:
                HostLoop.Run(Host, new Index1D(size.X), arguments.Bind<Index1D>(DelegateOf(arguments, typeof(Index1D))), ToString(), usesLocalMemory);
                break;
            case 2:
                HostLoop.Run(Host, new Index2D(size.X, size.Y), arguments.Bind<Index2D>(DelegateOf(arguments, typeof(Index2D))), ToString(), usesLocalMemory);
                break;
            default:
                HostLoop.Run(Host, size, arguments.Bind<Index3D>(DelegateOf(arguments, typeof(Index3D))), ToString(), usesLocalMemory);
                break;
        }
    }

    private void RunOnHost<TArguments>(in KernelConfig config, in TArguments arguments)
        where TArguments : IKernelArguments
    {
        _ = Host;
        GroupSimulator.Run(config, arguments.Bind(DelegateOf(arguments, null)), ToString());
    }

    private Delegate DelegateOf<TArguments>(in TArguments arguments, Type? index)
        where TArguments : IKernelArguments =>
        _delegates.GetOrAdd(arguments.DelegateType(index), static (type, method) => method.CreateDelegate(type), Method);
}
