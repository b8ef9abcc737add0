using System.Text.Json.Nodes;
using Engine.Nn;
using Engine.Tests.Nn;

namespace Engine.Fuzz.Files;

/// <summary>Checkpoints whose bytes, whose numbers in JSON or whose tensors are damaged, read into a trainer with everything that has state.</summary>
internal sealed class CheckpointFiles
{
    private const string ValuesKey = "engine.state";

    private static readonly string?[] s_hostile =
    [
        "null", "true", "-1", "0", "2", "1.5", "4294967296", "9223372036854775807", "-9223372036854775808", "1e300", "\"NaN\"", "\"x\"", "\"\"", "[]", "{}", "[[1]]", "[1,2,3]", "{\"a\":1}",
        "\"a\\nb\"", "123456789012345678901234567890",
    ];

    private readonly string _folder;
    private readonly Dictionary<string, Tensor> _tensors;
    private readonly Dictionary<string, string> _metadata;
    private readonly byte[] _valid;
    private readonly Trainer _trainer = Trainer();
    private readonly DataLoader _data = Data();
    private readonly string _validPath;
    private string _state;

    public CheckpointFiles(string folder)
    {
        _folder = folder;
        _validPath = Path.Combine(folder, "checkpoint");
        Trainer trained = Trainer();
        trained.Fit(_data, _data, epochs: 2);
        TrainingState state = new();
        trained.Save(state);
        Checkpoint.Save(_validPath, state);
        _valid = File.ReadAllBytes(_validPath);
        using SafetensorsFile file = SafetensorsFile.Open(_validPath);
        _tensors = file.Names.ToDictionary(static name => name, name => file.Read(name));
        _metadata = new Dictionary<string, string>(file.Metadata);
        _state = Print(_trainer);
    }

    public IEnumerable<FileKind> Kinds()
    {
        yield return Kind("checkpoint, bytes", 2, random => Mutation.Apply(_valid, random.Next()));
        yield return Kind("checkpoint, numbers", 2, Numbers);
        yield return Kind("checkpoint, tensors", 1, Tensors);
    }

    private FileKind Kind(string name, int share, Func<Random, byte[]> damage) => new(name, share, damage, Read, typeof(ModelFileException), CheckUnchanged);

    /// <summary>A state that was accepted must be one to go on from.</summary>
    private void Read(string path)
    {
        _trainer.Load(Checkpoint.Load(path));
        try
        {
            _trainer.Fit(_data, _data, Math.Clamp(_trainer.Epoch, 0, int.MaxValue - 1) + 1);
        }
        catch (InvalidOperationException)
        {
            // The position may lie behind the data's end: the file does not know the data.
        }

        _trainer.Load(Checkpoint.Load(_validPath));
        _state = Print(_trainer);
    }

    private void CheckUnchanged()
    {
        string now = Print(_trainer);
        if (now != _state)
        {
            int at = now.Zip(_state).TakeWhile(static pair => pair.First == pair.Second).Count();
            string before = _state;
            _state = now;
            throw new InvalidDataException($"{Around(before, at)} became {Around(now, at)}");
        }
    }

    private static string Around(string text, int at) => text.Substring(Math.Max(0, at - 40), Math.Min(80, text.Length - Math.Max(0, at - 40))).ReplaceLineEndings(" ");

    /// <summary>Another value somewhere in the JSON.</summary>
    private byte[] Numbers(Random random)
    {
        JsonObject root = JsonNode.Parse(_metadata[ValuesKey])!.AsObject();
        for (int changes = 1 + random.Next(2); changes > 0; changes--)
        {
            List<(JsonNode Parent, object Key)> places = [.. Places(root)];
            (JsonNode parent, object key) = places[random.Next(places.Count)];
            string? hostile = s_hostile[random.Next(s_hostile.Length)];
            JsonNode? value = JsonNode.Parse(hostile!);
            switch (parent)
            {
                case JsonObject o when random.Next(6) == 0:
                    o.Remove((string)key);
                    break;
                case JsonObject o:
                    o[(string)key] = value;
                    break;
                case JsonArray a when random.Next(6) == 0:
                    a.RemoveAt((int)key);
                    break;
                case JsonArray a:
                    a[(int)key] = value;
                    break;
            }
        }

        return Write(_tensors, new Dictionary<string, string>(_metadata) { [ValuesKey] = root.ToJsonString() });
    }

