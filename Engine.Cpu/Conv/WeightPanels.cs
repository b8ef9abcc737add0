using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Weights of a correlation as the left operand of a matrix product: [group][block of terms][panel of output channels][term][channel of the panel].</summary>
/// <remarks>Each panel is packed on its own; many weights are packed by all threads.</remarks>
internal unsafe struct WeightPanels<T, TVec> : IParallelBody
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Weights that one thread packs in 10 µs and more; fewer are not worth waking another.</summary>
    private const nint ParallelWeights = 1 << 16;

    private Correlation _task;
    private TermBlocks _blocks;
    private T* _weights, _bias, _packed;

    private static int PanelRows => GemmKernels<T, TVec>.PanelRows;

    /// <summary>Panels of a group's output channels; the last is padded.</summary>
    public static int Panels(in Correlation task) => (task.OutChannels + PanelRows - 1) / PanelRows;

    /// <summary>Elements of one group.</summary>
    public static nint GroupSize(in Correlation task, in TermBlocks blocks) => (nint)Panels(task) * PanelRows * blocks.Terms;

    /// <summary>Packs all groups; <paramref name="bias"/> is a term if the blocks have one.</summary>
    public static void Pack(in Correlation task, in TermBlocks blocks, T* weights, T* bias, T* packed, WorkerPool pool)
    {
        WeightPanels<T, TVec> body = new() { _task = task, _blocks = blocks, _weights = weights, _bias = bias, _packed = packed };
        int parts = task.Groups * Panels(task);
        if ((nint)task.Groups * task.OutChannels * task.Taps >= ParallelWeights)
        {
            pool.Run(parts, ref body);
            return;
        }

        for (int part = 0; part < parts; part++)
        {
            body.Run(part, 0);
        }
    }

    /// <summary>Packs one panel of one group.</summary>
    public readonly void Run(int part, int worker)
    {
        int panels = Panels(_task), group = part / panels, panel = part % panels, row = panel * PanelRows, rows = Math.Min(PanelRows, _task.OutChannels - row);
        T* weights = _weights + group * _task.WeightGroupStride + row * _task.WeightOutStride, packed = _packed + group * GroupSize(_task, _blocks);
        for (int block = 0; block < _blocks.Chunks * _blocks.Splits; block++)
        {
            int first = _blocks.FirstTap(block), terms = _blocks.TermsOf(block), taps = _blocks.FirstTap(block + 1) - first;
            T* target = packed + ((nint)panels * _blocks.FirstTerm(block) + (nint)panel * terms) * PanelRows;
            if (terms > taps)
            {
                for (int m = 0; m < PanelRows; m++)
                {
                    *target++ = m < rows ? _bias[group * _task.OutChannels + row + m] : T.Zero;
                }
            }

            PackTaps(weights, rows, first, taps, target);
        }
    }

    private readonly void PackTaps(T* weights, int rows, int first, int taps, T* target)
    {
        TapAxis down = _task.Rows, across = _task.Columns;
        int channelTaps = down.Count * across.Count;
        bool isWhole = down is { FirstTap: 0, TapStep: 1 } && across is { FirstTap: 0, TapStep: 1 } && across.Count == _task.KernelWidth;
        if (isWhole && (channelTaps == 1 || _task.WeightInStride == channelTaps))
        {
            // The taps of an output channel are in arithmetic progression.
            nint along = channelTaps == 1 ? _task.WeightInStride : 1;
            GemmPacking.Pack(target, PanelRows, weights + first * along, _task.WeightOutStride, along, rows, taps);
            return;
        }

        if (rows < PanelRows)
        {
            new Span<T>(target, taps * PanelRows).Clear();
        }
        Gather(weights, rows, first, first + taps, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Gather(T* weights, int rows, int first, int end, T* target)
    {
        int across = _task.Columns.Count, channelTaps = _task.Rows.Count * across, height = PanelRows;
        nint step = _task.WeightOutStride;
        for (int tap = first; tap < end; tap++, target += height)
        {
            int c = tap / channelTaps, i = tap % channelTaps / across, j = tap % across;
            T* from = weights + c * _task.WeightInStride
                + (nint)(_task.Rows.FirstTap + i * _task.Rows.TapStep) * _task.KernelWidth + _task.Columns.FirstTap + j * _task.Columns.TapStep;
            for (int m = 0; m < rows; m++)
            {
                target[m] = from[m * step];
            }
        }
    }
}
