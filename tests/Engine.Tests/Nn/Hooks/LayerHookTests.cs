using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using Engine.Tests.RollCall;
using NUnit.Framework;

namespace Engine.Tests.Nn.Hooks;

/// <summary>Hooks of layers against PyTorch's, and what fusing makes of them.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class LayerHookTests(string deviceName) : DeviceFixture(deviceName)
{
    private double Relative => Device.HasFloat64 ? 1e-12 : 1e-5;

    private double Absolute => Device.HasFloat64 ? 1e-13 : 1e-6;

    [Test]
    public void Hooks_RunInPyTorchsOrder_WithItsGradients()
    {
        Sequential net = Filled.Net(Device, Widest);
        List<string> events = [];
        Dictionary<int, (double[] X, double[] Y)> gradients = [];
        for (int i = 0; i < net.Count; i++)
        {
            int at = i;
            _ = net[i].RegisterForwardPreHook((_, _) =>
            {
                events.Add($"before {at}");
                return null;
            });
            _ = net[i].RegisterForwardHook((_, _, _) => events.Add($"after {at}"));
            _ = net[i].RegisterFullBackwardHook((layer, x, y) =>
            {
                Assert.That(layer, Is.SameAs(net[at]));
                events.Add($"backward {at}");
                gradients[at] = (x!.ToArray<double>(), y.ToArray<double>());
            });
        }

        Run(net, MostPrecise(Filled.Numbers(15, 11), [5, 3]).WithGrad());
        Assert.That(events, Is.EqualTo(TorchHooks.Events));
        double[][] ofX = [TorchHooks.GradientOfX0, TorchHooks.GradientOfX1, TorchHooks.GradientOfX2], ofY = [TorchHooks.GradientOfY0, TorchHooks.GradientOfY1, TorchHooks.GradientOfY2];
        for (int i = 0; i < 3; i++)
        {
            Close.AssertAll($"gradient of x of layer {i}", ofX[i], gradients[i].X, Relative, Absolute);
            Close.AssertAll($"gradient of y of layer {i}", ofY[i], gradients[i].Y, Relative, Absolute);
        }
    }

    [Test]
    public void Hooks_ThatReturnTensors_ChangeWhatPyTorchsDo()
    {
        Sequential net = Filled.Net(Device, Widest);
        _ = net[0].RegisterForwardPreHook(static (_, x) => x * 2);
        _ = net[1].RegisterForwardHook(static (_, _, y) => y + 0.25);
        _ = net[2].RegisterFullBackwardHook(static (_, x, _) => x! * 3);
        Tensor x = MostPrecise(Filled.Numbers(15, 11), [5, 3]).WithGrad();
        Tensor y = Run(net, x);
        Close.AssertAll("output", TorchHooks.ChangedOutput, y.ToArray<double>(), Relative, Absolute);
        Close.AssertAll("gradient of x", TorchHooks.ChangedGradientOfX, x.Grad!.ToArray<double>(), Relative, Absolute);
        Close.AssertAll("gradient of w", TorchHooks.ChangedGradientOfWeight, net.Parameters[0].Grad!.ToArray<double>(), Relative, Absolute);
    }

    [Test]
    public void TensorHooks_ChangeWhatPyTorchsDo()
    {
        Tensor w = MostPrecise(Filled.Numbers(4, 3), [4]).WithGrad();
        Tensor h = w * w;
        _ = h.RegisterHook(static g => g * 2);
        _ = h.RegisterHook(static g => g + 1);
        _ = w.RegisterHook(static g => g * 10);
        for (int i = 0; i < 2; i++)
        {
            (h.Sin().Sum() + h.Sum()).Backward(retainGraph: true);
        }

        Close.AssertAll("gradient", TorchHooks.TensorHooks, w.Grad!.ToArray<double>(), Relative, Absolute);
    }

    [TestCaseSource(typeof(LayerCases), nameof(LayerCases.All))]
    public void EveryLayer_RunsItsHooksOnce_AndComputesTheSame(LayerCase row)
    {
        Layer layer = row.Make().To(Device), same = row.Make().To(Device);
        _ = same.LoadStateDict(layer.StateDict());
        int before = 0, after = 0, backward = 0;
        _ = layer.RegisterForwardPreHook((_, _) =>
        {
            before++;
            return null;
        });
        _ = layer.RegisterForwardHook((_, _, _) => after++);
        _ = layer.RegisterFullBackwardHook((_, _, _) => backward++);
        Tensor x = row.TakesIndices ? Tensor.Zeros(row.Input, DType.Int64, Device) : Tensor.Rand(row.Input, generator: new Generator(3), device: Device).WithGrad();
        Tensor y = layer.Forward(x), expected = same.Forward(x);
        Assert.That((before, after, backward), Is.EqualTo((1, 1, 0)));
        Close.AssertAll($"{row}", expected.Detach().To(DType.Float32), y.Detach().To(DType.Float32), 1e-5, 1e-6);
        if (y.RequiresGrad)
        {
            y.Sum().Backward();
            Assert.That(backward, Is.EqualTo(1));
        }

        _ = layer.Call(x);
        Assert.That((before, after), Is.EqualTo((2, 2)));
    }

    [TestCase("mlp")]
    [TestCase("lenet5")]
    [TestCase("convbn")]
    [TestCase("resnet20")]
    [TestCase("densenet_bc_40_12")]
    public void EveryPartOfAModel_RunsItsHooksOnce_AndTheModelComputesTheSame(string name)
    {
        Layer model = ModelZoo.Create(name, [1, 28, 28]).To(Device).Eval();
        Tensor x = Tensor.Rand([1, 1, 28, 28], generator: new Generator(3), device: Device);
        Tensor plain = model.Predict(x);
        Dictionary<Layer, int> calls = [];
        foreach ((_, Engine.Nn.Module module) in model.NamedModules())
        {
            if (module is Layer layer)
            {
                calls[layer] = 0;
                _ = layer.RegisterForwardHook((seen, _, _) => calls[seen]++);
            }
        }

        Tensor hooked = model.Predict(x);
        Assert.That(calls.Where(static pair => pair.Value != 1), Is.Empty);
        Close.AssertAll(name, plain, hooked, 1e-4, 1e-5);
    }

    [Test]
    public void HookedLayer_IsNotPassedByInFusedPaths()
    {
        foreach (int hooked in (int[])[0, 1, 2])
        {
            Sequential net = new Sequential(new Linear(3, 4, generator: new Generator(1)), new BatchNorm1d(4), new Relu()).To(Device);
            Tensor x = Tensor.Randn([6, 3], generator: new Generator(2), device: Device);
            Tensor fused = net.Forward(x);
            List<Tensor> seen = [];
            using (net[hooked].RegisterForwardHook((_, _, y) => seen.Add(y)))
            {
                Tensor y = net.Forward(x);
                Assert.That(seen, Has.Count.EqualTo(1), $"layer {hooked}");
                Close.AssertAll($"layer {hooked} hooked", fused.Detach(), y.Detach(), 1e-6, 1e-6);
                Assert.That(seen[0].Detach().ToArray<float>(), hooked == 2 ? Is.All.GreaterThanOrEqualTo(0f) : Has.Some.LessThan(0f), $"layer {hooked}: before the ReLU its values have both signs");
            }

            _ = net.Forward(x);
            Assert.That(seen, Has.Count.EqualTo(1), "a removed hook runs no more");
        }
    }

    [TestCase("bn2")]
    [TestCase("bn1")]
    [TestCase("conv2")]
    [TestCase("downsample")]
    [TestCase("downsample.1")]
    public void HookInsideABlock_RunsAndLeavesTheNumbers(string name)
    {
        BasicBlock block = new BasicBlock(3, 4, stride: 2, generator: new Generator(4)).To(Device);
        Tensor x = Tensor.Randn([2, 3, 6, 6], generator: new Generator(5), device: Device);
        Tensor plain = block.Forward(x);
        Layer part = (Layer)block.NamedModules().Single(m => m.Name == name).Module;
        int calls = 0;
        using HookHandle hook = part.RegisterForwardHook((_, _, _) => calls++);
        Close.AssertAll(name, plain.Detach(), block.Forward(x).Detach(), 1e-5, 1e-5);
        Assert.That(calls, Is.EqualTo(1));
    }

    [Test]
    public void ResidualWithHookedBody_CallsTheBodysOwnHook()
    {
        Sequential body = [new Linear(3, 3, generator: new Generator(1)), new BatchNorm1d(3)];
        Sequential net = new Sequential(new Residual(body), new Relu()).To(Device);
        Tensor x = Tensor.Randn([4, 3], generator: new Generator(2), device: Device);
        Tensor plain = net.Forward(x);
        int calls = 0;
        foreach (Layer layer in (Layer[])[body, net[0], net[1], net])
        {
            _ = layer.RegisterForwardHook((_, _, _) => calls++);
        }

        Close.AssertAll("hooked", plain.Detach(), net.Forward(x).Detach(), 1e-5, 1e-6);
        Assert.That(calls, Is.EqualTo(4));
    }

    private Tensor Run(Sequential net, Tensor x)
    {
        Tensor y = net.Forward(x);
        (y * MostPrecise(Filled.Numbers(10, 7), [5, 2])).Sum().Backward();
        return y.Detach();
    }
}
