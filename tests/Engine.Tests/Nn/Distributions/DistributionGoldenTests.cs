using System.Text.Json;
using Engine.Nn.Distributions;
using Engine.Tests.Comparison;
using Engine.Tests.Gradients;
using Engine.Tests.Nn.LossFunctions;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.DistributionCases;

/// <summary>Distributions against torch.distributions in float64; tests/golden_tools/make_distributions.py has written the numbers.</summary>
internal sealed class DistributionGoldenTests
{
    internal static readonly Dictionary<string, Func<Tensor[], Distribution>> Makers = new()
    {
        ["Normal"] = static x => new Normal(x[0], x[1]),
        ["LogNormal"] = static x => new LogNormal(x[0], x[1]),
        ["Laplace"] = static x => new Laplace(x[0], x[1]),
        ["Uniform"] = static x => new Uniform(x[0], x[1]),
        ["Exponential"] = static x => new Exponential(x[0]),
        ["Gamma"] = static x => new Gamma(x[0], x[1]),
        ["Beta"] = static x => new Beta(x[0], x[1]),
        ["Dirichlet"] = static x => new Dirichlet(x[0]),
        ["StudentT"] = static x => new StudentT(x[0], x[1], x[2]),
        ["Poisson"] = static x => new Poisson(x[0]),
        ["Geometric"] = static x => new Geometric(x[0]),
        ["Bernoulli"] = static x => new Bernoulli(x[0]),
        ["BernoulliLogits"] = static x => new Bernoulli(logits: x[0]),
        ["Binomial"] = static x => new Binomial(9, x[0]),
        ["Categorical"] = static x => new Categorical(x[0]),
        ["CategoricalLogits"] = static x => new Categorical(logits: x[0]),
        ["OneHotCategorical"] = static x => new OneHotCategorical(x[0]),
        ["Multinomial"] = static x => new Multinomial(6, x[0]),
        ["MultivariateNormal"] = static x => new MultivariateNormal(x[0], scaleTril: x[1]),
        ["Chi2"] = static x => new Chi2(x[0]),
        ["Independent"] = static x => new Independent(new Normal(x[0], x[1]), 1),
    };

    private static readonly Lazy<JsonElement[]> s_cases = new(static () =>
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "data", "distributions.json")));
        return [.. document.RootElement.EnumerateArray().Select(static e => e.Clone())];
    });

    private static IEnumerable<string> Names => Makers.Keys;

    [Test]
    public void Cases_AreAllOfTheLibrary()
    {
        Assert.That(s_cases.Value.Select(static c => c.GetProperty("name").GetString()), Is.EquivalentTo(Names));
        IEnumerable<Type> types = typeof(Distribution).Assembly.GetExportedTypes().Where(static t => typeof(Distribution).IsAssignableFrom(t) && !t.IsAbstract);
        Assert.That(Names.Select(static name => Open(name).GetType()).Distinct(), Is.EquivalentTo(types), "every distribution has a case");
    }

    [TestCaseSource(nameof(Names))]
    public void Figures_AreTorchs(string name)
    {
        JsonElement c = Case(name);
        Tensor[] parameters = [.. Tensors(c, "parameters").Select(static p => p.WithGrad())];
        Distribution d = Makers[name](parameters);
        Tensor value = LossGoldenTests.Read(c.GetProperty("value"), ReferenceDevice.Shared);
        Tensor log = d.LogProb(value);
        Check(c, "logProb", () => log);
        Check(c, "mean", () => d.Mean);
        Check(c, "variance", () => d.Variance);
        Check(c, "entropy", d.Entropy);
        Check(c, "cdf", () => d.Cdf(value));
        Check(c, "icdf", () => d.Icdf(Tensor.Full(d.BatchShape, 0.3, DType.Float64, ReferenceDevice.Shared)));
        Check(c, "kl", () => Distribution.Kl(d, Makers[name](Tensors(c, "others"))));

        Tensor weights = 1 + (Tensor.Arange(0.0, log.ElementCount, 1, DType.Float64, log.Device).Reshape(log.Shape) / 7);
        (log * weights).Sum().Backward();
        foreach ((Tensor parameter, Tensor expected) in parameters.Zip(Tensors(c, "gradients")))
        {
            Close.AssertAll("gradient of LogProb", expected, parameter.Grad!, 1e-9, 1e-10);
        }
    }

    [TestCaseSource(nameof(Names))]
    public void RSample_HasItsGradients(string name)
    {
        JsonElement c = Case(name);
        Distribution d = Open(name);
        if (!d.HasRSample)
        {
            Assert.That(() => d.RSample(), Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains("score function"));
            return;
        }

        if (d is Gamma or Beta or Dirichlet or StudentT)
        {
            // Their gradients are those at a fixed quantile, not of the way that the sample was found: SampleSlopeTests.
            return;
        }

        GradientCheck.First(x => Makers[name](x).RSample([2], new Generator(3)), [.. Tensors(c, "parameters").Select(static p => p.WithGrad())], name);
        Assert.That(Makers[name]([.. Tensors(c, "parameters").Select(static p => p.WithGrad())]).Sample().RequiresGrad, Is.False);
    }

    [TestCaseSource(nameof(Names))]
    public void Kl_OfOneWithItself_IsZero(string name)
    {
        if (name is "StudentT" or "Multinomial")
        {
            Assert.That(() => Distribution.Kl(Open(name), Open(name)), Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains(Open(name).GetType().Name));
            return;
        }

        Assert.That(Distribution.Kl(Open(name), Open(name)).ToArray<double>(), Is.All.EqualTo(0).Within(1e-12));
        Assert.That(() => Distribution.Kl(Open(name), Open("StudentT")), Throws.TypeOf<OperationNotSupportedException>());
    }

    internal static Distribution Open(string name) => Makers[name](Tensors(Case(name), "parameters"));

    private static void Check(JsonElement c, string key, Func<Tensor> value)
    {
        if (c.TryGetProperty(key, out JsonElement expected))
        {
            Close.AssertAll(key, LossGoldenTests.Read(expected, ReferenceDevice.Shared), value().Detach(), 1e-10, 1e-11);
        }
    }

    private static JsonElement Case(string name) => s_cases.Value.Single(c => c.GetProperty("name").GetString() == name);

    private static Tensor[] Tensors(JsonElement c, string key) => [.. c.GetProperty(key).EnumerateArray().Select(static p => LossGoldenTests.Read(p, ReferenceDevice.Shared))];
}
