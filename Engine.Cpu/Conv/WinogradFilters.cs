using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>Transforms filters to panels [input channel][output channel of the panel], one for each point.</summary>
internal readonly unsafe struct WinogradFilters<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    private readonly Correlation _task;
    private readonly T* _weights;

    /// <summary>The filters of all groups.</summary>
    public WinogradFilters(in Correlation task, T* weights)
    {
        _task = task;
        _weights = weights;
    }

    /// <summary>Output channels of a panel: two vectors, so that 64 channels leave none over.</summary>
    public static int PanelChannels => 2 * TVec.Count;

    /// <summary>Panels of a group.</summary>
    public int Panels => (_task.OutChannels + PanelChannels - 1) / PanelChannels;

    /// <summary>Input channels whose taps are brought side by side at a time: whole squares of the transposition, and few enough for the first-level cache.</summary>
    public static int ChannelsAtATime => TVec.Count;

    /// <summary>Transforms the input channels [firstIn, firstIn + channels) of one panel; missing output channels become zeros.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int group, int panel, int firstIn, int channels, T* target, nint pointPitch)
    {
        int first = panel * PanelChannels, valid = Math.Min(PanelChannels, _task.OutChannels - first), size = 9 * ChannelsAtATime * PanelChannels;
        T* source = _weights + group * _task.WeightGroupStride + first * _task.WeightOutStride + firstIn * _task.WeightInStride;
        T* taps = stackalloc T[size];
        if (valid < PanelChannels)
        {
            new Span<T>(taps, size).Clear();
        }

        // The tap at distance (0, 0) and the ways to the next: for a gradient to the input the filter is turned around.
        nint tap = PanelChannels, row = 3 * tap * _task.Rows.OffsetStep, column = tap * _task.Columns.OffsetStep;
        T* origin = taps + (row < 0 ? 6 : 0) * tap + (column < 0 ? 2 : 0) * tap;
        for (int c = 0; c < channels; c += ChannelsAtATime)
        {
            int some = Math.Min(ChannelsAtATime, channels - c);
            Read(source + c * _task.WeightInStride, some, valid, taps);
            for (int i = 0; i < some; i++)
            {
                Fetch(source + (c + ChannelsAtATime) * _task.WeightInStride, i);
                T* from = origin + 9 * i * tap, to = target + (c + i) * tap;
                for (int half = 0; half < PanelChannels; half += TVec.Count)
                {
                    WinogradTransform<T, TVec>.RunFilter(from + half, row, column, to + half, 6 * pointPitch, pointPitch);
                }
            }
        }
    }

    /// <summary>
    /// Fetches a share of the filters that are read next while these are transformed, which leaves memory idle; they lie in as many pages as a panel has channels, which the processor's
    /// own prefetching does not follow. The address may lie outside of the tensor.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Fetch(T* next, int share)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        if (_task.WeightInStride == 9)
        {
            int rows = PanelChannels / ChannelsAtATime;
            for (int i = share * rows; i < (share + 1) * rows; i++)
            {
                FetchRow((byte*)(next + i * _task.WeightOutStride), 9 * ChannelsAtATime * sizeof(T));
            }
        }
        else if (_task.WeightOutStride == 9)
        {
            FetchRow((byte*)(next + share * _task.WeightInStride), 9 * PanelChannels * sizeof(T));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchRow(byte* row, int bytes)
    {
        for (int at = 0; at < bytes; at += CacheSizes.Line)
        {
            Sse.Prefetch0(row + at);
        }
    }

    /// <summary>Brings the output channels of each tap side by side: [input channel][tap][output channel of the panel].</summary>
    private void Read(T* source, int channels, int valid, T* taps)
    {
        if (_task.WeightInStride == 9)
        {
            // The filters of neighbouring input channels follow each other: one long matrix, without an odd column after each nine.
            Transpose<T, TVec>.Copy(source, _task.WeightOutStride, valid, 9 * channels, taps, PanelChannels);
            return;
        }

        for (int c = 0; c < channels; c++, source += _task.WeightInStride, taps += 9 * PanelChannels)
        {
            Transpose<T, TVec>.Copy(source, _task.WeightOutStride, valid, 9, taps, PanelChannels);
        }
    }
}
