namespace Engine;

/// <summary>
/// A tensor that a node keeps for its backward pass: an own handle, so that neither scopes nor <see cref="Tensor.Dispose"/> take it away,
/// with the history of the original, so that the backward pass can be differentiated.
/// </summary>
internal sealed class SavedTensor
{
    private readonly string _op;
    private readonly int _version;
    private Tensor? _tensor;

    /// <summary>Saves a tensor for the node of operation <paramref name="op"/>.</summary>
    public SavedTensor(string op, Tensor tensor)
        : this(op, tensor, ownOutput: false)
    {
    }

    private SavedTensor(string op, Tensor tensor, bool ownOutput)
    {
        ArgumentNullException.ThrowIfNull(op);
        ArgumentNullException.ThrowIfNull(tensor);
        _op = op;
        _tensor = tensor.Share();
        _tensor.AdoptHistory(tensor, borrowed: ownOutput);
        _version = tensor.Storage.Version;
    }

    /// <summary>Saves a tensor that may be absent.</summary>
    public static SavedTensor? Of(string op, Tensor? tensor)
    {
        ArgumentNullException.ThrowIfNull(op);
        return tensor is null ? null : new SavedTensor(op, tensor);
    }

    /// <summary>
    /// Saves the output of the node that is being made. The output has that node as its history: if each held the other, neither would ever
    /// be released.
    /// </summary>
    internal static SavedTensor OfOutput(string op, Tensor output) => new(op, output, ownOutput: true);

    /// <summary>The saved tensor.</summary>
    /// <exception cref="GradientException">The graph was consumed, or the value was overwritten since.</exception>
    public Tensor Value
    {
        get
        {
            Tensor tensor = _tensor ?? throw new GradientException(
                $"{_op}: the graph was consumed by an earlier backward pass, which released the values that it needs. Call Backward(retainGraph: true) the first time.");
            return tensor.Storage.Version == _version
                ? tensor
                : throw new GradientException(
                    $"{_op}: a value it needs for its gradient, {tensor.DType.ShortName()} {tensor.Shape}, was overwritten in place after it was saved. Use the out-of-place form, or Clone() it before.");
        }
    }

    /// <summary>Lets go of the tensor.</summary>
    public void Release()
    {
        _tensor?.Dispose();
        _tensor = null;
    }
}
