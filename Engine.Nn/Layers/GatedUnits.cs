namespace Engine.Nn;

/// <summary>
/// Gated linear units: x is cut into halves a and b along an axis, and <c>y = a·f(b)</c>. The second half is the gate, as in PyTorch's GLU; where a
/// projection before it was trained with the gate first, swap its halves.
/// </summary>
/// <remarks>Shapes: x […, 2·n, …] → y […, n, …] along the axis.</remarks>
public abstract class GatedUnit : OperationLayer
{
    private readonly MapProgram _program;
    private readonly int _axis;

    private protected GatedUnit(MapProgram program, int axis) => (_program, _axis) = (program, axis);

    private protected override Tensor Apply(Tensor x)
    {
        Guard.FloatingPoint(GetType().Name, x);
        int axis = _axis < 0 ? _axis + x.Rank : _axis;
        if (axis < 0 || axis >= x.Rank || x.Shape[axis] % 2 != 0)
        {
            throw new ShapeMismatchException($"{GetType().Name}: x is {x.Shape}; axis {_axis} is cut into halves and must be there with an even size.");
        }

        int half = x.Shape[axis] / 2;
        return Pointwise.Apply(GetType().Name, _program, [x.Narrow(axis, 0, half), x.Narrow(axis, half, half)]);
    }

    /// <inheritdoc/>
    public override string ToString() => _axis == -1 ? GetType().Name : $"{GetType().Name}(axis {_axis})";

    private protected static MapProgram Gate(Func<Expr, Expr> f) => MapProgram.Compile(2, Expr.Input(0) * f(Expr.Input(1)));
}

/// <summary><c>y = a·sigmoid(b)</c> (Dauphin et al. 2017). <inheritdoc cref="GatedUnit" path="/summary"/></summary>
/// <param name="axis">The axis that is cut.</param>
public sealed class Glu(int axis = -1) : GatedUnit(s_program, axis)
{
    private static readonly MapProgram s_program = Gate(Expr.Sigmoid);
}

/// <summary><c>y = a·b·sigmoid(b)</c> (Shazeer 2020). <inheritdoc cref="GatedUnit" path="/summary"/></summary>
/// <param name="axis">The axis that is cut.</param>
public sealed class SwiGlu(int axis = -1) : GatedUnit(s_program, axis)
{
    private static readonly MapProgram s_program = Gate(Expr.Silu);
}

/// <summary><c>y = a·gelu(b)</c> (Shazeer 2020). <inheritdoc cref="GatedUnit" path="/summary"/></summary>
/// <param name="axis">The axis that is cut.</param>
public sealed class GeGlu(int axis = -1) : GatedUnit(s_program, axis)
{
    private static readonly MapProgram s_program = Gate(Expr.Gelu);
}

/// <summary><c>y = a·max(b, 0)</c> (Shazeer 2020). <inheritdoc cref="GatedUnit" path="/summary"/></summary>
/// <param name="axis">The axis that is cut.</param>
public sealed class ReGlu(int axis = -1) : GatedUnit(s_program, axis)
{
    private static readonly MapProgram s_program = Gate(Expr.Relu);
}
