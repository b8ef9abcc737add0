namespace Engine.Nn;

/// <summary>The types, shapes and names of a batch's tensors, which a recorded step relies on.</summary>
internal sealed class BatchForm(Batch batch)
{
    private readonly Part _inputs = new(batch.AllInputs);
    private readonly Part _targets = new(batch.AllTargets);
    private readonly Part _weights = new(batch.Weights);

    /// <summary>Whether another batch has the same.</summary>
    public bool Fits(Batch other) => _inputs.Fits(other.AllInputs) && _targets.Fits(other.AllTargets) && _weights.Fits(other.Weights);

    private sealed class Part(Tensors tensors)
    {
        private readonly (Shape Shape, DType Type)[] _tensors = [.. tensors.AsEnumerable().Select(static t => (t.Shape, t.DType))];
        private readonly string[] _names = [.. tensors.Names];

        public bool Fits(Tensors other)
        {
            if (other.Count != _tensors.Length)
            {
                return false;
            }

            for (int i = 0; i < _tensors.Length; i++)
            {
                if (other[i].DType != _tensors[i].Type || other[i].Shape != _tensors[i].Shape)
                {
                    return false;
                }
            }

            return _names.AsSpan().SequenceEqual([.. other.Names]);
        }
    }
}
