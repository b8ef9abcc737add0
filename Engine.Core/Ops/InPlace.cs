namespace Engine;

/// <summary>Writes over this tensor's memory. Nothing is recorded; a tensor that carries a gradient refuses, except inside <see cref="GradMode.Off"/>.</summary>
public sealed partial class Tensor
{
    /// <summary>this ← this + y.</summary>
    public Tensor AddInPlace(Tensor y) => this.InPlace(nameof(AddInPlace), Programs.Add, y);

    /// <summary>this ← this + scale·y.</summary>
    public Tensor AddInPlace(Tensor y, double scale)
    {
        this.Check(nameof(AddInPlace), y);
        using TensorScope scope = TensorScope.Begin();
        Pointwise.Into(this, Programs.AddScaled, [this, this.Unaliased(y)], [scale]);
        return this;
    }

    /// <summary>this ← this − y.</summary>
    public Tensor SubInPlace(Tensor y) => this.InPlace(nameof(SubInPlace), Programs.Sub, y);

    /// <summary>this ← this·y.</summary>
    public Tensor MulInPlace(Tensor y) => this.InPlace(nameof(MulInPlace), Programs.Mul, y);

    /// <summary>this ← this / y.</summary>
    /// <exception cref="DTypeMismatchException">The tensor holds integers, which quotients are not.</exception>
    public Tensor DivInPlace(Tensor y)
    {
        Guard.FloatingPoint(nameof(DivInPlace), this, "x");
        return this.InPlace(nameof(DivInPlace), Programs.Div, y);
    }

    /// <summary>this ← this + y.</summary>
    public Tensor AddInPlace(double y) => this.InPlace(nameof(AddInPlace), Programs.AddScalar, y);

    /// <inheritdoc cref="AddInPlace(double)"/>
    public Tensor AddInPlace(long y) => this.InPlace(nameof(AddInPlace), Programs.AddScalar, ElementwisePrograms.AddWhole, y);

    /// <summary>this ← this·y.</summary>
    public Tensor MulInPlace(double y) => this.InPlace(nameof(MulInPlace), Programs.MulScalar, y);

    /// <inheritdoc cref="MulInPlace(double)"/>
    public Tensor MulInPlace(long y) => this.InPlace(nameof(MulInPlace), Programs.MulScalar, ElementwisePrograms.MulWhole, y);

    /// <summary>Every element ← value.</summary>
    public Tensor FillInPlace(double value)
    {
        CheckInPlace(nameof(FillInPlace));
        Pointwise.Into(this, Programs.Fill, [], [value]);
        return this;
    }

    /// <inheritdoc cref="FillInPlace(double)"/>
    public Tensor FillInPlace(long value)
    {
        CheckInPlace(nameof(FillInPlace));
        this.FillWith(value);
        return this;
    }

    /// <summary>Every element ← 0.</summary>
    public Tensor ZeroInPlace() => FillInPlace(0);

    /// <summary>this ← clamp(this, min, max).</summary>
    /// <exception cref="DTypeMismatchException">The tensor holds integers and a bound has a fraction.</exception>
    public Tensor ClampInPlace(double min, double max)
    {
        CheckInPlace(nameof(ClampInPlace));
        if (!DType.IsFloatingPoint())
        {
            return ElementwiseOps.IsWholeBound(min) && ElementwiseOps.IsWholeBound(max) ? ClampInPlace(ElementwiseOps.WholeBound(min), ElementwiseOps.WholeBound(max)) : throw this.CutOff(nameof(ClampInPlace), ElementwiseOps.IsWholeBound(min) ? max : min);
        }

        Pointwise.Into(this, ElementwisePrograms.Clamp, [this], [min, max]);
        return this;
    }

    /// <inheritdoc cref="ClampInPlace(double, double)"/>
    public Tensor ClampInPlace(long min, long max)
    {
        if (DType.IsFloatingPoint())
        {
            return ClampInPlace((double)min, (double)max);
        }

        CheckInPlace(nameof(ClampInPlace));
        long low = ElementwiseOps.LowestInteger(DType), high = ElementwiseOps.HighestInteger(DType);
        Pointwise.Into(this, ElementwisePrograms.ClampWhole, [this], ElementwiseOps.ClampParts(Math.Clamp(min, low, high), Math.Clamp(max, low, high)), DType.Int64);
        return this;
    }

    /// <summary>this ← a·this + b·y, the moving average of many algorithms.</summary>
    public Tensor BlendInPlace(double a, double b, Tensor y)
    {
        this.Check(nameof(BlendInPlace), y);
        using TensorScope scope = TensorScope.Begin();
        Pointwise.Into(this, Programs.Blend, [this, this.Unaliased(y)], [a, b]);
        return this;
    }
}

/// <summary>Writing into an existing tensor.</summary>
internal static class InPlaceOps
{
    public static Tensor InPlace(this Tensor x, string op, MapProgram program, Tensor y)
    {
        x.Check(op, y);
        using TensorScope scope = TensorScope.Begin();
        Pointwise.Into(x, program, [x, x.Unaliased(y)]);
        return x;
    }

    /// <summary>An operand that writing this tensor cannot change: another view of the same memory could be overwritten before it is read.</summary>
    public static Tensor Unaliased(this Tensor x, Tensor y)
    {
        if (ReferenceEquals(y, x) || y.Storage != x.Storage)
        {
            return y;
        }

        using GradMode.Scope mode = GradMode.Off();
        return y.Clone();
    }

    public static Tensor InPlace(this Tensor x, string op, MapProgram program, double y)
    {
        x.CheckInPlace(op);
        if (!x.DType.IsFloatingPoint() && !double.IsInteger(y))
        {
            throw x.CutOff(op, y);
        }

        Pointwise.Into(x, program, [x], [y]);
        return x;
    }

    public static Tensor InPlace(this Tensor x, string op, MapProgram program, MapProgram inParts, long y)
    {
        x.CheckInPlace(op);
        if (x.DType.IsFloatingPoint() || y is >= int.MinValue and <= int.MaxValue)
        {
            Pointwise.Into(x, program, [x], [y]);
            return x;
        }

        // In narrower types the result wraps around as it is stored.
        (double high, double low) = Programs.Parts(y);
        Pointwise.Into(x, inParts, [x], [high, low], DType.Int64);
        return x;
    }

    public static DTypeMismatchException CutOff(this Tensor x, string op, double y) =>
        new($"{op}: {y} would be cut off in a tensor of {x.DType.ShortName()}. Convert the tensor with To(DType.Float32) first.");

    public static void Check(this Tensor x, string op, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        x.CheckInPlace(op);
        Guard.SameDevice(op, x, y);
        x.CheckBroadcastInto(op, y);
        if (!x.DType.IsFloatingPoint() && y.DType.IsFloatingPoint())
        {
            throw new DTypeMismatchException($"{op}: a {y.DType.ShortName()} tensor would be cut off in a tensor of {x.DType.ShortName()}. Convert one of them with To(DType).");
        }
    }
}
