using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Engine.Gpu;

/// <summary>Products by cuBLAS, through ILGPU.Algorithms, in the stream that a device has adopted.</summary>
internal sealed class CuBlasProducts : LibraryProducts
{
    // CUBLAS_TF32_TENSOR_OP_MATH of the library's header, for which ILGPU.Algorithms has no name.
    private const CuBlasMathMode Tf32Math = (CuBlasMathMode)3;

    /// <summary>Multiplications from which on a product counts as large. No card has shown where the library begins to win.</summary>
    private const long LeastMultiplications = 128L * 128 * 128;

    // The library's handle holds mode and stream, so that two threads must not use it at once.
    private readonly Lock _lock = new();
    private readonly CudaDevice _device;
    private CuBlas? _library;
    private CuBlasMathMode _mode = CuBlasMathMode.DefaultMath;

    private CuBlasProducts(CudaDevice device, CuBlas library) => (_device, _library) = (device, library);

    /// <summary>Opens the library.</summary>
    /// <exception cref="OperationNotSupportedException">There is no accelerator, or the library cannot be used.</exception>
    public static CuBlasProducts Open(CudaDevice device, CudaAccelerator? accelerator, CudaStream? stream)
    {
        if (accelerator is null || stream is null)
        {
            throw new OperationNotSupportedException(
                $"{device}: cuBLAS is reached through an accelerator of ILGPU's, and this device has adopted none. CudaDevice.Adopt(accelerator) makes a device that has.");
        }

        try
        {
            CuBlas library = new(accelerator);
            library.Stream = stream;
            library.PointerMode = CuBlasPointerMode.Host;
            library.MathMode = CuBlasMathMode.DefaultMath;
            return new CuBlasProducts(device, library);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or CuBlasException)
        {
            throw new OperationNotSupportedException(
                $"{device}: cuBLAS cannot be used: {e.Message}. It is a part of NVIDIA's CUDA toolkit (libcublas.so or cublas64, version 10 to 13) and must be where the system finds libraries.");
        }
    }

    // In the warm-ups of a captured step neither: they must rent the memory that the recording does.
    /// <inheritdoc/>
    public override bool TryMultiply(in GemmProblem problem, MathMode mode)
    {
        if (!Takes(problem, mode, out CuBlasMathMode math) || CapturePass.On(_device) is not null || CuBlasCall.From(problem) is not { } call)
        {
            return false;
        }

        _device.Work.ThrowIfFailed(call.Left.Storage);
        _device.Work.ThrowIfFailed(call.Right.Storage);
        _device.Work.ThrowIfFailed(call.Result.Storage);
        lock (_lock)
        {
            if (_library is not { } library)
            {
                return false;
            }

            if (_mode != math)
            {
                library.MathMode = math;
                _mode = math;
            }

            if (problem.C.Operand.DType == DType.Float32)
            {
                library.Gemm(
                    call.LeftOperation, call.RightOperation, call.M, call.N, call.K, (float)problem.Alpha, View<float>(call.Left), call.LeftLeading,
                    View<float>(call.Right), call.RightLeading, (float)problem.Beta, View<float>(call.Result), call.ResultLeading);
            }
            else
            {
                library.Gemm(
                    call.LeftOperation, call.RightOperation, call.M, call.N, call.K, problem.Alpha, View<double>(call.Left), call.LeftLeading,
                    View<double>(call.Right), call.RightLeading, problem.Beta, View<double>(call.Result), call.ResultLeading);
            }
        }

        return true;
    }

    /// <summary>Whether the library is asked at all, and in which of its modes.</summary>
    internal static bool Takes(in GemmProblem problem, MathMode mode, out CuBlasMathMode math)
    {
        DType type = problem.C.Operand.DType;
        bool isTf32 = type == DType.Float32 && mode == MathMode.Tf32;
        math = isTf32 ? Tf32Math : CuBlasMathMode.DefaultMath;
        return problem.A.Operand.DType == type
            && problem.B.Operand.DType == type
            && (type == DType.Float64 || (type == DType.Float32 && (isTf32 || mode == MathMode.Strict)))
            && (Int128)problem.M * problem.N * problem.K >= LeastMultiplications;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        lock (_lock)
        {
            _library?.Dispose();
            _library = null;
        }
    }

    // The library asks for the address of the first element only.
    private static ArrayView<T> View<T>(in Operand operand)
        where T : unmanaged => new(TensorBuffer.Of(operand.Storage), operand.Layout.Offset, 1);
}
