using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Cpu;

/// <summary>
/// The gradient to the input of a strided convolution with one input and one output channel in each group: for each plane of dx one
/// <see cref="DepthwiseConvolution{T,TVec}"/> for each residue of rows and columns modulo the strides.
/// </summary>
internal unsafe struct StridedDepthwiseGradient<T, TVec> : IParallelBody
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    private DepthwiseConvolution<T, TVec>* _residues;
    private T* _output;
    private nint _units, _copySize, _blockSize;
    private int _height, _width, _strideH, _strideW, _parts;

    /// <summary>Whether every residue is a correlation that is computed plane by plane.</summary>
    public static bool Suits(in ConvGeometry g)
        => g.Groups > 1 && g.InChannels == g.Groups && g.OutChannels == g.Groups
        && g.StrideH <= PaddedPlane<T, TVec>.MostStride && g.StrideW <= PaddedPlane<T, TVec>.MostStride
        && PaddedPlane<T, TVec>.Suits(Correlation.Forward(g)) && g.InHeight >= g.StrideH && g.InWidth >= g.StrideW;

    /// <summary>Computes dx of all images.</summary>
    public static void Run(in ConvGeometry g, T* dy, T* w, T* dx, WorkerPool pool)
    {
        int count = g.StrideH * g.StrideW;
        nint* offsets = stackalloc nint[g.KernelHeight * g.KernelWidth];
        using ScratchLease residues = Scratch.Rent(count * sizeof(DepthwiseConvolution<T, TVec>));
        StridedDepthwiseGradient<T, TVec> body = new()
        {
            _residues = (DepthwiseConvolution<T, TVec>*)residues.Pointer,
            _output = dx,
            _units = (nint)g.Batch * g.Groups,
            _height = g.InHeight,
            _width = g.InWidth,
            _strideH = g.StrideH,
            _strideW = g.StrideW,
        };
        for (int i = 0; i < count; i++)
        {
            Correlation task = Correlation.BackwardData(g, i / g.StrideW, i % g.StrideW);
            body._residues[i] = DepthwiseConvolution<T, TVec>.Prepare(task, dy, w, null, relu: false, offsets);
            offsets += task.Taps;
            body._copySize = Math.Max(body._copySize, body._residues[i].Plane.Size);
            body._blockSize = Math.Max(body._blockSize, task.OutPlane);
        }

        body._parts = (int)Math.Min(body._units, Partition.PartsPerThread * pool.Threads);
        Correlation.Forward(g).Loop(pool, body._parts, ref body);
    }

    public readonly void Run(int part, int worker)
    {
        using ScratchLease copy = Scratch.Rent<T>(_copySize);
        using ScratchLease residues = Scratch.Rent<T>(_strideW * _blockSize);
        for (nint unit = _units * part / _parts, end = _units * (part + 1) / _parts; unit < end; unit++)
        {
            for (int i = 0; i < _strideH; i++)
            {
                for (int j = 0; j < _strideW; j++)
                {
                    DepthwiseConvolution<T, TVec>* body = _residues + i * _strideW + j;
                    for (int block = 0; block < body->Plane.Blocks; block++)
                    {
                        body->Block(unit, block, copy.As<T>(), residues.As<T>() + j * _blockSize);
                    }
                }

                T* target = _output + (unit * _height + i) * _width;
                for (int p = 0, rows = _residues[i * _strideW].Task.Rows.OutSize; p < rows; p++, target += (nint)_strideH * _width)
                {
                    Weave(residues.As<T>(), p, target);
                }
            }
        }
    }

    /// <summary>Writes a row of dx, whose columns are those of row <paramref name="p"/> of all residues in turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Weave(T* residues, int p, T* target)
    {
        int stride = _strideW, whole = 0;
        if (stride == 2 && sizeof(T) == sizeof(float))
        {
            float* even = (float*)residues + (nint)p * ((_width + 1) / 2), odd = (float*)(residues + _blockSize) + (nint)p * (_width / 2), to = (float*)target;
            for (; whole + 4 <= _width / 2; whole += 4, to += 8)
            {
                Vector128<float> a = Vector128.Load(even + whole), b = Vector128.Load(odd + whole);
                Transpose<T, TVec>.Low(a, b).Store(to);
                Transpose<T, TVec>.High(a, b).Store(to + 4);
            }
        }

        for (int j = 0; j < stride; j++)
        {
            int columns = (_width - j + stride - 1) / stride;
            T* from = residues + j * _blockSize + (nint)p * columns;
            for (int q = whole; q < columns; q++)
            {
                target[(nint)q * stride + j] = from[q];
            }
        }
    }
}
