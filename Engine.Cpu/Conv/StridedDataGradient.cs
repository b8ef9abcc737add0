using System.Numerics;
using System.Runtime.InteropServices;

namespace Engine.Cpu;

/// <summary>
/// The gradient to the input of a strided convolution: one correlation for each residue of rows and columns modulo the strides, whose
/// outputs interleave. All residues of an image are computed in turn, while its gradient is in the cache. Where there are more residues
/// than taps, most of dx is zero: it is cleared, and only residues that a tap reaches are computed.
/// </summary>
internal unsafe struct StridedDataGradient<T, TVec> : IParallelBody
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    private GeneralConvolution<T, TVec>* _residues;
    private int _count;
    private T* _cleared;
    private nint _unitSize;

    /// <summary>Computes dx of all images.</summary>
    public static void Run(in ConvGeometry g, T* dy, T* w, T* dx, WorkerPool pool)
    {
        if (StridedDepthwiseGradient<T, TVec>.Suits(g))
        {
            StridedDepthwiseGradient<T, TVec>.Run(g, dy, w, dx, pool);
            return;
        }

        int rows = Math.Min(g.StrideH, g.InHeight), columns = Math.Min(g.StrideW, g.InWidth), units = g.Batch * g.Groups;
        nint residues = (nint)rows * columns, kernel = (nint)g.KernelHeight * g.KernelWidth, unit = (nint)(g.InChannels / g.Groups) * g.InHeight * g.InWidth;
        bool clears = residues > kernel;
        if (units < pool.Threads)
        {
            if (clears)
            {
                NativeMemory.Clear(dx, (nuint)(units * unit * sizeof(T)));
            }
            for (nint i = 0; i < residues; i++)
            {
                Correlation task = Correlation.BackwardData(g, (int)(i / columns), (int)(i % columns));
                if (clears && task.Taps == 0)
                {
                    continue;
                }
                GeneralConvolution<T, TVec>.Run(task, Grid(g, (int)(i / columns), (int)(i % columns)), dy, w, dx, null, relu: false, pool);
            }

            return;
        }

        nint values = 0, taps = 0;
        for (nint i = 0; i < residues; i++)
        {
            Correlation task = Correlation.BackwardData(g, (int)(i / columns), (int)(i % columns));
            if (clears && task.Taps == 0)
            {
                continue;
            }
            values += GeneralConvolution<T, TVec>.PreparedValues(task);
            taps += task.Taps;
        }

        using ScratchLease valueMemory = Scratch.Rent<T>(values);
        using ScratchLease tapMemory = Scratch.Rent<nint>(taps);
        using ScratchLease bodies = Scratch.Rent((clears ? kernel : residues) * sizeof(GeneralConvolution<T, TVec>));
        StridedDataGradient<T, TVec> body = new() { _residues = (GeneralConvolution<T, TVec>*)bodies.Pointer, _cleared = clears ? dx : null, _unitSize = unit };
        (values, taps) = (0, 0);
        for (nint i = 0; i < residues; i++)
        {
            Correlation task = Correlation.BackwardData(g, (int)(i / columns), (int)(i % columns));
            if (task.OutPlane == 0 || (clears && task.Taps == 0))
            {
                continue;
            }
            body._residues[body._count++] = new(task, Grid(g, (int)(i / columns), (int)(i % columns)), dy, w, dx, pool, valueMemory.As<T>() + values, tapMemory.As<nint>() + taps);
            values += GeneralConvolution<T, TVec>.PreparedValues(task);
            taps += task.Taps;
        }

        Correlation.Forward(g).Loop(pool, units, ref body);
    }

    public readonly void Run(int part, int worker)
    {
        if (_cleared != null)
        {
            NativeMemory.Clear(_cleared + part * _unitSize, (nuint)(_unitSize * sizeof(T)));
        }
        for (int i = 0; i < _count; i++)
        {
            _residues[i].Run(part, worker);
        }
    }

    private static OutputGrid Grid(in ConvGeometry g, int row, int column)
        => new((nint)g.InHeight * g.InWidth, (nint)row * g.InWidth + column, (nint)g.StrideH * g.InWidth, g.StrideW);
}
