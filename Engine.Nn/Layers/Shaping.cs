namespace Engine.Nn;

/// <summary>Axes start to end (included) joined into one: by default everything but the batch.</summary>
/// <remarks>Shapes: x [N, C, H, W] → y [N, C·H·W].</remarks>
/// <param name="start">The first axis that is joined.</param>
/// <param name="end">The last one; negative numbers count from the end.</param>
public sealed class Flatten(int start = 1, int end = -1) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Flatten(start, end);
}

/// <summary>y = x: a position for another layer.</summary>
public sealed class Identity : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Alias();
}

/// <summary>Any function as a layer: <c>new Lambda(x =&gt; x.Reshape(-1, 1, 28, 28))</c>. Parameters it uses are not found; use a class for those.</summary>
/// <param name="function">The function.</param>
/// <param name="name">Its name in a summary.</param>
public sealed class Lambda(Func<Tensor, Tensor> function, string name = "Lambda") : OperationLayer
{
    private readonly Func<Tensor, Tensor> _function = function ?? throw new ArgumentNullException(nameof(function));
    private readonly string _name = name ?? throw new ArgumentNullException(nameof(name));

    private protected override Tensor Apply(Tensor x)
    {
        Tensor y = Guard.Returned(_function(x), _name, "the function");
        return ReferenceEquals(y, x) ? x.Alias() : y;
    }

    /// <inheritdoc/>
    public override string ToString() => _name;

    internal override bool KeepsNothing(int depth) => false;
}
