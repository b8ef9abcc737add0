namespace Engine.Nn;

// The optimizer's part in a captured step.
public abstract partial class Optimizer
{
    /// <summary>
    /// While a step is recorded, the memory from which its replays read the hyper-parameters of an update; null where the step computes at
    /// once and takes them by value.
    /// </summary>
    /// <remarks>
    /// Recording counts no step. Each replay does: <see cref="RecordedUpdate.Fill"/> moves the counts on and computes the values before the
    /// recorded work starts, so that learning rates, schedules and bias corrections hold as if <see cref="Step()"/> had been called.
    /// </remarks>
    private Tensor? Recorded(Update update, CapturePass pass)
    {
        if (pass.Device != update.Device)
        {
            throw new CaptureException($"{GetType().Name}: parameters are on {update.Device}, the step is captured on {pass.Device}. Move the model there.");
        }

        RecordedUpdate recorded = new(this, update);
        return pass.ReplayValues(MostHyperParameters, update.ComputeType, recorded.Fill, recorded.Check);
    }

    private CaptureException Changed(Slot slot, string change) =>
        new($"{GetType().Name}: since the step was captured, parameter '{slot.Name}' {slot.Parameter.Shape} {change}. Capture the step again.");

    /// <summary>The parameters of a recorded update, and the memory that it relies on.</summary>
    private sealed class RecordedUpdate(Optimizer optimizer, Update update)
    {
        private readonly ParameterGroup _group = update.Group;
        private readonly (Slot Slot, Storage Memory, Storage? State)[] _slots =
            [.. update.Slots.Select(static s => (s, s.Parameter.Storage, StateOf(s)))];

        // Known to all updates of a step, so that the first of them finds out.
        private readonly Slot[] _frozen = [.. optimizer._slots.Where(static s => !s.Parameter.RequiresGrad)];

        /// <summary>Counts the step that is about to be replayed and writes its hyper-parameters.</summary>
        public void Fill(Span<double> hyper)
        {
            long step = _slots[0].Slot.Steps + 1;
            foreach ((Slot slot, _, _) in _slots)
            {
                slot.Steps = step;
            }

            optimizer.SetHyperParameters(_group, step, hyper);
        }

        /// <summary>Refuses a replay that would update other memory, or other parameters, than <see cref="Step()"/> would.</summary>
        public void Check()
        {
            foreach ((Slot slot, Storage memory, Storage? state) in _slots)
            {
                string? change =
                    slot.Parameter.IsDisposed || slot.Parameter.Storage != memory ? "has moved to other memory"
                    : StateOf(slot) != state ? "has other state"
                    : !slot.Parameter.RequiresGrad ? "no longer requires a gradient"
                    : slot.Steps != _slots[0].Slot.Steps ? $"has had {slot.Steps} steps, others {_slots[0].Slot.Steps}"
                    : null;
                if (change is not null)
                {
                    throw optimizer.Changed(slot, change);
                }
            }

            if (Array.Find(_frozen, static s => s.Parameter.RequiresGrad) is { } thawed)
            {
                throw optimizer.Changed(thawed, "has come to require a gradient");
            }
        }

        /// <summary>The last state tensor's memory: all are made and moved together.</summary>
        private static Storage? StateOf(Slot slot) => slot.Outputs.Length > 1 ? slot.Outputs[^1].Storage : null;
    }
}
