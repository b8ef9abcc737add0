namespace Engine;

/// <summary>Writes over this tensor's memory. Nothing is recorded; a tensor that carries a gradient refuses, except inside <see cref="GradMode.Off"/>.</summary>
public sealed partial class Tensor
{
    /// <summary>this ← this + y.</summary>
    public Tensor AddInPlace(Tensor y) => InPlace(nameof(AddInPlace), Programs.Add, y);

    /// <summary>this ← this + scale·y.</summary>
    public Tensor AddInPlace(Tensor y, double scale)
    {
        Check(nameof(AddInPlace), y);
        using TensorScope scope = TensorScope.Begin();
        Pointwise.Into(this, Programs.AddScaled, [this, Unaliased(y)], [scale]);
        return this;
    }

    /// <summary>this ← this − y.</summary>
    public Tensor SubInPlace(Tensor y) => InPlace(nameof(SubInPlace), Programs.Sub, y);

    /// <summary>this ← this·y.</summary>
    public Tensor MulInPlace(Tensor y) => InPlace(nameof(MulInPlace), Programs.Mul, y);

    /// <summary>this ← this / y.</summary>
    /// <exception cref="DTypeMismatchException">The tensor holds integers, which quotients are not.</exception>
    public Tensor DivInPlace(Tensor y)
    {
        Guard.FloatingPoint(nameof(DivInPlace), this, "x");
        return InPlace(nameof(DivInPlace), Programs.Div, y);
    }

    /// <summary>this ← this + y.</summary>
    public Tensor AddInPlace(double y) => InPlace(nameof(AddInPlace), Programs.AddScalar, y);

    /// <summary>this ← this·y.</summary>
    public Tensor MulInPlace(double y) => InPlace(nameof(MulInPlace), Programs.MulScalar, y);

    /// <summary>Every element ← value.</summary>
    public Tensor FillInPlace(double value)
    {
        CheckInPlace(nameof(FillInPlace));
        Pointwise.Into(this, Programs.Fill, [], [value]);
        return this;
    }

    /// <summary>Every element ← 0.</summary>
    public Tensor ZeroInPlace() => FillInPlace(0);

    /// <summary>this ← clamp(this, min, max).</summary>
    public Tensor ClampInPlace(double min, double max)
    {
        CheckInPlace(nameof(ClampInPlace));
        Pointwise.Into(this, s_clamp, [this], [min, max]);
        return this;
    }

    /// <summary>this ← a·this + b·y, the moving average of many algorithms.</summary>
    public Tensor BlendInPlace(double a, double b, Tensor y)
    {
        Check(nameof(BlendInPlace), y);
        using TensorScope scope = TensorScope.Begin();
        Pointwise.Into(this, Programs.Blend, [this, Unaliased(y)], [a, b]);
        return this;
    }

    private Tensor InPlace(string op, MapProgram program, Tensor y)
    {
        Check(op, y);
        using TensorScope scope = TensorScope.Begin();
        Pointwise.Into(this, program, [this, Unaliased(y)]);
        return this;
    }

    /// <summary>An operand that writing this tensor cannot change: another view of the same memory could be overwritten before it is read.</summary>
    private Tensor Unaliased(Tensor y)
    {
        if (ReferenceEquals(y, this) || y.Storage != Storage)
        {
            return y;
        }

        using GradMode.Scope mode = GradMode.Off();
        return y.Clone();
    }

    private Tensor InPlace(string op, MapProgram program, double y)
    {
        CheckInPlace(op);
        if (!DType.IsFloatingPoint() && !double.IsInteger(y))
        {
            throw new DTypeMismatchException($"{op}: {y} would be cut off in a tensor of {DType.ShortName()}. Convert the tensor with To(DType.Float32) first.");
        }

        Pointwise.Into(this, program, [this], [y]);
        return this;
    }

    private void Check(string op, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        CheckInPlace(op);
        Guard.SameDevice(op, this, y);
        CheckBroadcastInto(op, y);
        if (!DType.IsFloatingPoint() && y.DType.IsFloatingPoint())
        {
            throw new DTypeMismatchException($"{op}: a {y.DType.ShortName()} tensor would be cut off in a tensor of {DType.ShortName()}. Convert one of them with To(DType).");
        }
    }
}
