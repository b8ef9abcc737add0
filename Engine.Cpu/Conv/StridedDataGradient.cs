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
    private Residue* _residues;
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
                OutputGrid grid = Grid(g, (int)(i / columns), (int)(i % columns));
                if (PanelConvolution<T, TVec>.Suits(task))
                {
                    PanelConvolution<T, TVec>.Run(task, grid, dy, w, dx, null, relu: false, pool);
                }
                else
                {
                    DirectConvolution<T, TVec>.Run(task, grid, dy, w, dx, null, relu: false, pool);
                }
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
            values += Residue.PreparedValues(task);
            taps += task.Taps;
        }

        using ScratchLease valueMemory = Scratch.Rent<T>(values);
        using ScratchLease tapMemory = Scratch.Rent<nint>(taps);
        using ScratchLease bodies = Scratch.Rent((clears ? kernel : residues) * sizeof(Residue));
        StridedDataGradient<T, TVec> body = new() { _residues = (Residue*)bodies.Pointer, _cleared = clears ? dx : null, _unitSize = unit };
        (values, taps) = (0, 0);
        for (nint i = 0; i < residues; i++)
        {
            Correlation task = Correlation.BackwardData(g, (int)(i / columns), (int)(i % columns));
            if (task.OutPlane == 0 || (clears && task.Taps == 0))
            {
                continue;
            }
            body._residues[body._count++] = new(task, Grid(g, (int)(i / columns), (int)(i % columns)), dy, w, dx, pool, valueMemory.As<T>() + values, tapMemory.As<nint>() + taps);
            values += Residue.PreparedValues(task);
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

    /// <summary>The correlation of one residue, in the way that suits it.</summary>
    private readonly struct Residue
    {
        private readonly DirectConvolution<T, TVec> _direct;
        private readonly PanelConvolution<T, TVec> _panels;
        private readonly bool _usesPanels;

        public Residue(in Correlation task, in OutputGrid grid, T* dy, T* w, T* dx, WorkerPool pool, T* values, nint* offsets)
        {
            _usesPanels = PanelConvolution<T, TVec>.Suits(task);
            if (_usesPanels)
            {
                _panels = PanelConvolution<T, TVec>.Prepare(task, grid, dy, w, dx, null, relu: false, pool, threads: 1, together: 1, values, offsets);
            }
            else
            {
                _direct = DirectConvolution<T, TVec>.Prepare(task, grid, dy, w, dx, null, relu: false, pool, threads: 1, values, offsets);
            }
        }

        public static nint PreparedValues(in Correlation task)
            => PanelConvolution<T, TVec>.Suits(task) ? PanelConvolution<T, TVec>.PreparedValues(task) : DirectConvolution<T, TVec>.PreparedValues(task);

        public void Run(int unit, int worker)
        {
            int items = _usesPanels ? _panels.ItemsOfUnit : _direct.ItemsOfUnit;
            for (int item = unit * items; item < (unit + 1) * items; item++)
            {
                if (_usesPanels)
                {
                    _panels.Run(item, worker);
                }
                else
                {
                    _direct.Run(item, worker);
                }
            }
        }
    }

    private static OutputGrid Grid(in ConvGeometry g, int row, int column)
        => new((nint)g.InHeight * g.InWidth, (nint)row * g.InWidth + column, (nint)g.StrideH * g.InWidth, g.StrideW);
}
