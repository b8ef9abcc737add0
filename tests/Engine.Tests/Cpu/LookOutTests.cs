using System.Diagnostics;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>With times that the test makes up, so that a busy machine changes nothing.</summary>
internal sealed class LookOutTests
{
    private const long Begin = 1_000_000_000_000;

    [Test]
    public void UndisturbedThread_LooksOutLong() => Assert.That(ParksAfter(new LookOut(), Begin), Is.EqualTo(LookOut.LongMicroseconds).Within(2));

    [Test]
    public void AfterAThreadLostItsProcessor_AllLookOutBriefly_UntilItIsCalm()
    {
        var lookOut = new LookOut();
        long last = Begin + Ticks(10);
        Assert.That(lookOut.GoesOn(Begin, ref last, last + Ticks(LookOut.TakenMicroseconds + 1)), Is.False, "it has looked out longer than briefly");

        long seen = last, calm = Ticks(1_000 * LookOut.CalmMilliseconds);
        Assert.That(ParksAfter(lookOut, seen), Is.EqualTo(LookOut.BriefMicroseconds).Within(2), "at once");
        Assert.That(ParksAfter(lookOut, seen + calm - Ticks(100)), Is.EqualTo(LookOut.BriefMicroseconds).Within(2), "shortly before the end");
        Assert.That(ParksAfter(lookOut, seen + calm), Is.EqualTo(LookOut.LongMicroseconds).Within(2), "afterwards");
    }

    [Test]
    public void TurnWithinAnInterrupt_IsNotTaken()
    {
        var lookOut = new LookOut();
        long last = Begin;
        Assert.That(lookOut.GoesOn(Begin, ref last, Begin + Ticks(LookOut.TakenMicroseconds - 1)), Is.True);
        Assert.That(last, Is.EqualTo(Begin + Ticks(LookOut.TakenMicroseconds - 1)));
    }

    /// <returns>Microseconds from <paramref name="start"/> on until it says to park, with a turn each microsecond.</returns>
    private static int ParksAfter(LookOut lookOut, long start)
    {
        long last = start;
        for (int microseconds = 1; microseconds < 100_000; microseconds++)
        {
            if (!lookOut.GoesOn(start, ref last, start + Ticks(microseconds)))
            {
                return microseconds;
            }
        }
        return -1;
    }

    private static long Ticks(int microseconds) => Stopwatch.Frequency * microseconds / 1_000_000;
}
