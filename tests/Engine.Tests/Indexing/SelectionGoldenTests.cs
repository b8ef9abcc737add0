using System.Text.Json;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Indexing;

/// <summary>Operations that select, write, count and rearrange elements, against PyTorch and NumPy.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class SelectionGoldenTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly Dictionary<string, Func<Inputs, Tensor[]>> s_operations = new()
    {
        ["NonZero"] = c => [c["x"].NonZero()],
        ["MaskedSelect"] = c => [c["x"].MaskedSelect(c["mask"])],
        ["MaskedScatter"] = c => [c["x"].MaskedScatter(c["mask"], c["source"])],
        ["Take"] = c => [c["x"].Take(c["index"])],
        ["Put"] = c => [c["x"].Put(c["index"], c["source"], c.Is("accumulate"))],
        ["TakeAlongAxis"] = c => [c["x"].TakeAlongAxis(c["index"], c.Int("axis"))],
        ["IndexAdd"] = c => [c["x"].IndexAdd(c.Int("axis"), c["index"], c["source"], c.Int("alpha"))],
        ["IndexCopy"] = c => [c["x"].IndexCopy(c.Int("axis"), c["index"], c["source"])],
        ["IndexFill"] = c => [c["x"].IndexFill(c.Int("axis"), c["index"], c.Int("value"))],
        ["Scatter"] = c => [c["x"].Scatter(c.Int("axis"), c["index"], c["source"])],
        ["ScatterValue"] = c => [c["x"].Scatter(c.Int("axis"), c["index"], c.Json("value").GetDouble())],
        ["ScatterReduce"] = ScatterReduce,
        ["Roll"] = Roll,
        ["RepeatInterleave"] = c => [c.Json("repeats").ValueKind == JsonValueKind.Number ? c["x"].RepeatInterleave(c.Int("repeats"), c.Axis) : c["x"].RepeatInterleave(c["repeats"], c.Axis)],
        ["Tile"] = c => [c["x"].Tile(c.Ints("times"))],
        ["Unique"] = c => List(c["x"].Unique()),
        ["UniqueAxis"] = c => List(c["x"].Unique(c.Int("axis"))),
        ["UniqueConsecutive"] = c => List(c["x"].UniqueConsecutive(c.Axis)),
        ["BinCount"] = c => [c["x"].BinCount(c.Has("weights") ? c["weights"] : null, c.Int("minLength"))],
        ["Histogram"] = Histogram,
        ["HistogramEdges"] = c => [c["x"].Histogram(c["edges"], density: c.Is("density")).Counts, c["edges"]],
        ["SearchSorted"] = c => [c["x"].SearchSorted(c["values"], c.Is("right"))],
        ["Bucketize"] = c => [c["x"].Bucketize(c["boundaries"], c.Is("right"))],
        ["Diag"] = c => [c["x"].Diag(c.Int("diagonal"))],
        ["Diagonal"] = c => [c["x"].Diagonal(c.Int("offset"), c.Int("axis1"), c.Int("axis2"))],
        ["DiagEmbed"] = c => [c["x"].DiagEmbed(c.Int("offset"), c.Int("axis1"), c.Int("axis2"))],
        ["IsIn"] = c => [c["x"].IsIn(c["elements"])],
    };

    private static IEnumerable<string> Names => s_operations.Keys;

    [TestCaseSource(nameof(Names))]
    public void Operation_GivesWhatPyTorchGives(string name)
    {
        int count = 0;
        foreach (JsonElement json in IndexGolden.Cases("operations").Where(e => e.GetProperty("op").GetString() == name))
        {
            using TensorScope scope = TensorScope.Begin();
            Tensor[] actual = s_operations[name](new Inputs(json.GetProperty("inputs"), MostPrecise, Device));
            JsonElement[] expected = [.. json.GetProperty("results").EnumerateArray()];
            Assert.That(actual, Has.Length.EqualTo(expected.Length));
            for (int i = 0; i < actual.Length; i++)
            {
                string type = expected[i].GetProperty("type").GetString()!;
                Assert.That(actual[i].DType, Is.EqualTo(type switch { "i64" => DType.Int64, "bool" => DType.Bool, _ => Widest }), $"{name} {count}, result {i}");
                Shape shape = new([.. expected[i].GetProperty("shape").EnumerateArray().Select(static e => e.GetInt32())]);
                // Quotients and edges that are no multiples of 1/8 are rounded.
                double bound = type != "f64" ? 0 : Widest == DType.Float64 ? 1e-14 : 1e-6;
                Close.AssertAll($"{name} {count}, result {i}", shape, IndexGolden.Numbers(expected[i]), actual[i], bound, bound);
            }

            count++;
        }

        Assert.That(count, Is.GreaterThan(0));
    }

    private static Tensor[] List((Tensor Values, Tensor Inverse, Tensor Counts) unique) => [unique.Values, unique.Inverse, unique.Counts];

    private static Tensor[] Roll(Inputs c) =>
        [c.Ints("axes") switch { [] => c["x"].Roll(c.Ints("shifts")[0]), [int axis] => c["x"].Roll(c.Ints("shifts")[0], axis), int[] axes => c["x"].Roll(c.Ints("shifts"), axes) }];

    private static Tensor[] Histogram(Inputs c)
    {
        (double, double)? range = c.Json("range").ValueKind == JsonValueKind.Null ? null : (c.Ints("range")[0], c.Ints("range")[1]);
        (Tensor counts, Tensor edges) = c["x"].Histogram(c.Int("bins"), range, c.Has("weights") ? c["weights"] : null, c.Is("density"));
        return [counts, edges];
    }

    private static Tensor[] ScatterReduce(Inputs c)
    {
        Tensor x = c["x"].WithGrad(), source = c["source"].WithGrad();
        ScatterReduction reduction = c.Json("reduction").GetString() switch
        {
            "sum" => ScatterReduction.Sum,
            "mean" => ScatterReduction.Mean,
            "prod" => ScatterReduction.Prod,
            "amax" => ScatterReduction.Max,
            _ => ScatterReduction.Min,
        };
        Tensor y = x.ScatterReduce(c.Int("axis"), c["index"], source, reduction, c.Is("include"));
        y.Backward(c["dy"]);
        return [y, x.Grad!, source.Grad!];
    }

    private sealed class Inputs(JsonElement json, Func<double[], Shape, Tensor> fractions, Device device)
    {
        public int? Axis => Json("axis").ValueKind == JsonValueKind.Null ? null : Int("axis");

        public Tensor this[string key] => IndexGolden.Read(Json(key), fractions, device);

        public JsonElement Json(string key) => json.GetProperty(key);

        public bool Has(string key) => json.TryGetProperty(key, out _);

        public int Int(string key) => Json(key).GetInt32();

        public bool Is(string key) => Json(key).GetBoolean();

        public int[] Ints(string key) => [.. Json(key).EnumerateArray().Select(static e => (int)e.GetDouble())];
    }
}
