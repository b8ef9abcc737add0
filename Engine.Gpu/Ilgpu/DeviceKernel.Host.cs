using System.Collections.Concurrent;
using System.Reflection;
using ILGPU;

namespace Engine.Gpu;

/// <content>Kernels on the CPU.</content>
public sealed partial class DeviceKernel
{
    private readonly ConcurrentDictionary<Type, Delegate> _delegates = new();

    private void RunOnHost<TArguments>(in KernelExtent extent, in TArguments arguments)
        where TArguments : struct, IKernelArguments
    {
        Index3D size = extent.Size;
        Action<Index1D> body = arguments.Bind<Index1D>(_delegates.GetOrAdd(arguments.IndexedDelegate(typeof(Index1D)), Method.CreateDelegate));
        for (int i = 0; i < size.X; i++)
        {
            body(i);
        }
    }

    private void RunOnHost<TArguments>(in KernelConfig config, in TArguments arguments)
        where TArguments : struct, IKernelArguments => throw new InvalidOperationException();
}
