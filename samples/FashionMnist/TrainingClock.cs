using System.Diagnostics;
using Engine.Nn;

namespace FashionMnistSample;

/// <summary>Adds up the time of the training steps; what lies between two epochs, evaluation and checkpoints, does not count.</summary>
internal sealed class TrainingClock : Callback
{
    private long _last;

    public double Seconds { get; private set; }

    public override void OnEpochBegin(TrainingContext context) => _last = Stopwatch.GetTimestamp();

    public override void OnStepEnd(TrainingContext context)
    {
        long now = Stopwatch.GetTimestamp();
        Seconds += Stopwatch.GetElapsedTime(_last, now).TotalSeconds;
        _last = now;
    }

    // A resumed run adds to the time that it had taken before.
    public override void Save(TrainingState state) => state.Set("seconds", Seconds);

    public override void Load(TrainingState state) => Seconds = state.Number("seconds");
}
