using System.Runtime.InteropServices;

namespace Engine.Cpu;

/// <summary>Numbers of parts that nobody has begun: their owner takes them from the beginning, other threads from the end. Alone on its cache lines.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct PartRange
{
    /// <summary>The next part in the lower half, the end in the upper one, so that both change at once.</summary>
    [FieldOffset(128)]
    private long _range;

    /// <summary>Parts [<paramref name="first"/>, <paramref name="end"/>); whoever sees them also sees what was written before.</summary>
    public void Fill(int first, int end) => Volatile.Write(ref _range, Pack(first, end));

    /// <summary>Takes the next part, as its owner does.</summary>
    public bool TryTakeFirst(out int part) => TryTake(isLast: false, out part);

    /// <summary>Takes the last part, as other threads do.</summary>
    public bool TryTakeLast(out int part) => TryTake(isLast: true, out part);

    private bool TryTake(bool isLast, out int part)
    {
        long range = Volatile.Read(ref _range);
        while (true)
        {
            (int next, int end) = Unpack(range);
            part = isLast ? end - 1 : next;
            if (next >= end)
            {
                return false;
            }
            long seen = Interlocked.CompareExchange(ref _range, isLast ? Pack(next, end - 1) : Pack(next + 1, end), range);
            if (seen == range)
            {
                return true;
            }
            range = seen;
        }
    }

    private static long Pack(int next, int end) => ((long)end << 32) | (uint)next;

    private static (int Next, int End) Unpack(long range) => ((int)range, (int)(range >> 32));
}
