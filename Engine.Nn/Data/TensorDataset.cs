namespace Engine.Nn;

/// <summary>Samples held in host memory as the rows of two tensors of any element type.</summary>
/// <example>
/// <code>
/// TensorDataset xor = new(Tensor.From&lt;float&gt;([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]), Tensor.From&lt;long&gt;([0, 1, 1, 0]));
/// </code>
/// </example>
public sealed class TensorDataset : IDataset
{
    private readonly Rows _inputs;
    private readonly Rows _targets;

    /// <summary>Copies both tensors; sample i is row i of each.</summary>
    /// <exception cref="ShapeMismatchException">A tensor has no axes, or the numbers of rows differ.</exception>
    public TensorDataset(Tensor inputs, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(targets);
        if (inputs.Rank == 0 || targets.Rank == 0 || inputs.Shape[0] != targets.Shape[0])
        {
            throw new ShapeMismatchException($"TensorDataset: inputs are {inputs.Shape}, targets {targets.Shape}; axis 0 must count the samples in both.");
        }

        _inputs = new Rows(inputs);
        _targets = new Rows(targets);
        Count = inputs.Shape[0];
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public Batch GetBatch(in BatchRequest request) => new(_inputs.Gather(request), _targets.Gather(request));

    private sealed class Rows
    {
        private readonly DType _dtype;
        private readonly Shape _shape;
        private readonly byte[] _bytes;
        private readonly int _rowBytes;

        public Rows(Tensor tensor)
        {
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope mode = GradMode.Off();
            Tensor source = tensor.Contiguous();
            int size = source.DType.SizeInBytes();
            long bytes = source.ElementCount * size;
            if (bytes > Array.MaxLength)
            {
                throw new ArgumentException($"TensorDataset: {tensor.Shape} takes {bytes:N0} bytes; one data set in memory holds at most {Array.MaxLength:N0}. Write an IDataset that reads its samples when asked.", nameof(tensor));
            }

            _dtype = source.DType;
            _shape = source.Shape;
            _bytes = new byte[bytes];
            _rowBytes = _shape[0] == 0 ? 0 : (int)(bytes / _shape[0]);
            source.Device.Download(source.Storage, source.Layout.Offset * size, _bytes);
        }

        public Tensor Gather(in BatchRequest request)
        {
            Guard.HostArray(nameof(TensorDataset), (long)request.Indices.Length * _rowBytes, 1);
            byte[] rows = new byte[request.Indices.Length * _rowBytes];
            for (int i = 0; i < request.Indices.Length; i++)
            {
                _bytes.AsSpan(request.Indices[i] * _rowBytes, _rowBytes).CopyTo(rows.AsSpan(i * _rowBytes));
            }

            Tensor batch = Tensor.Empty(_shape.With(0, request.Indices.Length), _dtype, request.Device);
            batch.Device.Upload(rows, batch.Storage, 0);
            return batch;
        }
    }
}
