namespace Engine.Nn;

// Saving and resuming.
public sealed partial class Lbfgs
{
    /// <inheritdoc/>
    public override void Save(TrainingState state)
    {
        base.Save(state);
        state.Set("n_iter", Iterations);
        state.Set("func_evals", Evaluations);
        state.Set("t", _step);
        state.Set("H_diag", _history.Scale);
        state.Set("history", (long)_history.Pairs.Count);
        if (_direction is not null)
        {
            state.Add("d", _direction);
            state.Add("prev_flat_grad", _gradient!);
        }

        for (int i = 0; i < _history.Pairs.Count; i++)
        {
            state.Add($"old_stps/{i}", _history.Pairs[i].Step);
            state.Add($"old_dirs/{i}", _history.Pairs[i].Change);
        }
    }

    /// <inheritdoc/>
    internal override Action PrepareLoad(TrainingState state)
    {
        Action loadBase = base.PrepareLoad(state);
        (long iterations, long evaluations, int pairs) = (state.Count("n_iter"), state.Count("func_evals"), (int)state.Count("history", _historySize));
        (double step, double scale) = (state.Number("t"), state.Number("H_diag"));
        if (!double.IsFinite(step) || !(scale > 0 && double.IsFinite(scale)))
        {
            throw new ModelFileException($"The optimizer's state has the step {step} and the scale {scale}; both must be finite, and the scale positive.");
        }

        bool hasDirection = state.Contains("d");
        string[] names = [.. hasDirection ? ["d", "prev_flat_grad"] : Array.Empty<string>(), .. Enumerable.Range(0, pairs).SelectMany(static i => new[] { $"old_stps/{i}", $"old_dirs/{i}" })];
        foreach (string name in names)
        {
            if (state.Tensor(name).Shape != new Shape(_count))
            {
                throw new ModelFileException($"The optimizer's state '{name}' is {state.Tensor(name).Shape}; all parameters together have {_count} elements.");
            }
        }

        return () =>
        {
            loadBase();
            (Iterations, Evaluations, _step) = (iterations, evaluations, step);
            using TensorScope outside = TensorScope.Suspend();
            using GradMode.Scope mode = GradMode.Off();
            Device device = _parameters[0].Device;
            _direction?.Dispose();
            _gradient?.Dispose();
            (_direction, _gradient) = hasDirection ? (Own("d"), Own("prev_flat_grad")) : (null, null);
            _history.Clear();
            for (int i = 0; i < pairs; i++)
            {
                _history.Restore(Own($"old_stps/{i}"), Own($"old_dirs/{i}"));
            }

            _history.Scale = scale;

            Tensor Own(string name) => state.Tensor(name).To(ComputeType).To(device).Clone();
        };
    }
}
