using System.Text.Json;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Indexing;

/// <summary>Index expressions with masks and indices: what they read and write, and their gradients, against PyTorch and NumPy.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class IndexGoldenTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Expressions_ReadWriteAndPassGradients()
    {
        int count = 0;
        foreach (JsonElement json in IndexGolden.Cases("expressions"))
        {
            using TensorScope scope = TensorScope.Begin();
            string name = json.GetProperty("name").GetString()!;
            TensorIndex[] index = [.. json.GetProperty("index").EnumerateArray().Select(e => IndexGolden.Entry(e, Device))];
            Tensor x = Of(json, "x").WithGrad(), values = Of(json, "values");
            Tensor y = x[index];
            Check(json, name, "y", y);
            y.Backward(Of(json, "dy"));
            Check(json, name, "dx", x.Grad!);

            Tensor written = x.Detach().Clone();
            written[index] = values;
            Check(json, name, "written", written);
            Tensor turned = x.Detach().Permute(2, 0, 1).Contiguous().Permute(1, 2, 0);
            turned[index] = values;
            Check(json, $"{name}, not contiguous", "written", turned);
            Check(json, $"{name}, IndexPut", "written", x.Detach().IndexPut(index, values));
            Check(json, $"{name}, IndexPut", "added", x.Detach().IndexPut(index, values, accumulate: true));
            count++;
        }

        Assert.That(count, Is.EqualTo(32));
    }

    [Test]
    public void Expressions_WriteOneNumber_WhereTheyRead()
    {
        foreach (JsonElement json in IndexGolden.Cases("expressions"))
        {
            using TensorScope scope = TensorScope.Begin();
            TensorIndex[] index = [.. json.GetProperty("index").EnumerateArray().Select(e => IndexGolden.Entry(e, Device))];
            Tensor x = Tensor.Zeros([3, 4, 5], device: Device), ones = Tensor.Zeros([3, 4, 5], device: Device);
            x[index] = Tensor.Scalar(1, device: Device);
            ones[index] = Tensor.Ones(x[index].Shape, device: Device);
            Assert.That(x.ToArray<float>(), Is.EqualTo(ones.ToArray<float>()), json.GetProperty("name").GetString());
        }
    }

    private Tensor Of(JsonElement json, string key) => IndexGolden.Read(json.GetProperty(key), MostPrecise, Device);

    private static void Check(JsonElement json, string name, string key, Tensor actual)
    {
        JsonElement expected = json.GetProperty(key);
        Close.AssertAll($"{name}: {key}", new Shape([.. expected.GetProperty("shape").EnumerateArray().Select(static e => e.GetInt32())]), IndexGolden.Numbers(expected), actual, 0, 0);
    }
}
