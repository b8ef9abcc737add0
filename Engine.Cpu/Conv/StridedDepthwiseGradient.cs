using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The gradient to the input of a strided convolution with one input and one output channel in each group: for each plane of dx one
/// <see cref="DepthwiseConvolution{T,TVec}"/> for each residue of rows and columns modulo the strides.
/// </summary>
internal unsafe struct StridedDepthwiseGradient<T, TVec> : IParallelBody
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    private const int PartsOfThread = 4;

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

        body._parts = (int)Math.Min(body._units, PartsOfThread * pool.Threads);
        Correlation.Forward(g).Loop(pool, body._parts, ref body);
    }

    public readonly void Run(int part, int worker)
    {
        using ScratchLease copy = Scratch.Rent<T>(_copySize);
        using ScratchLease residue = Scratch.Rent<T>(_blockSize);
        for (nint unit = _units * part / _parts, end = _units * (part + 1) / _parts; unit < end; unit++)
        {
            T* plane = _output + unit * _height * _width;
            for (int i = 0; i < _strideH * _strideW; i++)
            {
                for (int block = 0; block < _residues[i].Plane.Blocks; block++)
                {
                    _residues[i].Block(unit, block, copy.As<T>(), residue.As<T>());
                }

                Scatter(residue.As<T>(), _residues[i].Task, plane + (nint)(i / _strideW) * _width + i % _strideW);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Scatter(T* residue, in Correlation task, T* target)
    {
        int rows = task.Rows.OutSize, columns = task.Columns.OutSize;
        nint step = _strideW;
        for (int p = 0; p < rows; p++, residue += columns, target += (nint)_strideH * _width)
        {
            T* at = target;
            for (int q = 0; q < columns; q++, at += step)
            {
                *at = residue[q];
            }
        }
    }
}
