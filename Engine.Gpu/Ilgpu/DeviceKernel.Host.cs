using ILGPU;

namespace Engine.Gpu;

/// <content>Kernels on the CPU: the method itself is called, no code is generated for it.</content>
public sealed partial class DeviceKernel
{
    private readonly MethodDelegates _delegates;
    private readonly Lazy<bool> _usesLocalMemory;

    private HostDevice Host => Device as HostDevice
        ?? throw new NotSupportedException($"{this}: kernels run on CUDA and OpenCL devices and on the CPU, {Device} is none of them.");

    private void RunOnHost<TArguments>(in KernelExtent extent, in TArguments arguments)
        where TArguments : IKernelArguments
    {
        Index3D size = extent.Size;
        switch (extent.Rank)
        {
            case 1:
                RunOver(new Index1D(size.X), arguments);
                break;
            case 2:
                RunOver(new Index2D(size.X, size.Y), arguments);
                break;
            default:
                RunOver(size, arguments);
                break;
        }
    }

    private void RunOver<TIndex, TArguments>(TIndex extent, in TArguments arguments)
        where TIndex : struct
        where TArguments : IKernelArguments
    {
        Action<TIndex> kernel = arguments.Bind<TIndex>(_delegates);
        Host.Enqueue(() => HostLoop.Run(Host, extent, kernel, ToString(), _usesLocalMemory.Value));
    }

    private void RunOnHost<TArguments>(in KernelConfig config, in TArguments arguments)
        where TArguments : IKernelArguments
    {
        (KernelConfig groups, Action kernel) = (config, arguments.Bind(_delegates));
        Host.Enqueue(() => GroupSimulator.Run(groups, kernel, ToString()));
    }
}
