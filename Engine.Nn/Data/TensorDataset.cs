namespace Engine.Nn;

/// <summary>Samples held in host memory as the rows of tensors of any element type.</summary>
/// <example>
/// <code>
/// TensorDataset xor = new(Tensor.From&lt;float&gt;([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]), Tensor.From&lt;long&gt;([0, 1, 1, 0]));
/// TensorDataset houses = new(new Tensors(("numbers", numbers), ("city", cities)), prices);
/// TensorDataset images = new(pixels);                          // no targets
/// </code>
/// </example>
public sealed class TensorDataset : IDataset
{
    private readonly Rows[] _inputs;
    private readonly Rows[] _targets;
    private readonly Rows? _weights;
    private readonly string[]? _inputNames;
    private readonly string[]? _targetNames;

    /// <summary>Copies both tensors; sample i is row i of each.</summary>
    /// <exception cref="ShapeMismatchException">A tensor has no axes, or the numbers of rows differ.</exception>
    public TensorDataset(Tensor inputs, Tensor targets)
        : this((Tensors)(inputs ?? throw new ArgumentNullException(nameof(inputs))), targets ?? throw new ArgumentNullException(nameof(targets)), null)
    {
    }

    /// <summary>Copies all tensors; sample i is row i of each. Batches have the same names.</summary>
    /// <param name="inputs">The inputs, one or several.</param>
    /// <param name="targets">The targets: one, several or none.</param>
    /// <param name="weights">How much each sample counts, [N], or null.</param>
    /// <exception cref="ArgumentException">There are no inputs.</exception>
    /// <exception cref="ShapeMismatchException">A tensor has no axes, or the numbers of rows differ.</exception>
    public TensorDataset(Tensors inputs, Tensors targets = default, Tensor? weights = null)
    {
        if (inputs.Count == 0)
        {
            throw new ArgumentException("TensorDataset: there are no inputs.", nameof(inputs));
        }

        Tensor[] all = [.. inputs, .. targets];
        if (Array.Exists(all, tensor => tensor.Rank == 0 || tensor.Shape[0] != all[0].Shape[0]))
        {
            throw new ShapeMismatchException($"TensorDataset: inputs are {Shapes(inputs)}, targets {Shapes(targets)}; axis 0 must count the samples in {(all.Length > 2 ? "all" : "both")}.");
        }

        Count = all[0].Shape[0];
        if (weights is not null && (weights.Rank != 1 || weights.Shape[0] != Count))
        {
            throw new ShapeMismatchException($"TensorDataset: weights are {weights.Shape} for {Count} samples; they must be [{Count}], one for each sample.");
        }

        (_inputs, _targets) = ([.. inputs.AsEnumerable().Select(static t => new Rows(t))], [.. targets.AsEnumerable().Select(static t => new Rows(t))]);
        _weights = weights is null ? null : new Rows(weights);
        _inputNames = inputs.Names.Count > 0 ? [.. inputs.Names] : null;
        _targetNames = targets.Names.Count > 0 ? [.. targets.Names] : null;
    }

    private TensorDataset(HostArray[] arrays, string[] inputNames, string[] targetNames, bool hasWeights, string path)
    {
        for (int i = 0; i < arrays.Length; i++)
        {
            if (arrays[i].Shape.Rank == 0 || arrays[i].Shape[0] != arrays[0].Shape[0] || (hasWeights && i == arrays.Length - 1 && arrays[i].Shape.Rank != 1))
            {
                string shapes = string.Join(", ", inputNames.Concat(targetNames).Concat(hasWeights ? ["weights"] : []).Zip(arrays, static (name, array) => $"'{name}' {array.Shape}"));
                throw new DataFileException($"'{path}' is no data set: its arrays are {shapes}; axis 0 must count the samples in all, and weights are one for each sample.");
            }
        }

        Rows[] rows = [.. arrays.Select(static array => new Rows(array))];
        Count = arrays[0].Shape[0];
        (_inputs, _targets) = (rows[..inputNames.Length], rows[inputNames.Length..(inputNames.Length + targetNames.Length)]);
        _weights = hasWeights ? rows[^1] : null;
        (_inputNames, _targetNames) = (inputNames, targetNames.Length > 0 ? targetNames : null);
    }

