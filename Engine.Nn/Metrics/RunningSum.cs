namespace Engine.Nn;

/// <summary>A sum of scalars that stays on the device, with Kahan's compensation: float32 in memory, nearly as accurate as a double.</summary>
internal sealed class RunningSum
{
    // y = p0·x − c; t = s + y; c ← (t − s) − y; s ← t. c is the excess of s.
    internal static readonly MapProgram Adding = MakeAdd();

    private readonly Tensor[] _inputs = new Tensor[3];
    private readonly Tensor[] _outputs = new Tensor[2];

    // The state while there are no tensors: the device is unknown before the first value.
    private double _sum;
    private double _excess;

    private bool IsOnDevice => _outputs[0] is not null;

    /// <summary>Adds weight·x.</summary>
    public void Add(Tensor x, double weight = 1)
    {
        if (!IsOnDevice || _outputs[0].Device != x.Device)
        {
            TakeBack();
            using TensorScope outside = TensorScope.Suspend();
            _inputs[0] = _outputs[0] = Tensor.Scalar(_sum, device: x.Device);
            _inputs[1] = _outputs[1] = Tensor.Scalar(_excess, device: x.Device);
        }

        _inputs[2] = x.Reshape(Shape.Scalar);
        Pointwise.Into(_outputs, Adding, _inputs, [weight]);
        _inputs[2] = null!;
    }

    /// <summary>The sum; waits for the device.</summary>
    public double Read() => IsOnDevice ? _outputs[0].Item() - _outputs[1].Item() : _sum - _excess;

    public void Reset()
    {
        (_sum, _excess) = (0, 0);
        if (IsOnDevice)
        {
            _outputs[0].ZeroInPlace();
            _outputs[1].ZeroInPlace();
        }
    }

    public void Save(TrainingState state, string name)
    {
        state.Set(name, IsOnDevice ? _outputs[0].Item() : _sum);
        state.Set(name + "_excess", IsOnDevice ? _outputs[1].Item() : _excess);
    }

    public void Load(TrainingState state, string name)
    {
        TakeBack();
        (_sum, _excess) = (state.Number(name), state.Number(name + "_excess"));
    }

    private void TakeBack()
    {
        if (IsOnDevice)
        {
            (_sum, _excess) = (_outputs[0].Item(), _outputs[1].Item());
            _outputs[0].Dispose();
            _outputs[1].Dispose();
            _inputs[0] = _inputs[1] = _outputs[0] = _outputs[1] = null!;
        }
    }

    private static MapProgram MakeAdd()
    {
        Expr sum = Expr.Input(0), excess = Expr.Input(1), y = (Expr.Parameter(0) * Expr.Input(2)) - excess;
        Expr total = sum + y;
        return MapProgram.Compile(3, total, total - sum - y);
    }
}
