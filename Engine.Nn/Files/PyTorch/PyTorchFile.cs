namespace Engine.Nn;

/// <summary>
/// Checkpoints of PyTorch, as <c>torch.save</c> writes them: <c>.pt</c>, <c>.pth</c>, <c>.bin</c>, <c>.ckpt</c>, of the format since 1.6 and of the one before. They are pickles, that is
/// programs; of these only tensors, collections, numbers, text, types and devices are read. A file that names anything else is refused by that name,
/// and none of its code runs.
/// </summary>
/// <remarks>
/// <para>Element types: bool, uint8, int32, int64, float16, bfloat16, float32 and float64 keep theirs, int8 and int16 become int32. Others (complex, quantised) are
/// refused. Every tensor is read into memory of its own in row-major order, also where several show one storage: changing one does not change another.
/// What they take together is bounded by four times the file.</para>
/// <para>Checksums within the file are not compared (PyTorch writes files without them if asked to): compare that of the whole file where it is known.</para>
/// </remarks>
/// <example>
/// <code>
/// LoadReport report = model.LoadStateDict(PyTorchFile.Load("resnet18-f37072fd.pth"));
/// LoadReport part = model.LoadStateDict(PyTorchFile.Load("mine.pth", section: "ema", prefix: "module."), strict: false);
/// </code>
/// </example>
public static class PyTorchFile
{
    /// <summary>The most bytes of a pickle without the elements of its tensors: that of a large language model has less than one million.</summary>
    internal const long MaxPickleBytes = 64 << 20;

    private static readonly string[] s_sections = ["state_dict", "model_state_dict", "model"];

    /// <summary>Reads the tensors of a state by their names onto a device (the default one if none is named).</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">Where the tensors shall be.</param>
    /// <param name="section">
    /// The key of the dictionary that holds the tensors, or several with slashes between them: <c>"ema/state_dict"</c>. Where left out: the dictionary under
    /// <c>state_dict</c>, <c>model_state_dict</c> or <c>model</c> if there is one with tensors, else the file's own.
    /// </param>
    /// <param name="prefix">What is taken off the names that begin with it, such as <c>"module."</c> of a model that was trained in <c>DataParallel</c>.</param>
    /// <returns>The tensors; other values of the dictionary are left out (<see cref="LoadAll"/> gives them).</returns>
    /// <exception cref="ModelFileException">The file is damaged, names something that is not read, or holds no such dictionary.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    public static Dictionary<string, Tensor> Load(string path, Device? device = null, string? section = null, string? prefix = null)
    {
        using CheckedFile file = CheckedFile.Model(path);
        ITorchStorages storages = Open(file);
        OrderedDictionary<object, object?> state = section is null ? FindState(file, storages.Root) : Descend(file, storages.Root, section);
        TorchTensorReader reader = new(file, storages, device);
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        try
        {
            foreach ((object key, object? value) in state)
            {
                if (key is string name && value is TorchTensor tensor)
                {
                    string shortened = prefix is not null && name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
                    Add(file, tensors, shortened, reader.Read(name, tensor));
                }
            }

            return tensors;
        }
        catch
        {
            foreach (Tensor tensor in tensors.Values)
            {
                tensor.Dispose();
            }

            throw;
        }
    }

    /// <summary>Reads everything that a file holds, for its numbers and texts beside the tensors.</summary>
    /// <returns>
    /// A dictionary is an <c>OrderedDictionary&lt;object, object?&gt;</c>, a list a <c>List&lt;object?&gt;</c>, a tuple an <c>object?[]</c>, a set a <c>HashSet&lt;object&gt;</c>, a whole number a
    /// <c>long</c> (a <c>BigInteger</c> where it is larger), a number a <c>double</c>, a text a <c>string</c>, bytes a <c>byte[]</c>, a tensor a <see cref="Tensor"/>, a type a <see cref="DType"/>, a device
    /// its name. A file can hold collections that contain themselves.
    /// </returns>
    /// <inheritdoc cref="Load" path="/*[not(self::returns) and not(self::summary) and not(self::param)]"/>
    /// <param name="path">The file.</param>
    /// <param name="device">Where the tensors shall be.</param>
    public static object? LoadAll(string path, Device? device = null)
    {
        using CheckedFile file = CheckedFile.Model(path);
        ITorchStorages storages = Open(file);
        TorchTensorReader reader = new(file, storages, device);
        Dictionary<object, Tensor> tensors = new(ReferenceEqualityComparer.Instance);
        try
        {
            foreach (object collection in storages.Collections)
            {
                Replace(collection, Value);
            }

            return Value("the tensor", storages.Root);
        }
        catch
        {
            foreach (Tensor tensor in tensors.Values)
            {
                tensor.Dispose();
            }

            throw;
        }

