using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Layers that are put in, taken out and cut from a Sequential, with the names that PyTorch gives them.</summary>
internal sealed class SequentialEditingTests
{
    [SetUp]
    public void MakeThemHere() => Device.Default = ReferenceDevice.Shared;

    [Test]
    public void Insert_ShiftsNumbers_KeepsNames()
    {
        Relu relu = new();
        Sequential net = [new Linear(2, 3), new Linear(3, 1)];
        net.Add("last", new Linear(1, 1));
        Assert.That(net.Insert(1, relu), Is.SameAs(net));
        Assert.That(net[1], Is.SameAs(relu));
        Assert.That(net.StateDict().Keys, Is.EqualTo((string[])["0.weight", "0.bias", "2.weight", "2.bias", "last.weight", "last.bias"]));
        net.Insert(4, new Identity()).Insert(0, new Flatten());
        Assert.That(net.StateDict().Keys, Is.EqualTo((string[])["1.weight", "1.bias", "3.weight", "3.bias", "last.weight", "last.bias"]));
        Assert.That(net["5"], Is.TypeOf<Identity>());
        Assert.That(net["0"], Is.TypeOf<Flatten>());
        Assert.That(net.Predict(Tensor.Ones([4, 2])).Shape, Is.EqualTo(new Shape(4, 1)));
    }

    [Test]
    public void RemoveAt_ShiftsNumbersBack()
    {
        Sequential net = [new Linear(2, 3), new Relu(), new Linear(3, 1)];
        Layer relu = net[1];
        Assert.That(net.RemoveAt(1), Is.SameAs(relu));
        Assert.That(net.StateDict().Keys, Is.EqualTo((string[])["0.weight", "0.bias", "1.weight", "1.bias"]));
        net.Add(relu);
        Assert.That(net["2"], Is.SameAs(relu), "the number is free again");
        Assert.That(() => net.RemoveAt(3), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => net.RemoveAt(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Slice_SharesLayersAndNames()
    {
        Sequential net = [new Linear(2, 3), new Relu(), new Linear(3, 4), new Linear(4, 1)];
        Sequential middle = net[1..3];
        Assert.That(middle, Is.EqualTo((Layer[])[net[1], net[2]]));
        Assert.That(middle.StateDict().Keys, Is.EqualTo((string[])["2.weight", "2.bias"]));
        Assert.That(net[..^1].Predict(Tensor.Ones([1, 2])).Shape, Is.EqualTo(new Shape(1, 4)));
        Assert.That(net[2..2], Is.Empty);
        Assert.That(net[^1], Is.SameAs(net[3]));
        Assert.That(net[..3].LoadStateDict(net.StateDict(), strict: false).Missing, Is.Empty);
        Assert.That(() => net[3..5], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => net.Slice(1, 4), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void AppendAndExtend_ReturnTheNetwork()
    {
        Sequential net = new Sequential().Append(new Linear(2, 3)).Extend([new Relu(), new Linear(3, 1)]);
        Assert.That(net.StateDict().Keys, Is.EqualTo((string[])["0.weight", "0.bias", "2.weight", "2.bias"]));
        Assert.That(net.Extend(net[..0]), Has.Count.EqualTo(3));
    }

    [Test]
    public void Mistakes_ChangeNothing()
    {
        Sequential net = [];
        net.Add("1", new Linear(2, 2));
        net.Add("0", new Linear(2, 2));
        Assert.That(() => net.Insert(0, new Relu()), Throws.ArgumentException.With.Message.Contains("two layers would be named \"0\""));
        Assert.That(() => net.Insert(1, net), Throws.ArgumentException.With.Message.Contains("is the Sequential itself"));
        Assert.That(() => net.Insert(3, new Relu()), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => net.Insert(-1, new Relu()), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => net[1..].Append(new Relu()).Append(new Relu()), Throws.Nothing);
        Assert.That(() => new Sequential(new Relu(), new Relu(), new Relu())[1..].Append(new Relu()), Throws.ArgumentException.With.Message.Contains("taken"));
        Assert.That(net.StateDict().Keys, Is.EqualTo((string[])["1.weight", "1.bias", "0.weight", "0.bias"]));
    }

    [Test]
    public void MaxUnpool_PutsMaximaBack()
    {
        Tensor line = Tensor.From<float>([1, 4, 2, 3, 7], [1, 1, 5]);
        (Tensor values, Tensor places) = line.MaxPool1dWithIndices(2);
        Assert.That(new MaxUnpool1d(2).Forward(values, places).ToArray<float>(), Is.EqualTo((float[])[0, 4, 0, 3]));
        Assert.That(new MaxUnpool1d(2).Forward(values, places, outputSize: 5).ToArray<float>(), Is.EqualTo((float[])[0, 4, 0, 3, 0]));

        Tensor image = Tensor.From<float>([1, 2, 6, 3, 5, 4, 9, 8], [1, 1, 2, 4]).WithGrad();
        (values, places) = image.MaxPool2dWithIndices(2);
        Tensor back = new MaxUnpool2d(2).Forward(values, places);
        Assert.That(back.ToArray<float>(), Is.EqualTo((float[])[0, 0, 0, 0, 5, 0, 9, 0]));
        (back * back).Sum().Backward();
        Assert.That(image.Grad!.ToArray<float>(), Is.EqualTo((float[])[0, 0, 0, 0, 10, 0, 18, 0]));

        (values, places) = image.Reshape(1, 1, 2, 2, 2).MaxPool3dWithIndices(2);
        Assert.That(new MaxUnpool3d(2).Forward(values, places).ToArray<float>(), Is.EqualTo((float[])[0, 0, 0, 0, 0, 0, 9, 0]));
        Assert.That((new MaxUnpool1d(3).ToString(), new MaxUnpool2d((2, 3)).ToString(), new MaxUnpool3d(2).ToString()), Is.EqualTo(("MaxUnpool1d(3)", "MaxUnpool2d(2×3)", "MaxUnpool3d(2×2×2)")));
        Assert.That(() => new MaxUnpool2d(2).Forward(image, places), Throws.TypeOf<ShapeMismatchException>());
    }
}
