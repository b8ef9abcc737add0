namespace Engine.Nn;

/// <summary>Refuses trainers that continue the training of another one, where each run has to begin anew.</summary>
internal sealed class FreshTrainers(string op, string run)
{
    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);

    public Trainer Check(Trainer? made)
    {
        Trainer trainer = Guard.Returned(made, op, "the function");
        if (trainer.Step > 0)
        {
            throw new InvalidOperationException($"{op}: the trainer has trained {trainer.Step} steps before its {run}. Make a new one, with a new model, each time.");
        }

        // A new model around the old layers is no new one either. Callbacks without state may be shared.
        IEnumerable<Callback> callbacks = trainer.Callbacks.Where(HasState);
        if (trainer.Model.Parameters.Append<object>(trainer.Optimizer).Concat(callbacks).Any(part => !_seen.Add(part)))
        {
            throw new InvalidOperationException($"{op}: the trainer shares its model, optimizer or a callback with that of another {run}, and would go on with what it has learned. Make new ones each time.");
        }

        return trainer;
    }

    private static bool HasState(Callback callback)
    {
        TrainingState state = new();
        callback.Save(state);
        return state.Values.Count > 0 || state.Tensors.Any();
    }
}
