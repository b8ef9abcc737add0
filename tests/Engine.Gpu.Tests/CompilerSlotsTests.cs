using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>How many kernels are compiled at a time.</summary>
[TestFixture]
internal sealed class CompilerSlotsTests
{
    [TestCase("1", 1)]
    [TestCase("2", 2)]
    public void Compile_WithALimit_NeverExceedsIt(string setting, int most)
    {
        int now = 0, peak = 0;
        using ScriptedDriver driver = new()
        {
            Compiling = _ =>
            {
                int count = Interlocked.Increment(ref now);
                InterlockedMax(ref peak, count);
                Thread.Sleep(5);
                Interlocked.Decrement(ref now);
            },
        };
        KernelCache kernels = new(driver, disk: null, CompilerSlots.FromSetting(setting), driver.Target);
        KernelEntry[] entries = [.. Enumerable.Range(0, 12).Select(i => kernels.Find(new Numbered(i), compilesAhead: true))];
        Parallel.ForEach(entries, static entry => entry.Wait());
        Assert.That(peak, Is.InRange(1, most));
        Assert.That(kernels.Count, Is.EqualTo(12));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("many")]
    [TestCase("0")]
    public void FromSetting_NoNumber_LimitsNothing(string? setting)
    {
        CompilerSlots slots = CompilerSlots.FromSetting(setting);
        Task twice = Task.Run(() =>
        {
            using CompilerSlots.Slot first = slots.Enter(), second = slots.Enter();
        });
        Assert.That(twice.Wait(TimeSpan.FromSeconds(30)), Is.True, "the second waits for the first");
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref target);
        }
        while (value > seen && Interlocked.CompareExchange(ref target, value, seen) != seen);
    }

    private readonly record struct Numbered(int Number) : IKernelDefinition
    {
        public Kernel Build(GpuTarget target) => new KernelBuilder($"k{Number}", target, 64).Build();
    }
}