    /// <summary>The rows of arrays in an <c>.npz</c> file of NumPy. Batches have the arrays' names; those of one input are in <see cref="Batch.Inputs"/> as well.</summary>
    /// <param name="path">The file; arrays that are not named here are not read.</param>
    /// <param name="inputs">The names of the inputs, one or several.</param>
    /// <param name="targets">The names of the targets: one, several or none.</param>
    /// <param name="weights">The name of the array that says how much each sample counts, [N], or null.</param>
    /// <param name="maxBytes">Arrays that take more in all are refused, see <see cref="Npz.DefaultMaxBytes"/>.</param>
    /// <exception cref="ArgumentException">There are no inputs, or a name is empty or there twice.</exception>
    /// <exception cref="DataFileException">The file is damaged, has no array of a name, takes too much, or its arrays differ in their numbers of rows.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    /// <example><code>
    /// TensorDataset digits = TensorDataset.FromNpz("mnist.npz", inputs: ["x_train"], targets: ["y_train"]);
    /// </code></example>
    public static TensorDataset FromNpz(string path, IEnumerable<string> inputs, IEnumerable<string>? targets = null, string? weights = null, long maxBytes = Npz.DefaultMaxBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string[] inputNames = Guard.NoNulls(inputs), targetNames = targets is null ? [] : Guard.NoNulls(targets);
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        string[] all = [.. inputNames, .. targetNames, .. weights is null ? (ReadOnlySpan<string>)[] : [weights]];
        if (inputNames.Length == 0)
        {
            throw new ArgumentException("TensorDataset.FromNpz: there are no inputs.", nameof(inputs));
        }

        if (all.Contains(string.Empty) || all.Distinct(StringComparer.Ordinal).Count() < all.Length)
        {
            throw new ArgumentException($"TensorDataset.FromNpz: a name is empty or there twice: {string.Join(", ", all)}.", nameof(inputs));
        }

        return new TensorDataset(Npz.LoadToHost(path, all, maxBytes), inputNames, targetNames, weights is not null, path);
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public Batch GetBatch(in BatchRequest request)
    {
        request.RefuseCollate(this);
        return new(Gather(_inputs, _inputNames, request), Gather(_targets, _targetNames, request), _weights?.Gather(request));
    }

    /// <summary>"TensorDataset(400 samples: inputs f32 [2]; targets i64 [])".</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"TensorDataset({Count:N0} samples: inputs {Texts(_inputs, _inputNames)}; targets {Texts(_targets, _targetNames)}{(_weights is null ? string.Empty : "; weights")})");

    private static string Texts(Rows[] rows, string[]? names) =>
        rows.Length == 0 ? "none" : string.Join(", ", rows.Select((row, i) => (names is null ? string.Empty : names[i] + " ") + row.Text));

    private static string Shapes(Tensors tensors) => tensors.Count == 0 ? "none" : string.Join(", ", tensors.AsEnumerable().Select(static t => t.Shape));

    private static Tensors Gather(Rows[] rows, string[]? names, in BatchRequest request)
    {
        Tensor[] gathered = new Tensor[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            gathered[i] = rows[i].Gather(request);
        }

        return Tensors.From(gathered, names);
    }

    private sealed class Rows
    {
        private readonly DType _dtype;
        private readonly Shape _shape;
        private readonly byte[] _bytes;
        private readonly int _rowBytes;

        public Rows(HostArray array)
        {
            (_dtype, _shape, _bytes) = (array.DType, array.Shape, array.OwnBytes());
            _rowBytes = _shape[0] == 0 ? 0 : _bytes.Length / _shape[0];
        }

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

        public string Text => $"{_dtype.ShortName()} {_shape.Remove(0)}";

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
