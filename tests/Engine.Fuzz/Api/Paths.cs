using Engine.Nn;

namespace Engine.Fuzz.Api;

/// <summary>Names of files inside one folder: good ones of each kind, missing ones, folders, impossible ones.</summary>
internal sealed class Paths
{
    private readonly Random _random;
    private readonly string?[] _paths;

    public Paths(Random random, string folder)
    {
        _random = random;
        string model = Path.Combine(folder, "model.safetensors"), checkpoint = Path.Combine(folder, "run", "step-00000001.safetensors"), images = Path.Combine(folder, "images.idx");
        Safetensors.Save(model, new Dictionary<string, Tensor> { ["weight"] = Tensor.Zeros([2, 2]), ["bias"] = Tensor.Zeros([2]) });
        TrainingState state = new();
        state.Section("model").Add("weight", Tensor.Zeros([2, 2]));
        Checkpoint.Save(checkpoint, state);
        File.WriteAllBytes(images, [0, 0, 8, 1, 0, 0, 0, 2, 1, 2]);
        _paths =
        [
            model, checkpoint, images, Path.GetDirectoryName(checkpoint), folder, Path.Combine(folder, "missing"), Path.Combine(folder, "no", "folder"), Path.Combine(model, "below-a-file"),
            Path.Combine(folder, "new.csv"), "relative", "", null, "\0", "*", new string('p', 5000),
        ];
    }

    public static bool IsPath(string parameter) => parameter.Contains("path") || parameter.Contains("file") || parameter.Contains("folder") || parameter.Contains("directory");

    public string? Next() => _paths[_random.Next(_paths.Length)];
}
