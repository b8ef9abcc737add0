namespace Engine.Nn;

/// <summary>All batches of an epoch, [samples, columns], in the device's memory until somebody asks for them.</summary>
internal sealed class KeptBatches
{
    private readonly List<(Tensor Scores, Tensor Targets)> _batches = [];

    /// <summary>Whether no sample has been kept.</summary>
    public bool IsEmpty => _batches.Count == 0;

    /// <summary>The number of columns of the scores; 0 if there are none.</summary>
    public int Columns => IsEmpty ? 0 : _batches[0].Scores.Shape[1];

    /// <summary>The number of columns of the targets; 0 if there are none.</summary>
    public int TargetColumns => IsEmpty ? 0 : _batches[0].Targets.Shape[1];

    /// <summary>Keeps copies of a batch.</summary>
    public void Add(Tensor scores, Tensor targets)
    {
        if (scores.Shape[0] == 0)
        {
            return;
        }

        if (!IsEmpty && (scores.Shape[1] != Columns || targets.Shape[1] != _batches[0].Targets.Shape[1]))
        {
            throw new ShapeMismatchException($"A batch has {scores.Shape[1]} columns of scores and {targets.Shape[1]} of targets; those before had {Columns} and {_batches[0].Targets.Shape[1]}.");
        }

        using TensorScope outside = TensorScope.Suspend();
        _batches.Add((scores.Detach().Clone(), targets.Detach().Clone()));
    }

    /// <summary>All scores, row by row; waits for the device.</summary>
    public double[] Scores() => [.. _batches.SelectMany(static b => b.Scores.ToArray<double>())];

    /// <summary>All targets, row by row; waits for the device.</summary>
    public double[] Targets() => [.. _batches.SelectMany(static b => b.Targets.ToArray<double>())];

    public void Reset()
    {
        foreach ((Tensor scores, Tensor targets) in _batches)
        {
            scores.Dispose();
            targets.Dispose();
        }

        _batches.Clear();
    }

    public void Save(TrainingState state)
    {
        if (!IsEmpty)
        {
            Join();
            state.Add("scores", _batches[0].Scores);
            state.Add("targets", _batches[0].Targets);
        }
    }

    public void Load(TrainingState state)
    {
        Reset();
        if (!state.Contains("scores"))
        {
            return;
        }

        (Tensor scores, Tensor targets) = (state.Tensor("scores"), state.Tensor("targets"));
        if (scores.Rank != 2 || targets.Rank != 2 || scores.Shape[0] != targets.Shape[0])
        {
            throw new ModelFileException($"The scores are {scores.Shape} and the targets {targets.Shape}; both should be [samples, columns].");
        }

        Add(scores, targets);
    }

    /// <summary>All batches as one, of the type and on the device of the last.</summary>
    private void Join()
    {
        if (_batches.Count == 1)
        {
            return;
        }

        using TensorScope outside = TensorScope.Suspend();
        (Tensor lastScores, Tensor lastTargets) = _batches[^1];
        Tensor scores = Joined(_batches.Select(static b => b.Scores), lastScores), targets = Joined(_batches.Select(static b => b.Targets), lastTargets);
        (Tensor, Tensor) all = (scores, targets);
        Reset();
        _batches.Add(all);

        static Tensor Joined(IEnumerable<Tensor> parts, Tensor like) => Tensor.Concat([.. parts.Select(p => p.To(like.Device).To(like.DType))]);
    }
}
