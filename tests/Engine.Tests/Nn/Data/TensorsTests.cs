using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>One or several tensors, batches of them, and what cuts and mixes such batches.</summary>
internal sealed class TensorsTests
{
    private readonly ReferenceDevice _device = new();

    [Test]
    public void Tensors_OneSeveralNamed_AreFoundByPlaceAndName()
    {
        Tensor a = Ones(2, 3), b = Ones(2);
        Tensors none = default, one = a, two = [a, b], named = new(("x", a), ("y", b)), pair = (a, b), triple = (a, b, a);
        Assert.That((none.Count, one.Count, two.Count, named.Count, pair.Count, triple.Count), Is.EqualTo((0, 1, 2, 2, 2, 3)));
        Assert.That(one.Single, Is.SameAs(a));
        Assert.That((two[1], named[1], named["y"], pair[0]), Is.EqualTo((b, b, b, a)));
        Assert.That(named.Names, Is.EqualTo((string[])["x", "y"]));
        Assert.That((named.Contains("x"), named.Contains("z"), one.Contains("x")), Is.EqualTo((true, false, false)));
        Assert.That(two.AsEnumerable(), Is.EqualTo((Tensor[])[a, b]));
        Assert.That(named.Select(static t => t * 2)["x"].ToArray<float>(), Is.All.EqualTo(2f));
        Assert.That(new Tensors(("x", a)).Single, Is.SameAs(a));
        Assert.That(named.ToString(), Is.EqualTo("x f32 [2, 3], y f32 [2]"));
    }

    [Test]
    public void Tensors_AreEqual_IfTensorsAndNamesAreTheSame()
    {
        Tensor a = Ones(2), b = Ones(2);
        Tensors pair = [a, b], named = new(("x", a), ("y", b));
        Assert.That(pair == (Tensors)(a, b) && pair.GetHashCode() == ((Tensors)(a, b)).GetHashCode(), Is.True);
        Assert.That(pair != (Tensors)(b, a) && pair != named && pair != a && default(Tensors) != a, Is.True);
        Assert.That(named.Equals((object)new Tensors(("x", a), ("y", b))), Is.True);
    }

