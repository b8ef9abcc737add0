using System.Globalization;
using System.Text.Json;
using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Gradients;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.LossFunctions;

/// <summary>Losses against PyTorch's numbers in float64; tests/golden_tools/make_losses.py has written them.</summary>
internal sealed class LossGoldenTests
{
    private static readonly Dictionary<string, Func<Tensor[], Reduction, Tensor>> s_losses = new()
    {
        ["MarginRanking"] = static (x, r) => Losses.MarginRanking(x[0], x[1], x[2], 0.3, r),
        ["HingeEmbedding"] = static (x, r) => Losses.HingeEmbedding(x[0], x[1], 0.7, r),
        ["SoftMargin"] = static (x, r) => Losses.SoftMargin(x[0], x[1], r),
        ["MultiMargin"] = static (x, r) => Losses.MultiMargin(x[0], x[1], 1, reduction: r),
        ["MultiMargin2"] = static (x, r) => Losses.MultiMargin(x[0], x[1], 2, 0.6, x[2], r),
        ["MultiLabelMargin"] = static (x, r) => Losses.MultiLabelMargin(x[0], x[1], r),
        ["MultiLabelSoftMargin"] = static (x, r) => Losses.MultiLabelSoftMargin(x[0], x[1], null, r),
        ["MultiLabelSoftMarginWeighted"] = static (x, r) => Losses.MultiLabelSoftMargin(x[0], x[1], x[2], r),
        ["CosineEmbedding"] = static (x, r) => Losses.CosineEmbedding(x[0], x[1], x[2], 0.1, r),
        ["TripletMargin"] = static (x, r) => Losses.TripletMargin(x[0], x[1], x[2], reduction: r),
        ["TripletMarginSwap"] = static (x, r) => Losses.TripletMargin(x[0], x[1], x[2], 2, 3, swap: true, reduction: r),
        ["TripletMargin1"] = static (x, r) => Losses.TripletMargin(x[0], x[1], x[2], 0.5, 1, reduction: r),
        ["TripletMarginDistance"] = static (x, r) => Losses.TripletMargin(
            x[0], x[1], x[2], 0.8, distance: static (a, b) => 1 - ((a * b).Sum(1) / (a.Norm(1) * b.Norm(1))), reduction: r),
        ["PoissonNll"] = static (x, r) => Losses.PoissonNll(x[0], x[1], true, reduction: r),
        ["PoissonNllFull"] = static (x, r) => Losses.PoissonNll(x[0], x[1], true, full: true, reduction: r),
        ["PoissonNllRate"] = static (x, r) => Losses.PoissonNll(x[0], x[1], false, eps: 1e-3, reduction: r),
        ["GaussianNll"] = static (x, r) => Losses.GaussianNll(x[0], x[1], x[2], reduction: r),
        ["GaussianNllRow"] = static (x, r) => Losses.GaussianNll(x[0], x[1], x[2], full: true, reduction: r),
        ["GaussianNllFloor"] = static (x, r) => Losses.GaussianNll(x[1], x[0], x[2], eps: 0.1, reduction: r),
        ["LogCosh"] = static (x, r) => Losses.LogCosh(x[0], x[1], r),
        ["SigmoidFocal"] = static (x, r) => Losses.SigmoidFocal(x[0], x[1], 0.25, 2, r),
        ["SigmoidFocalPlain"] = static (x, r) => Losses.SigmoidFocal(x[0], x[1], -1, 1.5, r),
        ["Dice"] = static (x, r) => Losses.Dice(x[0], x[1], 1, r),
        ["Jaccard"] = static (x, r) => Losses.Jaccard(x[0], x[1], 0.5, r),
        ["KlDivLog"] = static (x, r) => Losses.KlDiv(x[0], x[1], r, logTarget: true),
        ["CrossEntropySoft"] = static (x, r) => Losses.CrossEntropy(x[0], x[1], null, 0.1, reduction: r),
        ["Huber"] = static (x, r) => Losses.Huber(x[0], x[1], 0.6, r),
        ["SmoothL1"] = static (x, r) => Losses.SmoothL1(x[0], x[1], 0.6, r),
    };

