using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>A container that contains itself ends in an error that can be caught, not with the process.</summary>
internal sealed class ModuleCycleTests
{
    private static IEnumerable<TestCaseData> Cycles
    {
        get
        {
            yield return Case("ThroughAnother", static () =>
            {
                Sequential a = [], b = [a];
                a.Add(b);
                return a;
            });
            yield return Case("ThroughAResidual", static () =>
            {
                Sequential a = [new Relu()];
                a.Add(new Residual(a));
                return a;
            });
            yield return Case("AtTheEndOfAResidual", static () =>
            {
                Sequential a = [], b = [a];
                a.Add(b);
                return new Residual(a);
            });
            yield return Case("FarBelow", static () =>
            {
                Sequential a = [new Relu()], above = [a], top = [new Relu(), above], below = [new Residual(a)];
                a.Add(below);
                return top;
            });

            static TestCaseData Case(string name, Func<Layer> make) => new TestCaseData(make).SetName($"Cycle_{name}_ThrowsWhereverItIsUsed");
        }
    }

    [TestCaseSource(nameof(Cycles))]
    public void Check(Func<Layer> make)
    {
        Layer cycle = make();
        Tensor x = Tensor.Ones([2, 2], device: ReferenceDevice.Shared);
        Action[] uses =
        [
            () => cycle.Forward(x), () => cycle.Predict(x), () => _ = cycle.Parameters, () => _ = cycle.ParameterCount, () => cycle.StateDict(),
            () => cycle.LoadStateDict(new Dictionary<string, Tensor>()), () => cycle.Train(), () => cycle.Eval(), () => cycle.To(DType.Float64),
            () => cycle.To(ReferenceDevice.Shared), () => cycle.ZeroGrad(), () => cycle.Freeze(), () => cycle.NamedModules(), () => cycle.Summary(new Shape(2, 2)),
        ];
        foreach (Action use in uses)
        {
            Assert.That(() => use(), Throws.TypeOf<EngineException>());
        }

        Assert.That(cycle.ToString(), Is.Not.Empty);
    }

    [Test]
    public void Add_Itself_Throws()
    {
        Sequential layers = [new Relu()];
        Assert.That(() => layers.Add(layers), Throws.ArgumentException.With.Message.Contains("the Sequential itself"));
        Assert.That(() => layers.Add("own", layers), Throws.ArgumentException);
        Assert.That(layers, Has.Count.EqualTo(1));
    }

    [Test]
    public void SharedLayer_IsNoCycle()
    {
        Linear shared = new Linear(2, 2).To(ReferenceDevice.Shared);
        Sequential inner = [shared, new Relu()], net = [inner, inner, shared];
        Assert.That(net.Parameters, Has.Count.EqualTo(2));
        Assert.That(net.Forward(Tensor.Ones([1, 2], device: ReferenceDevice.Shared)).Shape, Is.EqualTo(new Shape(1, 2)));
    }

    [Test]
    public void Nested_MoreDeeplyThanTheStack_IsWalkedAndRefusedToRun()
    {
        Layer net = new Relu();
        for (int i = 0; i < 4_000; i++)
        {
            net = new Sequential(net);
        }

        Exception? error = null;
        int parameters = -1;
        Thread small = new(
            () =>
            {
                try
                {
                    parameters = net.Parameters.Count;
                    net.Forward(Tensor.Ones([1], device: ReferenceDevice.Shared));
                }
                catch (EngineException e)
                {
                    error = e;
                }
            },
            256 * 1024);
        small.Start();
        small.Join();
        Assert.That(parameters, Is.Zero);
        Assert.That(error?.Message, Does.Contain("nested more deeply than the thread's stack allows"));
    }

    /// <summary>Optimised code may turn a recursion into a loop, which no check of the stack ends.</summary>
    [Test]
    public void Cycle_InOptimisedCode_ThrowsToo()
    {
        Sequential a = [], b = [a];
        a.Add(b);
        Residual cycle = new(a);
        Tensor x = Tensor.Ones([2, 2], device: ReferenceDevice.Shared);
        for (int i = 0; i < 80; i++)
        {
            Assert.That(() => cycle.Forward(x), Throws.TypeOf<EngineException>());
            if (i % 35 == 34)
            {
                // The JIT compiles hot methods again a tenth of a second after the last new one.
                Thread.Sleep(200);
            }
        }
    }

    [Test]
    public void Add_ManyLayers_TakesTimeInProportion()
    {
        // Two million comparisons of names a thousand times over would not end in the test's time.
        Sequential net = [];
        Relu layer = new();
        for (int i = 0; i < 200_000; i++)
        {
            net.Add(layer);
        }

        Assert.That(net, Has.Count.EqualTo(200_000));
        Assert.That(() => net.Add("17", layer), Throws.ArgumentException.With.Message.Contains("taken"));
    }
}
