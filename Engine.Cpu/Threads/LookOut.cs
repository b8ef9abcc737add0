using System.Diagnostics;

namespace Engine.Cpu;

/// <summary>
/// How long the idle threads of a pool look out for work before they park: long while nobody else wants their processors, briefly where someone does.
/// </summary>
/// <remarks>
/// Waking a parked thread costs more than a small kernel, but a thread that looks out takes a processor from whoever could use it: another
/// part of the host, or a thread of this very pool. After <see cref="BriefMicroseconds"/> it therefore offers its processor at every turn. If
/// somebody took it, the turn is long, and for <see cref="CalmMilliseconds"/> all threads of the pool look out briefly.
/// </remarks>
internal sealed class LookOut
{
    /// <summary>Longer than the pauses within a training step.</summary>
    public const int LongMicroseconds = 2_000;

    /// <summary>About what waking a parked thread takes.</summary>
    public const int BriefMicroseconds = 50;

    /// <summary>A turn as long as this is one in which the thread did not run: a tenth of what a scheduler gives to a thread at once, a thousand turns.</summary>
    public const int TakenMicroseconds = 300;

    /// <summary>How long others are taken to want the processors after they have been seen once. Finding out again costs less than a hundredth of it.</summary>
    public const int CalmMilliseconds = 200;

    private static readonly long s_long = Ticks(LongMicroseconds);
    private static readonly long s_brief = Ticks(BriefMicroseconds);
    private static readonly long s_taken = Ticks(TakenMicroseconds);
    private static readonly long s_calm = Ticks(1_000 * CalmMilliseconds);

    private long _briefUntil = long.MinValue;

    /// <summary>Waits for a moment.</summary>
    /// <param name="start">When the thread became idle, in ticks of <see cref="Stopwatch"/>.</param>
    /// <param name="last">When its last turn ended; moved on to the end of this one.</param>
    /// <returns>Whether to look out further; otherwise the thread should park.</returns>
    public bool Turn(long start, ref long last)
    {
        if (last - start < s_brief)
        {
            Thread.SpinWait(4);
        }
        else
        {
            Thread.Yield();
        }
        return GoesOn(start, ref last, Stopwatch.GetTimestamp());
    }

    /// <summary>Whether to look out further after a turn that ended at <paramref name="now"/>.</summary>
    internal bool GoesOn(long start, ref long last, long now)
    {
        if (now - last > s_taken)
        {
            Volatile.Write(ref _briefUntil, now + s_calm);
        }
        last = now;
        return now - start < (now < Volatile.Read(ref _briefUntil) ? s_brief : s_long);
    }

    private static long Ticks(int microseconds) => Math.Max(1, Stopwatch.Frequency * microseconds / 1_000_000);
}
