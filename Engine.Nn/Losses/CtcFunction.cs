namespace Engine.Nn;

/// <summary>
/// The forward-backward algorithm of CTC in logarithms. α[t, s] is the sum over the ways from the start to state s at step t, β[t, s] that over
/// the ways from there to the end, both with the step's own logarithm; one pointwise pass of all sequences and states a step.
/// </summary>
internal sealed class CtcFunction(CtcLattice lattice) : CustomFunction
{
    // Two columns of −∞ beside the states stand for the states before the first, or behind the last.
    private const int Border = 2;

    private static readonly MapProgram s_forward = MakeForward();
    private static readonly MapProgram s_backward = MakeBackward();

    // −dy·e^(α + β − x − ln p), the share of a state in a step; nothing where no way leads through.
    private static readonly MapProgram s_share = MakeShare();

    protected override string Name => "Ctc";

    protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Emissions(inputs[0]);
        (int steps, int samples, int states) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        Tensor alpha = Tensor.Full([steps, samples, states + Border], double.NegativeInfinity, x.DType, x.Device);
        Tensor first = alpha.Select(0, 0).Narrow(1, Border, Math.Min(2, states));
        first.CopyFrom(x.Select(0, 0).Narrow(1, 0, Math.Min(2, states)));
        for (int t = 1; t < steps; t++)
        {
            Tensor before = alpha.Select(0, t - 1);
            Pointwise.Into(
                alpha.Select(0, t).Narrow(1, Border, states),
                s_forward,
                [before.Narrow(1, 2, states), before.Narrow(1, 1, states), before.Narrow(1, 0, states), lattice.Jumps, x.Select(0, t), lattice.InputLengths],
                [t]);
        }

        // Behind the end of a sequence α stays as it is. Without labels the column before the last is of the border.
        Tensor end = alpha.Select(0, steps - 1);
        Tensor logs = Tensor.Concat([end.Gather(1, lattice.Last + Border), end.Gather(1, lattice.Last + (Border - 1))], 1).LogSumExp(1);

        // Of no steps at all only the empty sequence is a reading.
        Tensor isEmpty = lattice.InputLengths.EqualTo(0).Squeeze(1);
        Tensor empty = Tensor.Zeros([samples], x.DType, x.Device).MaskedFill(lattice.Last.Squeeze(1).NotEqualTo(0), double.NegativeInfinity);
        logs = Tensor.Where(isEmpty, empty, logs);
        Save(scope.Keep(alpha), inputs[0], scope.Keep(logs));
        return scope.Keep(-logs);
    }

    protected override Tensor?[] Backward(Tensor dy)
    {
        if (GradMode.IsEnabled)
        {
            throw new OperationNotSupportedException("Ctc has no second derivative. Take its gradient without createGraph.");
        }

        using TensorScope scope = TensorScope.Begin();
        (Tensor alpha, Tensor logProbabilities, Tensor logs) = (Saved(0), Saved(1), Saved(2));
        Tensor x = Emissions(logProbabilities);
        (int steps, int samples, int states) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        Tensor beta = Tensor.Full([steps + 1, samples, states + Border], double.NegativeInfinity, x.DType, x.Device);

        // 0 at the two states in which a sequence may end.
        Tensor numbers = Tensor.Arange(states, x.Device);
        Tensor ends = numbers.EqualTo(lattice.Last).Or(numbers.EqualTo(lattice.Last - 1));
        Tensor last = Tensor.Zeros([samples, states], x.DType, x.Device).MaskedFill(ends.Not(), double.NegativeInfinity);
        Tensor jumps = lattice.Jumps.Pad([(0, 0), (0, Border)], double.NegativeInfinity).Narrow(1, Border, states);
        for (int t = steps - 1; t >= 0; t--)
        {
            Tensor after = beta.Select(0, t + 1);
            Pointwise.Into(
                beta.Select(0, t).Narrow(1, 0, states),
                s_backward,
                [after.Narrow(1, 0, states), after.Narrow(1, 1, states), after.Narrow(1, 2, states), jumps, x.Select(0, t), lattice.InputLengths, last],
                [t]);
        }

        Tensor shares = Pointwise.Apply(
            Name, s_share,
            [alpha.Narrow(2, Border, states), beta.Narrow(0, 0, steps).Narrow(2, 0, states), x, logs.Unsqueeze(1), dy.Unsqueeze(1)]);
        return [scope.Keep(logProbabilities.ZerosLike().ScatterAdd(2, Everywhere(steps), shares))];
    }

    /// <summary>The logarithm of each state's class in each step, [T, N, 2·S + 1].</summary>
    private Tensor Emissions(Tensor logProbabilities) => logProbabilities.Gather(2, Everywhere(logProbabilities.Shape[0]));

    private Tensor Everywhere(int steps) => lattice.States.Unsqueeze(0).Expand(lattice.States.Shape.Insert(0, steps));

    private static MapProgram MakeForward()
    {
        Expr stay = Expr.Input(0), length = Expr.Input(5);
        Expr sum = LogSum(stay, Expr.Input(1), Expr.Input(2) + Expr.Input(3));
        return MapProgram.Compile(6, Expr.Where(Expr.Parameter(0) < length, Expr.Input(4) + sum, stay));
    }

    private static MapProgram MakeBackward()
    {
        Expr step = Expr.Parameter(0) + 1, length = Expr.Input(5), own = Expr.Input(4);
        Expr sum = LogSum(Expr.Input(0), Expr.Input(1), Expr.Input(2) + Expr.Input(3));
        Expr inside = Expr.Where(Expr.Equal(step, length), Expr.Input(6), sum);
        return MapProgram.Compile(7, Expr.Where(step <= length, own + inside, double.NegativeInfinity));
    }

    private static MapProgram MakeShare()
    {
        (Expr alpha, Expr beta, Expr own, Expr log) = (Expr.Input(0), Expr.Input(1), Expr.Input(2), Expr.Input(3));
        Expr leads = Expr.And(Expr.And(IsFinite(alpha), IsFinite(beta)), IsFinite(log));
        return MapProgram.Compile(5, Expr.Where(leads, -Expr.Input(4) * Expr.Exp(alpha + beta - own - log), 0));

        static Expr IsFinite(Expr x) => x > double.NegativeInfinity;
    }

    /// <summary>ln(eᵃ + eᵇ + eᶜ); −∞ where all three are.</summary>
    private static Expr LogSum(Expr a, Expr b, Expr c)
    {
        Expr most = Expr.Max(a, Expr.Max(b, c));
        return Expr.Where(Expr.Equal(most, double.NegativeInfinity), most, most + Expr.Log(Expr.Exp(a - most) + Expr.Exp(b - most) + Expr.Exp(c - most)));
    }
}
