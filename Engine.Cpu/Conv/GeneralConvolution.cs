using System.Numerics;

namespace Engine.Cpu;

/// <summary>A correlation of any geometry into any <see cref="OutputGrid"/>: over panels where there are channels enough, else by direct sums.</summary>
internal readonly unsafe struct GeneralConvolution<T, TVec>
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    private readonly DirectConvolution<T, TVec> _direct;
    private readonly PanelConvolution<T, TVec> _panels;
    private readonly bool _usesPanels;

    /// <summary>
    /// Packs the weights into <paramref name="values"/> (<see cref="PreparedValues"/> of them) and lists the taps in <paramref name="offsets"/>, one for each, for <see cref="Run(int, int)"/>.
    /// </summary>
    public GeneralConvolution(in Correlation task, in OutputGrid grid, T* input, T* weights, T* output, WorkerPool pool, T* values, nint* offsets)
    {
        _usesPanels = PanelConvolution<T, TVec>.Suits(task);
        if (_usesPanels)
        {
            _panels = PanelConvolution<T, TVec>.Prepare(task, grid, input, weights, output, null, relu: false, pool, threads: 1, together: 1, values, offsets);
        }
        else
        {
            _direct = DirectConvolution<T, TVec>.Prepare(task, grid, input, weights, output, null, relu: false, pool, threads: 1, values, offsets);
        }
    }

    /// <summary>Values that the constructor needs for packed weights.</summary>
    public static nint PreparedValues(in Correlation task)
        => PanelConvolution<T, TVec>.Suits(task) ? PanelConvolution<T, TVec>.PreparedValues(task) : DirectConvolution<T, TVec>.PreparedValues(task);

    /// <summary>Computes all images on all threads; without a <paramref name="bias"/> sums start at 0.</summary>
    public static void Run(in Correlation task, in OutputGrid grid, T* input, T* weights, T* output, T* bias, bool relu, WorkerPool pool)
    {
        if (PanelConvolution<T, TVec>.Suits(task))
        {
            PanelConvolution<T, TVec>.Run(task, grid, input, weights, output, bias, relu, pool);
        }
        else
        {
            DirectConvolution<T, TVec>.Run(task, grid, input, weights, output, bias, relu, pool);
        }
    }

    /// <summary>Computes one image and group on the calling thread.</summary>
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
