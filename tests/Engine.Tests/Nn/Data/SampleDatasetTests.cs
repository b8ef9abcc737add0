using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>Samples that are made one by one, and the batches of them.</summary>
internal sealed class SampleDatasetTests
{
    private readonly ReferenceDevice _device = new();

    [Test]
    public void From_ListAndFunction_MakesBatchesOfAllTypes()
    {
        SampleDataset data = Dataset.From((string[])["a", "bb", "ccc"], static text => new Sample(
            new HostArrays(("pixels", HostArray.From((float[])[1, 2, 3, text.Length], [2, 2])), ("flag", text.Length > 1)),
            new HostArrays(("length", text.Length), ("half", text.Length * 0.5)))
        { Weight = text.Length == 2 ? 3 : null });
        using Batch batch = data.GetBatch(new BatchRequest([2, 1], _device));
        Assert.That(batch.ToString(), Is.EqualTo("Batch(inputs pixels f32 [2, 2, 2], flag bool [2]; targets length i64 [2], half f64 [2]; weights f32 [2])"));
        Assert.That(batch["pixels"].ToArray<float>(), Is.EqualTo((float[])[1, 2, 3, 3, 1, 2, 3, 2]));
        Assert.That(batch["length"].ToArray<long>(), Is.EqualTo((long[])[3, 2]));
        Assert.That(batch["half"].ToArray<double>(), Is.EqualTo((double[])[1.5, 1]));
        Assert.That(batch["flag"].ToArray<bool>(), Is.EqualTo((bool[])[true, true]));
        Assert.That(batch.Weights!.ToArray<float>(), Is.EqualTo((float[])[1, 3]));
    }

    [Test]
    public void HostArray_OfATensor_IsItsCopy()
    {
        Tensor x = Tensor.Arange(6, _device).Reshape(2, 3).Transpose(0, 1);
        HostArray array = x;
        using Batch batch = Collate.Stack([new Sample(array, 1)], _device);
        Assert.That(array.ToString(), Is.EqualTo("i64 [3, 2]"));
        Assert.That(batch.Inputs.ToArray<long>(), Is.EqualTo((long[])[0, 3, 1, 4, 2, 5]));
        Assert.That(() => HostArray.From((float[])[1, 2], [3]), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(default(HostArray).Bytes.Length, Is.Zero);
        Assert.That(new Sample(array, 1).ToString(), Is.EqualTo("Sample(inputs i64 [3, 2]; targets i64 [])"));
    }

    [Test]
    public void Stack_SamplesThatDoNotFit_SaysWhichAndWhy()
    {
        Sample three = new((float[])[1, 2, 3], 0), two = new((float[])[1, 2], 0);
        Assert.That(() => Collate.Stack([three, two], _device), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("sample 1 is [2]").And.Message.Contains("Collate.Pad"));
        Assert.That(() => Collate.Stack([two, new Sample((double[])[1, 2], 0)], _device), Throws.TypeOf<DTypeMismatchException>());
        Assert.That(() => Collate.Stack([two, new Sample((float[])[1, 2])], _device), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("0 targets"));
        Assert.That(() => Collate.Stack([], _device), Throws.ArgumentException);
    }

    [Test]
    public void Pad_RaggedSamples_FillsUpToTheLongest()
    {
        Sample[] samples = [new((long[])[5, 6, 7], (long[])[1, 2, 3]), new((long[])[8], (long[])[4]), new((long[])[], (long[])[])];
        using Batch batch = Collate.Pad(padding: 9, addLengths: true, addMask: true)(samples, _device);
        Assert.That(batch.AllInputs[0].ToArray<long>(), Is.EqualTo((long[])[5, 6, 7, 8, 9, 9, 9, 9, 9]));
        Assert.That(batch.AllInputs[1].ToArray<long>(), Is.EqualTo((long[])[3, 1, 0]), "lengths");
        Assert.That(batch.AllInputs[2].ToArray<bool>(), Is.EqualTo((bool[])[true, true, true, true, false, false, false, false, false]), "mask");
        Assert.That(batch.Targets.ToArray<long>(), Is.EqualTo((long[])[1, 2, 3, 4, -100, -100, -100, -100, -100]), "what losses of classes leave out");

        using Batch named = Collate.Pad(addMask: true)([new Sample(new HostArrays(("words", (float[])[1])), (float[])[1]), new Sample(new HostArrays(("words", (float[])[1, 2])), (float[])[])], _device);
        Assert.That(named.AllInputs.Names, Is.EqualTo((string[])["words", "mask"]));
        Assert.That(named.Targets.ToArray<float>(), Is.EqualTo((float[])[1, 0]));
    }

    [Test]
    public void Pad_SeveralAxes_KeepsTheCorner()
    {
        HostArray wide = HostArray.From((int[])[1, 2, 3, 4, 5, 6], [2, 1, 3]), high = HostArray.From((int[])[7, 8], [1, 2, 1]);
        using Batch batch = Collate.Pad(padding: -1)([new Sample(wide), new Sample(high)], _device);
        Assert.That(batch.Inputs.Shape, Is.EqualTo(new Shape(2, 2, 2, 3)));
        Assert.That(batch.Inputs.ToArray<int>(), Is.EqualTo((int[])[1, 2, 3, -1, -1, -1, 4, 5, 6, -1, -1, -1, 7, -1, -1, 8, -1, -1, -1, -1, -1, -1, -1, -1]));
        Assert.That(() => Collate.Pad()([new Sample(wide), new Sample((int[])[1])], _device), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Collate.Pad(addMask: true)([new Sample(1f)], _device), Throws.TypeOf<ShapeMismatchException>());
    }

    [Test]
    public void Loader_CollatesSamples_AndRefusesWholeBatches()
    {
        SampleDataset data = Dataset.From((int[])[1, 3, 2], static n => new Sample(new float[n], n));
        DataLoader padded = new(data.Subset([0, 1]), 2) { Device = _device, Collate = Collate.Pad() };
        using Batch batch = padded.Epoch(0).Single();
        Assert.That(batch.Inputs.Shape, Is.EqualTo(new Shape(2, 3)));
        Assert.That(() => new DataLoader(data, 2) { Device = _device }.Epoch(0).Count(), Throws.TypeOf<ShapeMismatchException>());
        DataLoader whole = new(new TensorDataset(Tensor.Ones([2, 1], device: _device), Tensor.Ones([2], device: _device)), 2) { Device = _device, Collate = Collate.Pad() };
        Assert.That(() => whole.Epoch(0).Count(), Throws.ArgumentException.With.Message.Contains("TensorDataset"));
    }

    [Test]
    public void Augmentation_IsRepeatableAndLeftOutOfValidation()
    {
        SampleDataset data = Dataset.From((float[])[1, 2, 3, 4], static v => new Sample(v, 0), static (Sample s, ref SampleRandom random) => new Sample(10 + random.NextDouble(), 0));
        float[] first = Values(data, 3), again = Values(data, 1);
        Assert.That(first, Is.EqualTo(again), "whatever the size of batches");
        Assert.That(first, Is.Unique.And.All.GreaterThanOrEqualTo(10f));
        Assert.That(Values(data.Split(0.5).Validation, 2), Is.SubsetOf((float[])[1, 2, 3, 4]));

        float[] Values(IDataset dataset, int batchSize) => [.. new DataLoader(dataset, batchSize) { Device = _device, Seed = 4 }.Epoch(1).SelectMany(static b => b.Inputs.To(DType.Float32).ToArray<float>())];
    }
}
