using NUnit.Framework;

namespace Engine.Tests.Capture;

internal sealed class CaptureLifecycleTests
{
    private static readonly CaptureState[][] s_paths =
    [
        [],
        [CaptureState.WarmingUp],
        [CaptureState.Recording],
        [CaptureState.Recording, CaptureState.Ready],
        [CaptureState.Ready, CaptureState.Replaying],
        [CaptureState.WarmingUp, CaptureState.Failed],
        [CaptureState.Disposed],
    ];

    private static readonly Dictionary<CaptureState, CaptureState[]> s_allowed = new()
    {
        [CaptureState.Pending] = [CaptureState.WarmingUp, CaptureState.Recording, CaptureState.Ready, CaptureState.Disposed],
        [CaptureState.WarmingUp] = [CaptureState.Pending, CaptureState.Failed],
        [CaptureState.Recording] = [CaptureState.Ready, CaptureState.Failed],
        [CaptureState.Ready] = [CaptureState.Replaying, CaptureState.Disposed],
        [CaptureState.Replaying] = [CaptureState.Ready, CaptureState.Failed],
        [CaptureState.Failed] = [CaptureState.Disposed],
        [CaptureState.Disposed] = [],
    };

    [Test]
    public void MoveTo_EveryPair_IsAllowedOrChangesNothing()
    {
        foreach (CaptureState[] path in s_paths)
        {
            foreach (CaptureState next in Enum.GetValues<CaptureState>())
            {
                CaptureLifecycle lifecycle = new();
                foreach (CaptureState state in path)
                {
                    lifecycle.MoveTo(state);
                }
                CaptureState from = lifecycle.State;
                if (s_allowed[from].Contains(next))
                {
                    lifecycle.MoveTo(next);
                    Assert.That(lifecycle.State, Is.EqualTo(next), $"{from} to {next}");
                }
                else
                {
                    Assert.That(
                        () => lifecycle.MoveTo(next), from == CaptureState.Disposed ? Throws.TypeOf<ObjectDisposedException>() : Throws.TypeOf<CaptureException>(), $"{from} to {next}");
                    Assert.That(lifecycle.State, Is.EqualTo(from), $"{from} to {next}");
                }
            }
        }
    }

    [Test]
    public void Paths_ReachEveryState() => Assert.That(
        s_paths.Select(static p => p.LastOrDefault()).Distinct(), Is.EquivalentTo(Enum.GetValues<CaptureState>()));
}
