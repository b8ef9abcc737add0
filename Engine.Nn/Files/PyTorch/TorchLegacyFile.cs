using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace Engine.Nn;

/// <summary>
/// The files that PyTorch wrote before 1.6: five pickles one after another (a magic number, a version, facts about the writer, the object, the keys of the
/// storages), then for each key the number of elements and the elements.
/// </summary>
internal sealed class TorchLegacyFile : ITorchStorages
{
    private const long Version = 1001;

    private static readonly BigInteger s_magic = BigInteger.Parse("01950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private readonly CheckedFile _file;
    private readonly Dictionary<string, (long Offset, long Bytes)> _places = new(StringComparer.Ordinal);
    private PickleBytes? _pickle;
    private long _position;

    public TorchLegacyFile(CheckedFile file)
    {
        _file = file;
        TorchObjects objects = new(file);
        if (Next(objects).Run() is not BigInteger magic || magic != s_magic)
        {
            throw file.Damaged("it is a pickle, but not one that torch.save wrote");
        }

        if (Next(objects).Run() is not Version)
        {
            throw file.Damaged($"it is a checkpoint of a version of PyTorch's old format that is not known; {Version} is");
        }

        IsBigEndian = Next(objects).Run() is OrderedDictionary<object, object?> system && system.TryGetValue("little_endian", out object? isLittle) && isLittle is false;
        PickleMachine content = Next(objects);
        Root = content.Run();
        Collections = content.Collections;
        object? keys = Next(objects).Run();
        _position = _pickle!.Position;
        FindStorages(keys as List<object?> ?? throw file.Damaged("the keys of its storages are no list"), objects);
    }

    public object? Root { get; }

    public IReadOnlyList<object> Collections { get; }

    public bool IsBigEndian { get; }

    public (long Offset, long Bytes) Locate(TorchStorage storage) =>
        _places.TryGetValue(storage.Key, out (long Offset, long Bytes) place) ? place : throw _file.Damaged($"it has no storage {FileText.Quote(storage.Key)}");

    private PickleMachine Next(TorchObjects objects)
    {
        _position = _pickle?.Position ?? 0;
        _pickle = new PickleBytes(_file, _position, Math.Min(_file.Length - _position, PyTorchFile.MaxPickleBytes));
        return new PickleMachine(_pickle, objects);
    }

    private void FindStorages(List<object?> keys, TorchObjects objects)
    {
        Span<byte> count = stackalloc byte[sizeof(long)];
        foreach (object? name in keys)
        {
            if (name is not string key || !objects.Storages.TryGetValue(key, out TorchStorage? storage))
            {
                throw _file.Damaged("it has a storage that no tensor names");
            }

            if (_file.Length - _position < sizeof(long))
            {
                throw _file.Damaged($"it ends before storage {FileText.Quote(key)}; it is cut short");
            }

            _file.Read(_position, count);
            long elements = BinaryPrimitives.ReadInt64LittleEndian(count);
            _position += sizeof(long);
            if (elements != storage.StoredCount || elements > (_file.Length - _position) / storage.Type.FileBytes)
            {
                throw _file.Damaged($"storage {FileText.Quote(key)} has {elements:N0} elements, its tensors expect {storage.StoredCount:N0}, and {_file.Length - _position:N0} bytes follow; it is cut short or damaged");
            }

            if (!_places.TryAdd(key, (_position, elements * storage.Type.FileBytes)))
            {
                throw _file.Damaged($"storage {FileText.Quote(key)} is there twice");
            }

            _position += elements * storage.Type.FileBytes;
        }
    }
}