    [Test]
    public void Tensors_Mistakes_AreNamed()
    {
        Tensor a = Ones(2);
        Tensors two = [a, a], named = new(("x", a), ("y", a));
        Assert.That(() => two.Single, Throws.InvalidOperationException.With.Message.Contains("there are 2"));
        Assert.That(() => default(Tensors).Single, Throws.InvalidOperationException);
        Assert.That(() => two[2], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => two["x"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("have no names"));
        Assert.That(() => named["z"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("x, y"));
        Assert.That(() => new Tensors(("x", a), ("x", a)), Throws.ArgumentException.With.Message.Contains("twice"));
        Assert.That(() => new Tensors((string.Empty, a)), Throws.ArgumentException);
        Assert.That(() => new Tensors(("x", null!)), Throws.ArgumentNullException);
        Assert.That(() => Tensors.Create([a, null!]), Throws.ArgumentNullException);
    }

    [Test]
    public void Batch_Ordinary_IsAPair()
    {
        Tensor x = Ones(4, 2), y = Ones(4);
        Batch batch = new(x, y);
        (Tensor inputs, Tensor targets) = batch;
        Assert.That((inputs, targets, batch.Count, batch.Weights), Is.EqualTo((x, y, 4, (Tensor?)null)));
        Assert.That((batch with { Targets = x }).Targets, Is.SameAs(x));
        Assert.That(batch.ToString(), Is.EqualTo("Batch(inputs f32 [4, 2]; targets f32 [4])"));
        Assert.That((default(Batch).Count, default(Batch) == default), Is.EqualTo((0, true)));
        default(Batch).Dispose();
    }

    [Test]
    public void Batch_SeveralOrNone_SaysWhatThereIs()
    {
        Tensor image = Ones(4, 2), table = Ones(4, 1), kind = Ones(4), weights = Ones(4);
        Batch batch = new(new Tensors(("image", image), ("table", table)), new Tensors(("kind", kind)), weights);
        Assert.That((batch["table"], batch["kind"], batch.Targets), Is.EqualTo((table, kind, kind)));
        Assert.That(() => batch.Inputs, Throws.InvalidOperationException.With.Message.EqualTo(
            "Batch.Inputs: there are 2 inputs (image f32 [4, 2], table f32 [4, 1]), and one is asked for. Choose one by its name: [\"image\"]."));
        Assert.That(() => batch["price"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("image").And.Message.Contains("kind"));
        Assert.That(() => new Batch(new Tensors(("a", image)), new Tensors(("a", kind)))["a"], Throws.InvalidOperationException);
        Assert.That(() => new Batch(image).Targets, Throws.InvalidOperationException.With.Message.EqualTo("Batch.Targets: there is no target."));
        Assert.That(() => new Batch(image, kind, table), Throws.TypeOf<ShapeMismatchException>());
        batch.Dispose();
        Assert.That(((Tensor[])[image, table, kind, weights]).All(static t => t.IsDisposed), Is.True);
    }

    [Test]
    public void Loader_OfSeveralTensors_KeepsNamesOrderAndWeights()
    {
        Tensor a = Tensor.Arange(10, _device), b = Tensor.Arange(10, _device).Reshape(10, 1) * 10, t = Tensor.Arange(10, _device) + 100;
        TensorDataset data = new(new Tensors(("a", a), ("b", b)), new Tensors(("t", t), ("u", t)), Tensor.Arange(10, _device).To(DType.Float32));
        (IDataset train, IDataset aside) = data.Split(0.2, seed: 3);
        DataLoader loader = new(train, 3) { Device = _device, Shuffle = true };
        List<long> seen = [];
        foreach (Batch batch in loader.Epoch(0))
        {
            long[] numbers = batch["a"].ToArray<long>();
            seen.AddRange(numbers);
            Assert.That(batch["b"].ToArray<long>(), Is.EqualTo(numbers.Select(static n => 10 * n)));
            Assert.That(batch["u"].ToArray<long>(), Is.EqualTo(numbers.Select(static n => 100 + n)));
            Assert.That(batch.Weights!.ToArray<float>(), Is.EqualTo(numbers.Select(static n => (float)n)));
        }

        Assert.That(seen, Has.Count.EqualTo(8).And.Unique);
        Assert.That(aside.Count, Is.EqualTo(2));
        using Batch only = new TensorDataset((Tensors)a).GetBatch(new BatchRequest([1, 2], _device));
        Assert.That(only.AllTargets.Count, Is.Zero);
        Assert.That(() => new TensorDataset(new Tensors(("a", a), ("b", Ones(9)))), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[9]"));
        Assert.That(() => new TensorDataset(a, t, Ones(3)), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => new TensorDataset(default(Tensors)), Throws.ArgumentException);
    }

    [Test]
    public void Folds_OfSeveralInputs_AreStratifiedByTheNamedTarget()
    {
        Tensor x = Ones(12, 1), kind = Tensor.From<long>([.. Enumerable.Range(0, 12).Select(static i => (long)(i % 3))], _device);
        TensorDataset data = new(new Tensors(("a", x), ("b", x)), new Tensors(("price", Ones(12)), ("kind", kind)));
        Assert.That(() => data.StratifiedKFold(2), Throws.InvalidOperationException.With.Message.Contains("kind"));
        long[] classes = data.ClassNumbers("kind");
        foreach (Fold fold in data.StratifiedKFold(4, classes: classes))
        {
            Assert.That(fold.Validation.ClassNumbers("kind"), Is.EquivalentTo((long[])[0, 1, 2]));
        }

        TensorDataset one = new(new Tensors(("a", x), ("b", x)), kind);
        Assert.That(one.StratifiedSplit(0.25).Validation.ClassNumbers(), Is.EquivalentTo((long[])[0, 1, 2]));
    }

    [Test]
    public void MixUp_OfSeveralTensors_MixesAllAlike()
    {
        Tensor x = Tensor.From<float>([0, 1, 2, 3], [4, 1], _device);
        Batch batch = new(new Tensors(("a", x), ("b", x * 10)), new Tensors(("t", x * 2), ("kind", Tensor.From<long>([0, 1, 0, 1], _device))), Tensor.From<float>([0, 1, 2, 3], _device));
        SampleRandom random = new(1, 0);
        using Batch mixed = new MixUp(1, classes: 2).Apply(batch, ref random);
        float[] a = mixed["a"].ToArray<float>();
        Assert.That(a, Is.Not.EqualTo((float[])[0, 1, 2, 3]));
        Assert.That(mixed["b"].ToArray<float>(), Is.EqualTo(a.Select(static v => 10 * v)).Within(1e-5));
        Assert.That(mixed["t"].ToArray<float>(), Is.EqualTo(a.Select(static v => 2 * v)).Within(1e-5));
        Assert.That(mixed.Weights!.ToArray<float>(), Is.EqualTo(a).Within(1e-6));
        Assert.That(mixed["kind"].Shape, Is.EqualTo(new Shape(4, 2)));
        Assert.That(() => new CutMix().Apply(batch, ref random), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("MixUp"));
    }

    [Test]
    public void ClassWeights_Balanced_AreInverseToTheNumbers()
    {
        Assert.That(ClassWeights.Balanced([0, 0, 0, 1]), Is.EqualTo((double[])[4 / 6.0, 2]));
        Assert.That(ClassWeights.Balanced([1, 0], classes: 2), Is.EqualTo((double[])[1, 1]));
        Assert.That(() => ClassWeights.Balanced([0, 2, 2]), Throws.ArgumentException.With.Message.Contains("class 1"));
        Assert.That(() => ClassWeights.Balanced([0, 1], classes: 1), Throws.ArgumentException);
        Assert.That(() => ClassWeights.Balanced([-1, 1]), Throws.ArgumentException);
        Assert.That(() => ClassWeights.Balanced([]), Throws.ArgumentException);

        IDataset data = new TensorDataset(Ones(4, 1), Tensor.From<long>([0, 0, 0, 1], _device)).WithClassWeights([0.5, 3]);
        using Batch batch = data.Subset([3, 0]).GetBatch(new BatchRequest([0, 1], _device));
        Assert.That(batch.Weights!.ToArray<float>(), Is.EqualTo((float[])[3, 0.5f]));
        Assert.That(data.ClassNumbers(), Is.EqualTo((long[])[0, 0, 0, 1]));
        Assert.That(() => data.WithClassWeights([1]), Throws.ArgumentException.With.Message.Contains("class 1"));
        Assert.That(() => data.WithSampleWeights([1, 2, 3]), Throws.ArgumentException);
        Assert.That(() => data.WithSampleWeights([1, 2, 3, double.NaN]), Throws.ArgumentException);
    }

    private Tensor Ones(params int[] shape) => Tensor.Ones(shape, device: _device);
}
