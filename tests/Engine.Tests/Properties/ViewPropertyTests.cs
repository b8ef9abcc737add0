using Engine.Tests.Devices;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Engine.Tests.Properties;

/// <summary>Chains of random views against the index-function model.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ViewPropertyTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(300);

    private static Arbitrary<(int[] Sizes, ViewStep[] Steps)> Chains
    {
        get
        {
            Gen<ViewStep> step = Gen.Choose(0, 1000).ArrayOf(4).Select(n => new ViewStep(n[0], n[1], n[2], n[3]));
            Gen<(int[] Sizes, ViewStep[] Steps)> chain =
                from rank in Gen.Choose(0, 4)
                from sizes in Gen.Frequency((1, Gen.Constant(0)), (4, Gen.Constant(1)), (12, Gen.Choose(2, 5))).ArrayOf(rank)
                from length in Gen.Choose(1, 6)
                from steps in step.ArrayOf(length)
                select (sizes, steps);
            return Arb.From(chain, c => c.Steps.Select((_, i) => (c.Sizes, (ViewStep[])[.. c.Steps[..i], .. c.Steps[(i + 1)..]])));
        }
    }

    [Test]
    public void Views_AnyChain_ShowsWhatTheModelShows() => Check.One(s_config, Prop.ForAll(Chains, chain =>
    {
        using TensorScope scope = TensorScope.Begin();
        (Tensor x, ArrayModel model) = Make(chain);
        return x.Shape == new Shape(model.Sizes) && x.ToArray<double>().SequenceEqual(model.Values());
    }));

    [Test]
    public void Clone_AfterAnyChain_IsContiguousAndEqual() => Check.One(s_config, Prop.ForAll(Chains, chain =>
    {
        using TensorScope scope = TensorScope.Begin();
        (Tensor x, ArrayModel model) = Make(chain);
        Tensor copy = x.Clone();
        return copy.IsContiguous && copy.Storage != x.Storage && copy.ToArray<double>().SequenceEqual(model.Values());
    }));

    [Test]
    public void Backward_ThroughAnyChain_CountsHowOftenEachElementIsShown() => Check.One(s_config, Prop.ForAll(Chains, chain =>
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor leaf = MostPrecise(ArrayModel.Counting(chain.Sizes).Values(), chain.Sizes).WithGrad();
        (Tensor x, ArrayModel model) = (leaf, ArrayModel.Counting(chain.Sizes));
        foreach (ViewStep step in chain.Steps)
        {
            (x, model) = step.Apply(x, model);
        }
        x.Sum().Backward();
        var counts = new double[leaf.ElementCount];
        foreach (double number in model.Values())
        {
            counts[(int)number]++;
        }
        return leaf.Grad!.ToArray<double>().SequenceEqual(counts);
    }));

    [Test]
    public void CopyFrom_IntoAnyUnstretchedChain_WritesWhatTheModelShows() => Check.One(s_config, Prop.ForAll(Chains, chain =>
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor whole = MostPrecise(ArrayModel.Counting(chain.Sizes).Values(), chain.Sizes);
        (Tensor view, ArrayModel model) = (whole, ArrayModel.Counting(chain.Sizes));
        foreach (ViewStep step in chain.Steps)
        {
            (view, model) = step.Apply(view, model);
        }
        if (view.Storage != whole.Storage || view.Layout.MayOverlap)
        {
            return true;
        }
        view.FillInPlace(-1);
        double[] shown = model.Values();
        return whole.ToArray<double>().Select((value, number) => shown.Contains(number) ? value == -1 : value == number).All(holds => holds);
    }));

    private (Tensor X, ArrayModel Model) Make((int[] Sizes, ViewStep[] Steps) chain)
    {
        ArrayModel model = ArrayModel.Counting(chain.Sizes);
        Tensor x = MostPrecise(model.Values(), chain.Sizes);
        foreach (ViewStep step in chain.Steps)
        {
            (x, model) = step.Apply(x, model);
        }
        return (x, model);
    }
}
