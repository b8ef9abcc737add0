using System.Text;

namespace Engine.Nn;

/// <summary>What a pickle of PyTorch may name: how tensors are put together again, types, devices, and Python's own collections.</summary>
internal sealed class TorchObjects(CheckedFile file) : IPickleObjects
{
    /// <summary>What can be called.</summary>
    private enum Function
    {
        OrderedDict,
        Set,
        Encode,
        Size,
        Device,
        RebuildTensor,
        RebuildTensorV2,
        RebuildTensorV3,
        RebuildParameter,
        RebuildParameterWithState,
        RebuildFromType,
    }

    /// <summary>Names that stand only as an argument.</summary>
    private static readonly object s_tensorClass = new();

    private readonly Dictionary<string, TorchStorage> _storages = new(StringComparer.Ordinal);

    /// <summary>The storages that were named, by key.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Storages => _storages;

    public object? Find(string module, string name) => (module, name) switch
    {
        ("collections", "OrderedDict") => Function.OrderedDict,
        ("builtins" or "__builtin__", "set" or "frozenset") => Function.Set,
        ("_codecs", "encode") => Function.Encode,
        ("torch", "Size") => Function.Size,
        ("torch", "device") => Function.Device,
        ("torch._utils", "_rebuild_tensor") => Function.RebuildTensor,
        ("torch._utils", "_rebuild_tensor_v2") => Function.RebuildTensorV2,
        ("torch._utils", "_rebuild_tensor_v3") => Function.RebuildTensorV3,
        ("torch._utils", "_rebuild_parameter") => Function.RebuildParameter,
        ("torch._utils", "_rebuild_parameter_with_state") => Function.RebuildParameterWithState,
        ("torch._tensor", "_rebuild_from_type_v2") => Function.RebuildFromType,
        ("torch" or "torch._tensor", "Tensor") or ("torch.nn.parameter", "Parameter") => s_tensorClass,
        ("torch.storage" or "torch", "UntypedStorage" or "_UntypedStorage" or "TypedStorage" or "_TypedStorage") => TorchType.Untyped,
        ("torch" or "torch.cuda", _) when TorchType.OfStorage(name) is { } type => type,
        ("torch", _) when TorchType.OfName(name) is { } type => type,
        _ => null,
    };

    public object? Call(object function, object?[] arguments) => (function, arguments) switch
    {
        (Function.OrderedDict, []) => new OrderedDictionary<object, object?>(PickleKeys.Comparer),
        (Function.OrderedDict, [List<object?> pairs]) => Dictionary(pairs),
        (Function.Set, [List<object?> members]) when members.TrueForAll(PickleKeys.IsKey) => new HashSet<object>(members!, PickleKeys.Comparer),
        (Function.Encode, [string text, string encoding]) when encoding is "latin1" or "latin-1" => Encoding.Latin1.GetBytes(text),
        (Function.Size, [object?[] sizes]) => sizes,
        (Function.Device, [string type]) => type,
        (Function.Device, [string type, long index]) => $"{type}:{index}",
        (Function.RebuildTensor, [TorchStorage storage, long offset, object?[] sizes, object?[] strides]) => Tensor(storage, storage.Type, offset, sizes, strides),
        (Function.RebuildTensorV2, [TorchStorage storage, long offset, object?[] sizes, object?[] strides, bool, ..]) => Tensor(storage, storage.Type, offset, sizes, strides),
        (Function.RebuildTensorV3, [TorchStorage storage, long offset, object?[] sizes, object?[] strides, bool, _, TorchType type, ..]) => Tensor(storage, type, offset, sizes, strides),
        (Function.RebuildParameter, [TorchTensor data, ..]) => data,
        (Function.RebuildParameterWithState, [TorchTensor data, ..]) => data,
        (Function.RebuildFromType, [Function rebuild, { } type, object?[] inner, ..]) when type == s_tensorClass && rebuild != Function.RebuildFromType => Call(rebuild, inner),
        (Function, _) => throw file.Damaged($"its pickle calls {function} with arguments that it does not take"),
        _ => throw file.Damaged("its pickle calls something that is no function"),
    };

    public object Persistent(object? id)
    {
        object?[] parts = id as object?[] ?? [];
        if (parts is not ["storage", TorchType type, string key, string, long count, .. object?[] rest])
        {
            throw file.Damaged(parts is ["module", ..]
                ? "it holds a whole module with its source code. Save the weights alone in PyTorch, torch.save(model.state_dict(), path)"
                : "its pickle names a storage in a way that is not known");
        }

        TorchStorage storage = new(key, type, 0, count, count);
        if (count is < 0 or > long.MaxValue / sizeof(long))
        {
            throw file.Damaged($"storage {FileText.Quote(key)} claims {count:N0} elements");
        }

        if (_storages.TryGetValue(key, out TorchStorage? known))
        {
            // Views of one memory may read its bytes as another type.
            storage = known with { Type = type, Count = count };
        }
        else
        {
            _storages.Add(key, storage);
        }

        return (rest is [object?[] view] ? view : rest) switch
        {
            [] or [null] => storage,
            [string, long first, long size] when rest.Length == 1 && first >= 0 && size >= 0 && first <= storage.StoredCount - size => storage with { First = first, Count = size },
            _ => throw file.Damaged($"storage {FileText.Quote(key)} has a view that does not lie within it"),
        };
    }

    private TorchTensor Tensor(TorchStorage storage, TorchType type, long offset, object?[] sizes, object?[] strides) =>
        storage.Type == TorchType.Untyped && type == TorchType.Untyped
            ? throw file.Damaged($"a tensor in storage {FileText.Quote(storage.Key)} has no element type")
            : new TorchTensor(storage, type, offset, sizes, strides);

    private OrderedDictionary<object, object?> Dictionary(List<object?> pairs)
    {
        OrderedDictionary<object, object?> result = new(PickleKeys.Comparer);
        foreach (object? pair in pairs)
        {
            object?[] parts = pair as object?[] ?? (pair as List<object?>)?.ToArray() ?? [];
            (object? key, object? value) = parts is [var first, var second] ? (first, second) : (null, null);
            result[PickleKeys.IsKey(key) ? key! : throw file.Damaged("its pickle has a dictionary with a key that is neither text nor a number")] = value;
        }

        return result;
    }
}