    private static readonly Lazy<JsonElement> s_file = new(static () =>
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "data", "losses.json")));
        return document.RootElement.Clone();
    });

    private static IEnumerable<string> Names => s_losses.Keys;

    [Test]
    public void Cases_AreAllNamed() => Assert.That(s_file.Value.GetProperty("losses").EnumerateArray().Select(static c => c.GetProperty("name").GetString()), Is.EquivalentTo(Names));

    [TestCaseSource(nameof(Names))]
    public void Loss_IsPyTorchs(string name)
    {
        JsonElement c = s_file.Value.GetProperty("losses").EnumerateArray().Single(e => e.GetProperty("name").GetString() == name);
        Tensor[] x = [.. c.GetProperty("operands").EnumerateArray().Select(static o => Read(o, ReferenceDevice.Shared))];
        x[0] = x[0].WithGrad();
        Func<Tensor[], Reduction, Tensor> loss = s_losses[name];
        Tensor each = loss(x, Reduction.None);
        Close.AssertAll("each", Read(c.GetProperty("each"), ReferenceDevice.Shared), each.Detach(), 1e-12, 1e-13);
        Assert.That(loss(x, Reduction.Mean).Item(), Is.EqualTo(c.GetProperty("mean").GetDouble()).Within(1e-12));
        Assert.That(loss(x, Reduction.Sum).Item(), Is.EqualTo(c.GetProperty("sum").GetDouble()).Within(1e-11));
        Tensor weights = 1 + (Tensor.Arange(0.0, each.ElementCount, 1, DType.Float64, each.Device).Reshape(each.Shape) / 7);
        (each * weights).Sum().Backward();
        Close.AssertAll("gradient", Read(c.GetProperty("gradient"), ReferenceDevice.Shared), x[0].Grad!, 1e-10, 1e-12);
    }

    [TestCaseSource(nameof(Names))]
    public void Loss_HasItsGradients(string name)
    {
        JsonElement c = s_file.Value.GetProperty("losses").EnumerateArray().Single(e => e.GetProperty("name").GetString() == name);

        // Class numbers, signs and weights of classes have no gradient; of counts, masks and variances it is right but not asked for.
        Tensor[] x = [.. c.GetProperty("operands").EnumerateArray().Select(static o => Read(o, ReferenceDevice.Shared))];
        x[0] = x[0].WithGrad();
        if (name is "CosineEmbedding" or "TripletMargin" or "TripletMarginSwap" or "MarginRanking" or "GaussianNll" or "LogCosh")
        {
            x[1] = x[1].WithGrad();
        }

        if (name == "GaussianNll")
        {
            x[2] = x[2].WithGrad();
        }

        GradientCheck.First(t => s_losses[name](t, Reduction.Mean), x, name);
    }

    internal static IEnumerable<JsonElement> CtcCases => s_file.Value.GetProperty("ctc").EnumerateArray();

    /// <summary>A tensor in float64 or int64.</summary>
    internal static Tensor Read(JsonElement tensor, Device device)
    {
        Shape shape = [.. tensor.GetProperty("shape").EnumerateArray().Select(static e => e.GetInt32())];
        JsonElement.ArrayEnumerator values = tensor.GetProperty("values").EnumerateArray();
        return tensor.GetProperty("whole").GetBoolean()
            ? Tensor.From<long>([.. values.Select(static e => e.GetInt64())], shape, device)
            : Tensor.From<double>([.. values.Select(Number)], shape, device);
    }

    internal static double Number(JsonElement value) => value.ValueKind == JsonValueKind.Number ? value.GetDouble()
        : value.GetString() == "inf" ? double.PositiveInfinity : double.Parse(value.GetString()!, CultureInfo.InvariantCulture);
}
