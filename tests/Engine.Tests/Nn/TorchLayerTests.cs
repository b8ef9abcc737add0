using System.Text.Json;
using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Outputs, gradients and names of states of layers against PyTorch's (tests/golden_tools/make_layers.py).</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class TorchLayerTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly JsonElement[] s_cases = Read();

    private static IEnumerable<TestCaseData> Cases => s_cases.Select(static c => new TestCaseData(c).SetArgDisplayNames(NameOf(c)));

    [Test]
    public void Cases_AreAllMade() => Assert.That(TorchLayerCases.All.Keys, Is.EquivalentTo(s_cases.Select(NameOf)));

    [TestCaseSource(nameof(Cases))]
    public void Layer_MatchesPyTorch(JsonElement numbers)
    {
        TorchLayerCase row = TorchLayerCases.All[NameOf(numbers)];
        Module module = row.Make().To(Widest).To(Device);
        Dictionary<string, Tensor> state = [];
        foreach ((JsonElement entry, int k) in numbers.GetProperty("state").EnumerateArray().Select(static (entry, k) => (entry, k)))
        {
            state[entry[0].GetString()!] = Wave([.. entry[1].EnumerateArray().Select(static e => e.GetInt32())], 0.3, 0.7, k);
        }

        // Every name must be there, with its shape, and no other.
        module.LoadStateDict(state);
        Tensor[] inputs = [.. numbers.GetProperty("inputs").EnumerateArray().Select((shape, j) => Wave([.. shape.EnumerateArray().Select(static e => e.GetInt32())], 1, 0.37, j).WithGrad())];
        Tensor[] outputs = row.Call(module, inputs);
        (double relative, double absolute) = Device.HasFloat64 ? (1e-10, 1e-11) : (2e-4, 2e-5);

        // The floating mask of a case is float32 in float64.
        (relative, absolute) = NameOf(numbers) == "attention float" ? (Math.Max(relative, 1e-6), Math.Max(absolute, 1e-6)) : (relative, absolute);
        JsonElement[] expected = [.. numbers.GetProperty("outputs").EnumerateArray()];
        Assert.That(outputs, Has.Length.EqualTo(expected.Length));
        for (int i = 0; i < expected.Length; i++)
        {
            Shape shape = new([.. expected[i].GetProperty("shape").EnumerateArray().Select(static e => e.GetInt32())]);
            Close.AssertAll($"output {i}", shape, Doubles(expected[i].GetProperty("values")), outputs[i], relative, absolute);
        }

        outputs.Select(static y => (y * Weights(y)).Sum()).Aggregate(static (a, b) => a + b).Backward();
        JsonElement[] gradients = [.. numbers.GetProperty("input_gradients").EnumerateArray()];
        for (int i = 0; i < gradients.Length; i++)
        {
            Close.AssertAll($"gradient of input {i}", Doubles(gradients[i]), inputs[i].Grad!.ToArray<double>(), 10 * relative, 10 * absolute);
        }

        Dictionary<string, Tensor> parameters = module.NamedParameters().ToDictionary(static p => p.Name, static p => p.Tensor);
        foreach (JsonProperty gradient in numbers.GetProperty("parameter_gradients").EnumerateObject())
        {
            Tensor? g = parameters[gradient.Name].Grad;
            double sum = g is null ? 0 : (g * Weights(g)).Sum().Item();
            Assert.That(sum, Is.EqualTo(gradient.Value.GetDouble()).Within((20 * relative * Math.Abs(gradient.Value.GetDouble())) + (50 * absolute)), $"gradient of {gradient.Name}");
        }
    }

    private Tensor Wave(Shape shape, double scale, double step, double phase) =>
        MostPrecise([.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => scale * Math.Sin((step * i) + phase))], shape);

    private static Tensor Weights(Tensor y) =>
        Tensor.From<double>([.. Enumerable.Range(0, (int)y.ElementCount).Select(static i => Math.Cos(0.11 * i))], y.Shape, ReferenceDevice.Shared).To(y.DType).To(y.Device);

    private static double[] Doubles(JsonElement values) => [.. values.EnumerateArray().Select(static e => e.GetDouble())];

    private static string NameOf(JsonElement numbers) => numbers.GetProperty("name").GetString()!;

    private static JsonElement[] Read()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Nn", "data", "layers.json")));
        return [.. document.RootElement.EnumerateArray().Select(static e => e.Clone())];
    }
}
