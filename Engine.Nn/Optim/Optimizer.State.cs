using System.Text.Json.Nodes;

namespace Engine.Nn;

// Saving and resuming.
public abstract partial class Optimizer
{
    /// <summary>Writes the state that the next step depends on. The tensors are referred to, not copied.</summary>
    public virtual void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Values["optimizer"] = GetType().Name;
        state.Set("learning_rate", LearningRate);
        JsonObject steps = [];
        foreach (Slot slot in _slots)
        {
            if (slot.Steps == 0)
            {
                continue;
            }

            steps[slot.Name] = slot.Steps;
            IReadOnlyList<string> names = StateNamesOf(slot.Parameter.Shape);
            for (int i = 0; i < names.Count; i++)
            {
                state.Add($"{slot.Name}/{names[i]}", slot.Outputs[1 + i]);
            }
        }

        state.Values["steps"] = steps;
    }

    /// <summary>Goes to a state that <see cref="Save"/> wrote; the next step is then the same, bit by bit.</summary>
    /// <exception cref="ModelFileException">The state is another optimizer's, or of other parameters.</exception>
    public void Load(TrainingState state)
    {
        PrepareLoad(state)();
    }

    /// <summary>Checks a state; the action that it returns restores it.</summary>
    internal virtual Action PrepareLoad(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        string kind = state.Values["optimizer"] is JsonValue named && named.TryGetValue(out string? word) ? word : "nothing";
        if (kind != GetType().Name)
        {
            throw new ModelFileException($"The state is of {FileText.Escape(kind, 100)}, the optimizer is {GetType().Name}.");
        }

        JsonObject steps = state.Values["steps"] as JsonObject ?? throw new ModelFileException("The optimizer's state has no step counts.");
        Dictionary<string, long> counts = new(StringComparer.Ordinal);
        foreach ((string name, JsonNode? node) in steps)
        {
            if (!Array.Exists(_slots, s => s.Name == name))
            {
                throw new ModelFileException($"The optimizer's state has a parameter {FileText.Quote(name)} that the optimizer does not have.");
            }

            counts[name] = node is JsonValue value && value.TryGetValue(out long count) && count is > 0 and <= TrainingState.MostCount
                ? count
                : throw new ModelFileException($"The optimizer's state has no count of the steps of parameter {FileText.Quote(name)}.");
        }

        double rate = state.Number("learning_rate");
        if (!(rate >= 0 && double.IsFinite(rate)))
        {
            throw new ModelFileException($"The optimizer's state has the learning rate {rate}; it must be finite and not negative.");
        }

        foreach (Slot slot in _slots)
        {
            IReadOnlyList<string> names = counts.ContainsKey(slot.Name) ? StateNamesOf(slot.Parameter.Shape) : [];
            for (int i = 0; i < names.Count; i++)
            {
                Tensor saved = state.Tensor($"{slot.Name}/{names[i]}");
                if (saved.Shape != StateShape(slot.Parameter.Shape, i))
                {
                    throw new ModelFileException($"The optimizer's state '{slot.Name}/{names[i]}' is {saved.Shape}, the parameter {slot.Parameter.Shape}.");
                }
            }
        }

        return () => Apply(state, rate, counts);
    }

    private void Apply(TrainingState state, double rate, Dictionary<string, long> counts)
    {
        LearningRate = rate;
        foreach (Slot slot in _slots)
        {
            slot.Steps = counts.GetValueOrDefault(slot.Name);
            if (slot.Steps == 0 || !slot.HasFittingState(StateShape))
            {
                slot.Forget();
            }

            // State that is there is written over in place: captured steps go on with it.
            if (slot.Steps > 0)
            {
                Prepare(slot);
                IReadOnlyList<string> names = StateNamesOf(slot.Parameter.Shape);
                for (int i = 0; i < names.Count; i++)
                {
                    slot.Outputs[1 + i].CopyFrom(state.Tensor($"{slot.Name}/{names[i]}"));
                }
            }
        }
    }
}
