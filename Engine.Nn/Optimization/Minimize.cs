namespace Engine.Nn;

/// <summary>Searches the minimum of a differentiable function of tensors, and remembers the way.</summary>
/// <remarks>
/// <para><see cref="Run(Func{Tensor, Tensor}, Tensor, Func{IReadOnlyList{Tensor}, Optimizer}, DescentOptions?, CancellationToken)"/> moves the point by any optimizer of the engine: (stochastic)
/// gradient descent, momentum, AdaGrad, RMSProp, Adam, …; the other methods choose the length of each step themselves.</para>
/// <code>
/// Tensor start = Tensor.From&lt;double&gt;([-1.2, 1]);
/// Tensor Rosenbrock(Tensor x) => (1 - x[0]).Square() + (100 * (x[1] - x[0].Square()).Square());
/// MinimizeResult slow = Minimize.Run(Rosenbrock, start, x => new Sgd(x, 1e-3), new DescentOptions { MaxIterations = 50_000 });
/// MinimizeResult fast = Minimize.Lbfgs(Rosenbrock, start);
/// </code>
/// <para>Start in float64 where many digits count: the function is computed in the type of its start. The start is not changed. A run that is cancelled
/// returns the result so far, with <see cref="StopReason.Cancelled"/>; a function that becomes NaN or infinite on the way ends it with <see cref="StopReason.NotFinite"/>.</para>
/// </remarks>
public static partial class Minimize
{
    /// <summary>Descends by an optimizer: x ← step of the optimizer along ∇f(x), one per iteration.</summary>
    /// <param name="function">f: from a tensor of the start's shape to one number.</param>
    /// <param name="start">Where to begin: any shape, a floating-point type.</param>
    /// <param name="optimizer">Makes the optimizer of the tensors that are moved: <c>x => new Adam(x, 0.1)</c>.</param>
    /// <param name="options">When to stop, and a set to stay in.</param>
    /// <param name="cancellationToken">Ends the run after the step that is under way.</param>
    /// <exception cref="ArgumentException">The function is not finite at the start, or the optimizer moves other tensors.</exception>
    /// <exception cref="ShapeMismatchException">The function gives more or less than one number.</exception>
    /// <exception cref="GradientException">The function's result does not depend on its argument.</exception>
    public static MinimizeResult Run(
        Func<Tensor, Tensor> function, Tensor start, Func<IReadOnlyList<Tensor>, Optimizer> optimizer, DescentOptions? options = null, CancellationToken cancellationToken = default) =>
        Run(OfOne(function), OneStart(start), optimizer, options, cancellationToken);

    /// <summary>Descends by an optimizer in several tensors.</summary>
    /// <inheritdoc cref="Run(Func{Tensor, Tensor}, Tensor, Func{IReadOnlyList{Tensor}, Optimizer}, DescentOptions?, CancellationToken)"/>
    public static MinimizeResult Run(
        Func<Tensor[], Tensor> function, Tensor[] start, Func<IReadOnlyList<Tensor>, Optimizer> optimizer, DescentOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(function);
        using OptimizerDescent descent = new(start, optimizer, options ??= new DescentOptions());
        MinimizeRun run = new(options, cancellationToken);
        while (true)
        {
            ValueAndGradient at = descent.Evaluate(function);
            if (run.Add(descent.Point, at.Value, descent.GradientNorm(at.Gradient)) is { } reason)
            {
                return new MinimizeResult(descent.ToTensors(run.Point), run, descent.Evaluations, reason);
            }

            descent.Step(function);
        }
    }

    /// <summary>
    /// Descends along the gradients of mini-batches: the whole data set in one batch is batch descent, one sample a batch stochastic descent.
    /// </summary>
    /// <param name="function">The mean loss of a batch: from the point and the batch to one number.</param>
    /// <param name="start">Where to begin.</param>
    /// <param name="data">Where the batches come from, epoch after epoch; a shuffling <see cref="DataLoader"/> draws them at random.</param>
    /// <param name="optimizer">Makes the optimizer of the tensors that are moved.</param>
    /// <param name="options">When to stop. An iteration is a batch.</param>
    /// <param name="cancellationToken">Ends the run after the step that is under way.</param>
    /// <remarks>
    /// Values and gradients of single batches are noise around those of the whole, in the trajectory too. So the rules on gradient, value and step look
    /// at the end of each epoch, at its mean gradient, its mean value and its whole way; the last batch may be smaller and counts by its samples.
    /// </remarks>
    /// <exception cref="ArgumentException">There are no batches, the function is not finite at the start, or the optimizer moves other tensors.</exception>
    /// <exception cref="ShapeMismatchException">The function gives more or less than one number.</exception>
    /// <exception cref="GradientException">The function's result does not depend on its argument.</exception>
    public static MinimizeResult Run(
        Func<Tensor, Batch, Tensor> function,
        Tensor start,
        IBatchSource data,
        Func<IReadOnlyList<Tensor>, Optimizer> optimizer,
        DescentOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Run((x, batch) => function(x[0], batch), OneStart(start), data, optimizer, options, cancellationToken);
    }

    /// <summary>Descends along the gradients of mini-batches in several tensors.</summary>
    /// <inheritdoc cref="Run(Func{Tensor, Batch, Tensor}, Tensor, IBatchSource, Func{IReadOnlyList{Tensor}, Optimizer}, DescentOptions?, CancellationToken)"/>
    public static MinimizeResult Run(
        Func<Tensor[], Batch, Tensor> function,
        Tensor[] start,
        IBatchSource data,
        Func<IReadOnlyList<Tensor>, Optimizer> optimizer,
        DescentOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(data);
        if (data.BatchCount < 1)
        {
            throw new ArgumentException("Minimize: the source has no batches; there is nothing to descend along.", nameof(data));
        }

        using OptimizerDescent descent = new(start, optimizer, options ??= new DescentOptions());
        MinimizeRun run = new(options, cancellationToken);
        (double[] point, double value) before = ([], double.NaN);
        for (int epoch = 0; ; epoch++)
        {
            EpochMean mean = new();
            foreach (Batch batch in data.Epoch(epoch))
            {
                using Batch own = batch;
                Tensor OfBatch(Tensor[] x) => function(x, own);
                ValueAndGradient at = descent.Evaluate(OfBatch);
                if (run.Add(descent.Point, at.Value, descent.GradientNorm(at.Gradient), compares: false) is { } end)
                {
                    return Result(end);
                }

                mean.Add(at, own.Count);
                descent.Step(OfBatch);
            }

            if (run.Compare(before.point, before.value, mean.Value, descent.GradientNorm(mean.Gradient)) is { } reason)
            {
                return Result(reason);
            }

            before = (run.Point, mean.Value);
        }

        MinimizeResult Result(StopReason reason) => new(descent.ToTensors(run.Point), run, descent.Evaluations, reason);
    }

    private static Func<Tensor[], Tensor> OfOne(Func<Tensor, Tensor> function, string name = "function")
    {
        ArgumentNullException.ThrowIfNull(function, name);
        return x => function(x[0]);
    }

    private static Tensor[] OneStart(Tensor start)
    {
        ArgumentNullException.ThrowIfNull(start);
        return [start];
    }
}
