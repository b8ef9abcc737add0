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

    /// <summary>Output channels of a panel: two vectors, the width of the matrix product's tiles.</summary>
    public static int PanelChannels => 2 * TVec.Count;

    /// <summary>Panels of a group.</summary>
    public int Panels => (_task.OutChannels + PanelChannels - 1) / PanelChannels;

    /// <summary>Transforms the input channels [firstIn, firstIn + channels) of one panel; missing output channels become zeros.</summary>
    public void Run(int group, int panel, int firstIn, int channels, T* target, nint pointPitch)
    {
        T* taps = stackalloc T[9 * TVec.Count];
        T* ordered = stackalloc T[9 * TVec.Count];
        T* buffer = stackalloc T[18 * TVec.Count];
        for (int half = 0; half < PanelChannels; half += TVec.Count)
        {
            int first = panel * PanelChannels + half, valid = Math.Clamp(_task.OutChannels - first, 0, TVec.Count);
            T* source = _weights + group * _task.WeightGroupStride + first * _task.WeightOutStride + firstIn * _task.WeightInStride;
            if (valid < TVec.Count)
            {
                new Span<T>(taps, 9 * TVec.Count).Clear();
            }
            for (int c = 0; c < channels; c++)
            {
                Transpose<T, TVec>.Copy(source + c * _task.WeightInStride, _task.WeightOutStride, valid, 9, taps, TVec.Count);
                Order(taps, ordered);
                WinogradTransform<T, TVec>.Run<WinogradTransform<T, TVec>.Filter>(
                    ordered, 3 * TVec.Count, TVec.Count, target + (nint)c * PanelChannels + half, 6 * pointPitch, pointPitch, buffer);
            }
        }
    }

    /// <summary>Tap (i, j) is the one at distance i, j: for a gradient to the input the filter is turned around.</summary>
    private void Order(T* taps, T* ordered)
    {
        for (int i = 0; i < 3; i++)
        {
            for (int j = 0; j < 3; j++)
            {
                int element = (_task.Rows.FirstTap + i * _task.Rows.TapStep) * 3 + _task.Columns.FirstTap + j * _task.Columns.TapStep;
                TVec.Load(taps + element * TVec.Count).Store(ordered + (3 * _task.Rows.Distance(i) + _task.Columns.Distance(j)) * TVec.Count);
            }
        }
    }
}
