using System.Text;

namespace Engine.Nn;

/// <summary>
/// The files that PyTorch writes since 1.6: a zip archive of uncompressed files in one folder, <c>data.pkl</c> with the pickle, <c>data/0</c>, <c>data/1</c> …
/// with the storages, and <c>byteorder</c> in newer ones.
/// </summary>
internal sealed class TorchArchive : ITorchStorages
{
    private const string PickleName = "/data.pkl";

    private readonly CheckedFile _file;
    private readonly ZipDirectory _zip;
    private readonly string _folder;

    public TorchArchive(CheckedFile file)
    {
        _file = file;
        _zip = ZipDirectory.Read(file);
        string[] pickles = [.. _zip.Entries.Keys.Where(static name => name.EndsWith(PickleName, StringComparison.Ordinal))];
        _folder = pickles.Length == 1 ? pickles[0][..^PickleName.Length] : throw file.Damaged(
            $"it is a zip archive with {pickles.Length} files data.pkl; a checkpoint of PyTorch has one");
        if (_zip.Entries.ContainsKey($"{_folder}/constants.pkl"))
        {
            throw file.Damaged("it is a TorchScript archive, a program. Save the weights alone in PyTorch: torch.save(torch.jit.load(path).state_dict(), path)");
        }

        IsBigEndian = ByteOrder();
        ZipEntry pickle = Stored(pickles[0]);
        PickleMachine machine = new(new PickleBytes(file, pickle.Offset, Math.Min(pickle.Bytes, PyTorchFile.MaxPickleBytes)), new TorchObjects(file));
        Root = machine.Run();
        Collections = machine.Collections;
    }

    public object? Root { get; }

    public IReadOnlyList<object> Collections { get; }

    public bool IsBigEndian { get; }

    public (long Offset, long Bytes) Locate(TorchStorage storage)
    {
        ZipEntry entry = Stored($"{_folder}/data/{storage.Key}");
        return (entry.Offset, entry.Bytes);
    }

    private ZipEntry Stored(string name)
    {
        if (!_zip.Entries.TryGetValue(name, out ZipEntry entry))
        {
            throw _file.Damaged($"its zip archive has no file {FileText.Quote(name)}");
        }

        // PyTorch never compresses. What is stored takes no more memory than the file has bytes.
        return entry.IsDeflated ? throw _file.Damaged($"{FileText.Quote(name)} is compressed, which PyTorch never does. Save the file again with torch.save") : entry;
    }

    private bool ByteOrder()
    {
        const int Longest = 16;
        string name = $"{_folder}/byteorder";
        if (!_zip.Entries.ContainsKey(name))
        {
            return false;
        }

        ZipEntry entry = Stored(name);
        byte[] text = new byte[(int)Math.Min(entry.Bytes, Longest)];
        _file.Read(entry.Offset, text);
        return Encoding.UTF8.GetString(text) switch
        {
            "little" => false,
            "big" => true,
            var other => throw _file.Damaged($"its byte order is {FileText.Quote(other)}"),
        };
    }
}
