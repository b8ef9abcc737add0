using Engine.Nn;
using Engine.Tests.Nn;

namespace Engine.Fuzz.Files;

/// <summary>Files of PyTorch and NumPy: archives whose directories, pickles and headers are damaged.</summary>
internal sealed class ForeignFiles
{
    private const long MostDataBytes = 16L << 20;

    private readonly byte[] _torch;
    private readonly byte[] _npy;
    private readonly byte[] _npz;

    public ForeignFiles(string folder)
    {
        string path = Path.Combine(folder, "foreign");
        Dictionary<string, Tensor> tensors = new()
        {
            ["layer.0.weight"] = Tensor.Randn([4, 3]),
            ["layer.1.weight"] = Tensor.Randn([2, 2]).To(DType.BFloat16),
            ["steps"] = Tensor.Scalar(7, DType.Int64),
            ["mask"] = Tensor.From<bool>([true, false, true]),
        };
        PyTorchFile.Save(path, tensors);
        _torch = File.ReadAllBytes(path);
        Npy.Save(path, tensors["layer.0.weight"]);
        _npy = File.ReadAllBytes(path);
        Npz.Save(path, tensors, compress: true);
        _npz = File.ReadAllBytes(path);
    }

    public IEnumerable<FileKind> Kinds()
    {
        yield return new FileKind("PyTorch", 2, random => Mutation.Apply(_torch, random.Next()), static path => Release(PyTorchFile.LoadAll(path) as OrderedDictionary<object, object?>), typeof(ModelFileException));
        yield return new FileKind("npy", 1, random => Mutation.Apply(_npy, random.Next()), static path => Npy.Load(path).Dispose(), typeof(DataFileException));
        yield return new FileKind("npz", 1, random => Mutation.Apply(_npz, random.Next()), static path => Release(Npz.Load(path, maxBytes: MostDataBytes)), typeof(DataFileException));
    }

    private static void Release(OrderedDictionary<object, object?>? content)
    {
        foreach (object? value in content is null ? [] : content.Values.AsEnumerable())
        {
            (value as Tensor)?.Dispose();
        }
    }

    private static void Release(Dictionary<string, Tensor> tensors)
    {
        foreach (Tensor tensor in tensors.Values)
        {
            tensor.Dispose();
        }
    }
}
