using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

[TestFixture("reference")]
internal sealed class ModelTests(string deviceName) : DeviceFixture(deviceName)
{
    // Counted by PyTorch on the benchmark's networks: values and tensors that are trained, tensors in the state.
    [TestCase("mlp", 1, 28, 235_146, 6, 6)]
    [TestCase("lenet5", 1, 28, 61_706, 10, 10)]
    [TestCase("convbn", 1, 28, 421_738, 10, 16)]
    [TestCase("resnet20", 3, 32, 272_474, 65, 128)]
    [TestCase("resnet18", 3, 32, 11_173_962, 62, 122)]
    [TestCase("plain20", 3, 32, 269_722, 59, 116)]
    [TestCase("densenet", 3, 32, 176_122, 119, 236)]
    [TestCase("DenseNet_BC_40_12", 3, 32, 176_122, 119, 236)]
    public void Create_Parameters_AreAsManyAsPyTorchs(string name, int channels, int size, long values, int tensors, int stateTensors)
    {
        Layer model = ModelZoo.Create(name, [channels, size, size]);
        Assert.That((model.ParameterCount, model.Parameters.Count, model.StateDict().Count), Is.EqualTo((values, tensors, stateTensors)));
    }

    [Test]
    public void ResNet_Names_AreTorchvisions() => Assert.That(
        ResNet.ResNet20().StateDict().Keys,
        Does.Contain("conv1.weight").And.Contain("bn1.running_var").And.Contain("layer1.0.conv1.weight").And.Contain("layer2.0.downsample.1.bias").And.Contain("fc.bias"));

    [Test]
    public void DenseNet_Names_AreTorchvisions() => Assert.That(
        new DenseNetBc().StateDict().Keys,
        Does.Contain("features.conv0.weight").And.Contain("features.denseblock3.denselayer6.conv2.weight").And.Contain("features.transition2.norm.weight")
            .And.Contain("features.norm5.bias").And.Contain("classifier.weight"));

    [TestCase("mlp")]
    [TestCase("lenet5")]
    [TestCase("convbn")]
    public void Create_OtherImageSize_Fits(string name) =>
        Assert.That(ModelZoo.Create(name, [3, 20, 24], classes: 7).Predict(Tensor.Zeros([2, 3, 20, 24])).Shape, Is.EqualTo(new Shape(2, 7)));

    [Test]
    public void Create_SameSeed_SameStart()
    {
        static float[] Start(long seed) => ModelZoo.Create("lenet5", [1, 28, 28], generator: new Generator(seed)).Parameters[0].ToArray<float>();
        float[] first = Start(3);
        Assert.That(Start(3), Is.EqualTo(first));
        Assert.That(Start(4), Is.Not.EqualTo(first));
    }

    [Test]
    public void Predict_ManyThreadsOnOneModel_SameAsAlone()
    {
        Sequential model = [new Conv2d(1, 3, 3), new BatchNorm2d(3), new Relu(), new Flatten(), new Dropout(), new Linear(108, 4)];
        model.Forward(Tensor.Randn([4, 1, 8, 8], generator: new Generator(1)));
        Tensor[] inputs = [.. Enumerable.Range(0, 8).Select(i => Tensor.Randn([2, 1, 8, 8], generator: new Generator(i)))];
        float[][] alone = [.. inputs.Select(x => model.Predict(x).ToArray<float>())];
        long batches = (long)((BatchNorm2d)model[1]).NumBatchesTracked!.Item();
        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
            Assert.That(model.Predict(inputs[i % 8]).ToArray<float>(), Is.EqualTo(alone[i % 8])));
        Assert.That(((BatchNorm2d)model[1]).NumBatchesTracked!.Item(), Is.EqualTo(batches));
        Assert.That(model.IsTraining, "the model itself was not touched");
    }
}
