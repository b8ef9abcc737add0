using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>What a file says of itself cannot write lines of a log.</summary>
internal sealed class FileTextTests
{
    private const string Forged = "w\n2026-01-01 INFO all is well\r\u2028\u202Eevil\u0007\u001B[31m";

    [Test]
    public void Quote_WritesInvisibleCharactersAsTheirCodes()
    {
        Assert.That(FileText.Quote("layer.0.weight"), Is.EqualTo("'layer.0.weight'"));
        Assert.That(FileText.Quote("a\nb\r\t\0"), Is.EqualTo("'a\\u000Ab\\u000D\\u0009\\u0000'"));
        Assert.That(FileText.Quote("\u202Ea\u2066b\u200Fc\u2028d\uFEFF"), Is.EqualTo("'\\u202Ea\\u2066b\\u200Fc\\u2028d\\uFEFF'"));
        Assert.That(FileText.Quote("größe 重み 😀"), Is.EqualTo("'größe 重み 😀'"));
        Assert.That(FileText.Quote("\uD800"), Is.EqualTo("'\uFFFD'"));
        Assert.That(FileText.Quote(new string('x', 5000)), Has.Length.EqualTo(103));
    }

    [Test]
    public void EveryMessageAboutAFile_IsOneShortLine()
    {
        using TemporaryFolder folder = new();
        ReferenceDevice device = new();
        string path = folder.File("x");
        Tensor one = Tensor.Ones([2], device: device);
        Linear layer = new(2, 2);
        List<Action> faults =
        [
            () => SaveAndOpen(new() { [Forged] = one }).Read("absent", device),
            () => layer.LoadStateDict(new Dictionary<string, Tensor> { [Forged] = one }),
            () => layer.LoadStateDict(Enumerable.Range(0, 1000).ToDictionary(static i => new string('y', 300) + i, _ => one)),
            () => new Sgd(layer.Parameters).Load(Optimizer(Forged, "{}")),
            () => new Sgd(layer.Parameters).Load(Optimizer("Sgd", "{\"" + System.Text.Json.JsonEncodedText.Encode(Forged) + "\": 1}")),
            () => Header("{\"" + System.Text.Json.JsonEncodedText.Encode(Forged) + "\": 7}"),
            () => Header("{\"" + System.Text.Json.JsonEncodedText.Encode(Forged) + "\": {\"dtype\":\"" + System.Text.Json.JsonEncodedText.Encode(Forged) + "\"}}"),
            () => CheckpointOf("9" + Forged, "{}"),
            () => CheckpointOf("1", "{\"" + System.Text.Json.JsonEncodedText.Encode(Forged) + "\": 1, \"" + System.Text.Json.JsonEncodedText.Encode(Forged) + "\": 2}"),
            () => _ = new TrainingState([new(Forged, one), new(Forged, one)], []),
        ];
        foreach (Action fault in faults)
        {
            Exception? e = Assert.Catch(() => fault());
            Assert.That(e, Is.TypeOf<ModelFileException>().Or.TypeOf<ArgumentException>(), e!.ToString());
            Assert.That(e.Message, Has.Length.LessThan(2500));
            Assert.That(e.Message.Any(static c => char.IsControl(c) || c is '\u2028' or '\u202E'), Is.False, e.Message);
        }

        SafetensorsFile SaveAndOpen(Dictionary<string, Tensor> tensors)
        {
            Safetensors.Save(path, tensors);
            return SafetensorsFile.Open(path);
        }

        static TrainingState Optimizer(string kind, string steps) => new([], new()
        {
            ["optimizer"] = kind,
            ["learning_rate"] = 0.1,
            ["steps"] = System.Text.Json.Nodes.JsonNode.Parse(steps),
        });

        void Header(string json)
        {
            byte[] text = System.Text.Encoding.UTF8.GetBytes(json);
            File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)text.Length), .. text]);
            SafetensorsFile.Open(path);
        }

        void CheckpointOf(string version, string values)
        {
            Safetensors.Save(path, new Dictionary<string, Tensor> { ["w"] = one }, new Dictionary<string, string> { ["engine.checkpoint"] = version, ["engine.state"] = values });
            Checkpoint.Load(path, device);
        }
    }
}