        object? Value(string name, object? value)
        {
            switch (value)
            {
                case TorchStorage storage:
                    return Value(name, new TorchTensor(storage, storage.Type, 0, [storage.Count], [1L]));
                case TorchTensor tensor:
                    return tensors.TryGetValue(tensor, out Tensor? known) ? known : tensors[tensor] = reader.Read(name, tensor);
                case TorchType type:
                    return type.DType;
                default:
                    return value;
            }
        }
    }

    /// <summary>
    /// Writes tensors of any device and layout as <c>torch.save(state_dict, path)</c> does since 1.6, so that <c>torch.load</c> reads them, with
    /// <c>weights_only=True</c> as well. The file is replaced as a whole.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors by name, as <see cref="Module.StateDict"/> gives them. Two names of one tensor become two tensors.</param>
    /// <exception cref="ArgumentException">A value is null.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or there is a folder of that name.</exception>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        foreach ((string name, Tensor? tensor) in tensors)
        {
            if (tensor is null)
            {
                throw new ArgumentException($"PyTorchFile.Save: '{name}' is null. Leave it out.", nameof(tensors));
            }
        }

        AtomicFile.Write(path, stream => TorchWriter.Write(stream, tensors));
    }

    private static ITorchStorages Open(CheckedFile file)
    {
        Span<byte> start = stackalloc byte[8];
        if (file.Length < start.Length)
        {
            throw file.Damaged($"it has {file.Length} bytes, too few for a checkpoint of PyTorch");
        }

        file.Read(0, start);
        return start[0] == (byte)PickleOp.Protocol ? new TorchLegacyFile(file)
            : start.StartsWith("PK\u0003\u0004"u8) ? new TorchArchive(file)
            : throw file.Damaged($"it is neither a zip archive nor a pickle, one of which torch.save writes{(FileKind.Of(start) is { } kind ? ", but " + kind : ". Load safetensors files by Safetensors.Load")}");
    }

    private static OrderedDictionary<object, object?> FindState(CheckedFile file, object? root)
    {
        if (root is not OrderedDictionary<object, object?> top)
        {
            throw file.Damaged("it does not hold a dictionary of tensors. PyTorchFile.LoadAll gives what it holds");
        }

        foreach (string key in s_sections)
        {
            if (top.TryGetValue(key, out object? value) && value is OrderedDictionary<object, object?> state && HoldsTensors(state))
            {
                return state;
            }
        }

        if (HoldsTensors(top))
        {
            return top;
        }

        string[] candidates = [.. top.Where(static pair => pair.Key is string && pair.Value is OrderedDictionary<object, object?> inner && HoldsTensors(inner)).Select(static pair => (string)pair.Key)];
        return candidates.Length == 0 && top.Count == 0 ? top : throw file.Damaged(candidates.Length > 0
            ? $"its tensors lie under {FileText.List(candidates)}. Name one of them as the section"
            : $"it holds no dictionary of tensors; its keys are {FileText.List(top.Keys.OfType<string>())}. PyTorchFile.LoadAll gives what it holds");
    }

    private static OrderedDictionary<object, object?> Descend(CheckedFile file, object? root, string section)
    {
        object? at = root;
        foreach (string key in section.Split('/'))
        {
            if (at is not OrderedDictionary<object, object?> here || !here.TryGetValue(key, out object? next))
            {
                throw file.Damaged(at is OrderedDictionary<object, object?> keys
                    ? $"it has no section '{section}': the keys there are {FileText.List(keys.Keys.OfType<string>())}"
                    : $"it has no section '{section}': it is no dictionary there");
            }

            at = next;
        }

        return at as OrderedDictionary<object, object?> ?? throw file.Damaged($"section '{section}' is no dictionary");
    }

    private static bool HoldsTensors(OrderedDictionary<object, object?> dictionary) => dictionary.Any(static pair => pair.Key is string && pair.Value is TorchTensor);

    private static void Add(CheckedFile file, Dictionary<string, Tensor> tensors, string name, Tensor tensor)
    {
        if (!tensors.TryAdd(name, tensor))
        {
            tensor.Dispose();
            throw file.Damaged($"without the prefix two of its tensors are named {FileText.Quote(name)}");
        }
    }

    /// <summary>Puts tensors in the place of their descriptions, in one collection.</summary>
    private static void Replace(object collection, Func<string, object?, object?> value)
    {
        switch (collection)
        {
            case OrderedDictionary<object, object?> dictionary:
                for (int i = 0; i < dictionary.Count; i++)
                {
                    (object key, object? item) = dictionary.GetAt(i);
                    dictionary.SetAt(i, value(key as string ?? "of a number", item));
                }

                break;
            case List<object?> list:
                for (int i = 0; i < list.Count; i++)
                {
                    list[i] = value("in a list", list[i]);
                }

                break;
            case object?[] tuple:
                for (int i = 0; i < tuple.Length; i++)
                {
                    tuple[i] = value("in a tuple", tuple[i]);
                }

                break;
        }
    }
}
