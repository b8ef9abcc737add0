using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Engine.Gpu;

namespace Engine.PtxInterpreter;

/// <summary>
/// A CUDA driver whose cards are interpreters: functions with the names and signatures of the real one, so that the engine's own code
/// talks to them through the same pointers. Devices are added by tests and live as long as the process.
/// </summary>
internal static unsafe partial class FakeCuda
{
    /// <summary>CUDA 12.4, as cuDriverGetVersion counts.</summary>
    private const int Version = 12040;

    private static readonly Lock s_lock = new();
    private static readonly List<FakeDevice> s_devices = [];
    private static readonly ConcurrentDictionary<nint, FakeObject> s_objects = new();
    private static readonly ConcurrentDictionary<string, nint> s_strings = new();
    private static long s_lastHandle = 0x1000;

    [ThreadStatic]
    private static nint s_current;

    // The text of what went wrong in the last call of this thread; the driver asks for it right after.
    [ThreadStatic]
    private static (CudaResult Result, string Words) s_lastWords;

    /// <summary>The functions, bound as those of the real library are.</summary>
    public static CudaApi Api { get; } = new(Resolve);

    /// <summary>The address of an exported function; 0 if there is none of this name.</summary>
    public static nint Resolve(string name) => Symbols.GetValueOrDefault(name);

    /// <summary>Adds a card.</summary>
    public static FakeDevice AddDevice(string name = "interpreter", int computeCapability = 80, long memoryBytes = 2L << 30) =>
        AddDevice(ordinal => new FakeDevice(ordinal, name, computeCapability, memoryBytes));

    /// <summary>Puts a card in, made for its ordinal.</summary>
    public static FakeDevice AddDevice(Func<int, FakeDevice> make)
    {
        lock (s_lock)
        {
            FakeDevice device = make(s_devices.Count);
            s_devices.Add(device);
            return device;
        }
    }

    /// <summary>Makes a context as a host of the engine would.</summary>
    public static nint CreateContext(FakeDevice device) => Register(new FakeContext(device));

    /// <summary>Ends a context as its host would, with the engine still holding its handle.</summary>
    public static void DestroyContext(nint context)
    {
        if (s_objects.TryRemove(context, out FakeObject? value))
        {
            ((FakeContext)value).IsDestroyed = true;
        }
    }

    /// <summary>What a handle stands for.</summary>
    public static T? Find<T>(nint handle)
        where T : FakeObject => s_objects.GetValueOrDefault(handle) as T;

    private static nint Register<T>(T value)
        where T : FakeObject
    {
        value.Handle = (nint)Interlocked.Add(ref s_lastHandle, 16);
        s_objects[value.Handle] = value;
        if (value is FakeOwned owned)
        {
            lock (s_lock)
            {
                owned.Context.LiveObjects++;
            }
        }

        return value.Handle;
    }

    private static CudaResult Unregister<T>(nint handle)
        where T : FakeOwned
    {
        if (Find<T>(handle) is not { } value || !s_objects.TryRemove(handle, out _))
        {
            return CudaResult.CUDA_ERROR_INVALID_HANDLE;
        }

        lock (s_lock)
        {
            value.Context.LiveObjects--;
        }

        return CudaResult.CUDA_SUCCESS;
    }

    /// <summary>Carries out a call that needs a context, with all that may stand in its way. No exception may leave: the caller is native.</summary>
    private static CudaResult Call(string function, Func<FakeContext, CudaResult> body)
    {
        try
        {
            if (s_current == 0)
            {
                return CudaResult.CUDA_ERROR_INVALID_CONTEXT;
            }

            if (Find<FakeContext>(s_current) is not { } context)
            {
                return CudaResult.CUDA_ERROR_CONTEXT_IS_DESTROYED;
            }

            FakeDevice device = context.Device;
            if (device.Lost != CudaResult.CUDA_SUCCESS)
            {
                return Explain(device.Lost, device.LastFault?.Message);
            }

            CudaResult failure = device.TakeFailure(function);
            return failure != CudaResult.CUDA_SUCCESS ? failure : body(context);
        }
        catch (Exception e)
        {
            return Explain(CudaResult.CUDA_ERROR_UNKNOWN, $"{function}: the interpreter failed: {e}");
        }
    }

    private static CudaResult Explain(CudaResult result, string? words)
    {
        s_lastWords = (result, words ?? "");
        return result;
    }

    private static nint Text(string text) => s_strings.GetOrAdd(text, static value =>
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(value), 0];
        nint memory = (nint)NativeMemory.Alloc((nuint)bytes.Length);
        bytes.CopyTo(new Span<byte>((void*)memory, bytes.Length));
        return memory;
    });
}
