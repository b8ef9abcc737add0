using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine.PtxInterpreter;

namespace Engine.Gpu.Tests;

/// <summary>A view of an array with several dimensions, as ILGPU's kernels take it: pointer, length, extents, strides.</summary>
/// <param name="Values">The memory.</param>
/// <param name="Extents">One per dimension, 64 bits each.</param>
/// <param name="Strides">Those that the type of the view does not fix, 32 bits each.</param>
internal sealed record StridedView(Array Values, long[] Extents, int[] Strides);

/// <summary>
/// Runs what ILGPU compiled in the interpreter, through the engine's own driver: arrays become memory of exactly their size and are read
/// back, scalars and structures go as they lie in memory.
/// </summary>
internal sealed unsafe class IlgpuMachine : IDisposable
{
    private readonly CudaDriver _driver;
    private readonly FakeDevice _card;

    public IlgpuMachine(int computeCapability = 80)
    {
        _card = FakeCuda.AddDevice(computeCapability: computeCapability);
        _driver = CudaDriver.Open(FakeCuda.Api, _card.Ordinal);
    }

    public CudaDriver Driver => _driver;

    public FakeDevice Card => _card;

    /// <summary>What the last kernel that failed did wrong.</summary>
    public PtxFault? Fault => _card.LastFault;

    /// <summary>Loads a kernel and launches it over groups of 64.</summary>
    public void Run(KernelSource source, LaunchGrid grid, params object[] arguments) => Run(source, grid, new BlockShape(64), 0, arguments);

    /// <summary>Loads a kernel and launches it.</summary>
    public void Run(KernelSource source, LaunchGrid grid, BlockShape group, int sharedBytes, params object[] arguments)
    {
        CudaKernel kernel = (CudaKernel)_driver.Compile(source);
        List<(Array Values, nint Address)> buffers = [];
        byte[][] blocks = [.. arguments.Select(argument => argument switch
        {
            Array values => Block(Upload(values, buffers), (long)values.Length),
            StridedView view => Block([Upload(view.Values, buffers), (long)view.Values.Length, .. view.Extents.Cast<object>(), .. view.Strides.Cast<object>()]),
            _ => Block(argument),
        })];
        Launch(_card, kernel, grid, group, sharedBytes, blocks);
        foreach ((Array values, nint address) in buffers)
        {
            _driver.Download(address, 0, Bytes(values));
            _driver.Free(address);
        }
    }

    /// <summary>Launches with parameters as they lie in memory.</summary>
    public static void Launch(FakeDevice card, CudaKernel kernel, LaunchGrid grid, BlockShape group, int sharedBytes, byte[][] parameters)
    {
        CudaApi api = FakeCuda.Api;
        nint context;
        Check(api.cuDevicePrimaryCtxRetain(&context, card.Ordinal));
        GCHandle[] pins = [.. parameters.Select(static block => GCHandle.Alloc(block, GCHandleType.Pinned))];
        try
        {
            Check(api.cuCtxSetCurrent(context));
            void** pointers = stackalloc void*[parameters.Length];
            for (int i = 0; i < pins.Length; i++)
            {
                pointers[i] = (void*)pins[i].AddrOfPinnedObject();
            }

            Check(api.cuLaunchKernel(
                kernel.Function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)group.X, (uint)group.Y, (uint)group.Z, (uint)sharedBytes, 0, pointers, null));
        }
        finally
        {
            _ = api.cuCtxSetCurrent(0);
            _ = api.cuDevicePrimaryCtxRelease_v2(card.Ordinal);
            Array.ForEach(pins, static pin => pin.Free());
        }
    }

    /// <summary>Values one behind another, each on a multiple of its size.</summary>
    public static byte[] Block(params object[] values)
    {
        List<byte> block = [];
        foreach (object value in values)
        {
            byte[] bytes = (byte[])typeof(IlgpuMachine).GetMethod(nameof(BytesOf), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
                .MakeGenericMethod(value.GetType()).Invoke(null, [value])!;
            while (values.Length > 1 && block.Count % bytes.Length != 0)
            {
                block.Add(0);
            }

            block.AddRange(bytes);
        }

        return [.. block];
    }

    public void Dispose() => _driver.Dispose();

    private static byte[] BytesOf<T>(T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();

    private object Upload(Array values, List<(Array Values, nint Address)> buffers)
    {
        if (!_driver.TryAllocate(Bytes(values).Length, out nint address))
        {
            throw new InvalidOperationException("The card has no memory left.");
        }

        _driver.Upload(Bytes(values), address, 0);
        buffers.Add((values, address));
        return address;
    }

    private static Span<byte> Bytes(Array values) =>
        MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(values), values.Length * ElementBytes(values));

    private static int ElementBytes(Array values) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(values.GetType().GetElementType()!).Invoke(null, null)!;

    private static void Check(CudaResult result)
    {
        if (result != CudaResult.CUDA_SUCCESS)
        {
            throw new InvalidOperationException($"{result}: {FakeCuda.Api.Describe(result)}");
        }
    }
}