    private static IEnumerable<(JsonNode Parent, object Key)> Places(JsonNode node)
    {
        switch (node)
        {
            case JsonObject o:
                foreach ((string key, JsonNode? child) in o)
                {
                    yield return (o, key);
                    foreach ((JsonNode, object) inner in child is null ? [] : Places(child))
                    {
                        yield return inner;
                    }
                }

                break;
            case JsonArray a:
                for (int i = 0; i < a.Count; i++)
                {
                    yield return (a, i);
                    foreach ((JsonNode, object) inner in a[i] is { } child ? Places(child) : [])
                    {
                        yield return inner;
                    }
                }

                break;
        }
    }

    /// <summary>A tensor more or less, or one of another shape, type or name.</summary>
    private byte[] Tensors(Random random)
    {
        Dictionary<string, Tensor> tensors = new(_tensors);
        string name = tensors.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(tensors.Count));
        Tensor tensor = tensors[name];
        switch (random.Next(9))
        {
            case 0:
                tensors.Remove(name);
                break;
            case 1:
                tensors[name] = tensor.To(Enum.GetValues<DType>()[random.Next(Enum.GetValues<DType>().Length)]);
                break;
            case 2:
                tensors[name] = Tensor.Zeros([random.Next(3), random.Next(3)], tensor.DType);
                break;
            case 3:
                tensors[name] = tensor.Unsqueeze(0);
                break;
            case 4:
                tensors["model/" + name] = tensor;
                break;
            case 5:
                tensors.Remove(name);
                tensors[name + "x"] = tensor;
                break;
            case 6:
                tensors[$"optimizer/{random.Next(100)}.exp_avg"] = tensor;
                break;
            case 7:
                tensors[name + "\nforged: line"] = tensor;
                break;
            default:
                tensors[name] = Tensor.Full(tensor.Shape, double.NaN).To(tensor.DType);
                break;
        }

        return Write(tensors, _metadata);
    }

    private byte[] Write(Dictionary<string, Tensor> tensors, Dictionary<string, string> metadata)
    {
        string path = Path.Combine(_folder, "written");
        Safetensors.Save(path, tensors, metadata);
        return File.ReadAllBytes(path);
    }

    /// <summary>All that a trainer holds, bit by bit.</summary>
    private static string Print(Trainer trainer)
    {
        TrainingState state = new();
        trainer.Save(state);
        return string.Join('\n', state.Tensors.Select(static t => $"{t.Key} {t.Value.DType} {t.Value.Shape} {Bits(t.Value)}").Append(state.Values.ToJsonString()));
    }

    private static string Bits(Tensor tensor) => string.Join(',', tensor.ToArray<double>().Select(static v => BitConverter.DoubleToInt64Bits(v)));

    private static Trainer Trainer()
    {
        Sequential model =
        [
            new Linear(3, 4, generator: new Generator(1)), new BatchNorm1d(4), new Tanh(), new Dropout(0.2, new Generator(2)), new Linear(4, 2, generator: new Generator(3)),
        ];
        Adam optimizer = new(model.Parameters, 0.01, amsgrad: true);
        return new Trainer(model, optimizer, Losses.CrossEntropy)
        {
            Metrics = [new Accuracy(), new F1(2), new Mean("certainty", static (y, _) => y.Softmax(1).Max(1)), new TopKAccuracy(2)],
            LossScaler = new LossScaler(),
            Callbacks = [new ScheduleCallback(Schedule.Cosine(0.01, 20)), new EarlyStopping("val_loss", patience: 50, restoreBest: true), new PlateauCallback(new ReduceOnPlateau(optimizer))],
        };
    }

    private static DataLoader Data()
    {
        Generator generator = new(4);
        return new DataLoader(new TensorDataset(Tensor.Randn([12, 3], generator: generator), Tensor.RandInt([12], 0, 2, generator)), 4) { Shuffle = true, Prefetch = 0 };
    }
}
