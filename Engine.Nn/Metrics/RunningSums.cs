namespace Engine.Nn;

/// <summary>Several sums that stay on the device, each as <see cref="RunningSum"/> adds it.</summary>
internal sealed class RunningSums(int count)
{
    private readonly Tensor[] _outputs = new Tensor[2];

    /// <summary>Adds a tensor [count].</summary>
    public void Add(Tensor x)
    {
        if (_outputs[0]?.Device != x.Device)
        {
            using TensorScope outside = TensorScope.Suspend();
            for (int i = 0; i < 2; i++)
            {
                Tensor? before = _outputs[i];
                _outputs[i] = before?.To(x.Device).Clone() ?? Tensor.Zeros([count], device: x.Device);
                before?.Dispose();
            }
        }

        Pointwise.Into(_outputs, RunningSum.Adding, [_outputs[0], _outputs[1], x], [1]);
    }

    /// <summary>The sums; waits for the device.</summary>
    public double[] Read() => _outputs[0] is null ? new double[count] : [.. _outputs[0].ToArray<double>().Zip(_outputs[1].ToArray<double>(), static (sum, excess) => sum - excess)];

    public void Reset()
    {
        foreach (Tensor? output in _outputs)
        {
            output?.ZeroInPlace();
        }
    }

    public void Save(TrainingState state, string name)
    {
        if (_outputs[0] is not null)
        {
            state.Add(name, _outputs[0]);
            state.Add(name + "_excess", _outputs[1]);
        }
    }

    public void Load(TrainingState state, string name)
    {
        Reset();
        for (int i = 0; i < 2 && state.Contains(name); i++)
        {
            using TensorScope outside = TensorScope.Suspend();
            Tensor saved = state.Tensor(i == 0 ? name : name + "_excess");
            _outputs[i]?.Dispose();
            _outputs[i] = saved.Shape == new Shape(count) && saved.DType == DType.Float32
                ? saved.Clone()
                : throw new ModelFileException($"The sums '{name}' are {saved.DType.ShortName()} {saved.Shape}; they should be f32 [{count}].");
        }
    }
}
