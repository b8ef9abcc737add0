using Engine.Tests.Memory;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

/// <summary>How long a graph lives: as long as a tensor that was computed by it, however its other tensors end.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class GraphLifetimeTests
{
    private readonly ReferenceDevice _device = new();

    private long InUse => _device.Pool.Report.InUse;

    [Test]
    public void Backward_IntermediatesDisposedBefore_Works()
    {
        Tensor w = Leaf(1, 2, 3);
        Tensor a = w.Tanh(), b = a * w, loss = b.Sum();
        a.Dispose();
        b.Dispose();
        loss.Backward();
        AssertGrad(w, x => Math.Tanh(x) + (x * (1 - (Math.Tanh(x) * Math.Tanh(x)))));
        long before = InUse;
        loss.Dispose();
        w.ClearGrad();
        Assert.That(InUse, Is.LessThan(before));
    }

    [Test]
    public void Dispose_WithoutAScope_ReleasesWhatTheGraphSaved()
    {
        Tensor w = Leaf(1, 2, 3);
        long before = InUse;
        Tensor a = w.Exp(), b = a.Tanh(), c = b * a;
        a.Dispose();
        b.Dispose();
        Assert.That(InUse, Is.GreaterThan(before), "the product needs both");
        c.Dispose();
        Assert.That(InUse, Is.EqualTo(before));
    }

    [Test]
    public void Keep_OutputOfAScope_IsDifferentiableAfterwards()
    {
        Tensor w = Leaf(1, 2, 3), kept, own;
        long before = InUse;
        using (TensorScope outer = TensorScope.Begin())
        {
            using (TensorScope inner = TensorScope.Begin())
            {
                kept = inner.Keep((w.Exp() * w).Sum());
                own = w.Sigmoid().Sum().Keep();
                _ = kept * 2;
            }

            kept.Backward();
            AssertGrad(w, static x => Math.Exp(x) * (x + 1));
            w.ClearGrad();
        }

        own.Backward();
        AssertGrad(w, static x => 1 / (1 + Math.Exp(-x)) / (1 + Math.Exp(x)));
        w.ClearGrad();
        own.Dispose();
        Assert.That(InUse, Is.EqualTo(before));
    }

    [Test]
    public void Dispose_OfOneView_LeavesTheGraphToTheOther()
    {
        Tensor w = Leaf(1, 2, 3), y = w.Exp();
        Tensor row = y.Reshape(1, 3), detached = y.Detach();
        y.Dispose();
        row.Sum().Backward();
        AssertGrad(w, Math.Exp);
        Assert.That(detached.ToArray<double>()[0], Is.EqualTo(Math.E).Within(1e-12));
    }

    [Test]
    public void Backward_OfADisposedTensor_IsAnErrorOnceItsGraphIsGone()
    {
        Tensor w = Leaf(1, 2, 3), loss = w.Exp().Sum();
        loss.Dispose();
        Assert.Throws<ObjectDisposedException>(() => loss.Backward());
        Assert.Throws<ObjectDisposedException>(() => Autograd.Grad(loss, w));
        Assert.That(w.Grad, Is.Null);
    }

    [Test]
    public void Grad_OfADisposedIntermediate_IsFound()
    {
        Tensor w = Leaf(1, 2, 3), h = w.Exp(), loss = (h * h).Sum();
        h.Dispose();
        Assert.That(Autograd.Grad(loss, h).ToArray<double>()[1], Is.EqualTo(2 * Math.Exp(2)).Within(1e-12));
    }

    [Test]
    public void Grad_WithItsGraph_OutlivesTheScope()
    {
        Tensor w = Leaf(1, 2, 3), first;
        long before = InUse;
        using (TensorScope scope = TensorScope.Begin())
        {
            Tensor loss = (w.Exp() * w).Sum();
            first = scope.Keep(Autograd.Grad(loss, w, createGraph: true));
        }

        using (TensorScope.Begin())
        {
            first.Sum().Backward();
        }
        AssertGrad(w, static x => Math.Exp(x) * (x + 2));
        w.ClearGrad();
        first.Dispose();
        Assert.That(InUse, Is.EqualTo(before));
    }

    [Test]
    public void LeafGradient_WithItsGraph_GoesWithClearGrad()
    {
        Tensor w = Leaf(1, 2, 3);
        long before = InUse;
        using (TensorScope.Begin())
        {
            w.Exp().Sum().Backward(createGraph: true);
            w.Exp().Sum().Backward(createGraph: true);
        }

        Assert.That(w.Grad!.RequiresGrad, Is.True);
        using (TensorScope.Begin())
        {
            Tensor second = Autograd.Grad(w.Grad.Sum(), w);
            Assert.That(second.ToArray<double>()[0], Is.EqualTo(2 * Math.E).Within(1e-12));
        }

        w.ClearGrad();
        ForgottenTensors.Collect();
        Assert.That(InUse, Is.EqualTo(before), "the gradient of the first pass was replaced; it is its reader's");
    }

    [Test]
    public void RetainedGraph_IsWalkedTwiceAndGoesWithItsTensor()
    {
        Tensor w = Leaf(1, 2, 3);
        long before = InUse;
        using (TensorScope.Begin())
        {
            Tensor loss = w.Exp().Sum();
            loss.Backward(retainGraph: true);
            loss.Backward(retainGraph: true);
            AssertGrad(w, static x => 2 * Math.Exp(x));
        }

        w.ClearGrad();
        Assert.That(InUse, Is.EqualTo(before));
    }

    [Test]
    public void ComputationGraph_OfDisposedTensors_CanBeRead()
    {
        Tensor w = Leaf(1, 2, 3);
        ComputationGraph graph;
        using (TensorScope.Begin())
        {
            Tensor loss = w.Exp().Sum();
            graph = ComputationGraph.Of(loss, retainGradients: true);
            loss.Backward();
        }

        Assert.That(graph.Nodes.Take(3).Select(static n => n.Operation).ToArray(), Is.EqualTo(new[] { "Parameter", "Exp", "Sum" }));
        Assert.That(graph.Nodes[1].Gradient!.ToArray<double>(), Is.EqualTo(new double[] { 1, 1, 1 }));
    }

    [Test]
    public void RetainGrad_InAScope_KeepsTheGradient()
    {
        Tensor w = Leaf(1, 2, 3), h;
        using (TensorScope scope = TensorScope.Begin())
        {
            h = scope.Keep(w.Exp().RetainGrad());
            (h * h).Sum().Backward();
        }

        Assert.That(h.Grad!.ToArray<double>()[0], Is.EqualTo(2 * Math.E).Within(1e-12));
    }

    [Test]
    public void CustomFunction_WhatItSaved_GoesWithItsResult()
    {
        Tensor w = Leaf(1, 2, 3), constant = Tensor.From<double>([1, 2, 3], _device);
        long before = InUse;
        new Cube().Apply(w).Dispose();
        Assert.That(InUse, Is.EqualTo(before), "recorded");
        new Cube().Apply(constant).Dispose();
        Assert.That(InUse, Is.EqualTo(before), "not recorded");
        using (GradMode.Off())
        {
            new Cube().Apply(w).Dispose();
        }
        Assert.That(InUse, Is.EqualTo(before), "switched off");
        using (TensorScope.Begin())
        {
            Assert.Throws<InvalidOperationException>(() => new Cube { Fails = true }.Apply(w));
        }
        Assert.That(InUse, Is.EqualTo(before), "failed");
        new Cube().Apply(w).Backward(Tensor.From<double>([1, 1, 1], _device));
        AssertGrad(w, static x => 3 * x * x);
    }

    [Test]
    public void CustomFunction_ThatReturnsItsInput_LeavesTheInputAlone()
    {
        Tensor w = Leaf(1, 2, 3), c = Tensor.From<double>([1, 2, 3], _device);
        Tensor y = new Second().Apply(w, c);
        Assert.That((y.RequiresGrad, c.RequiresGrad), Is.EqualTo((true, false)));
        y.Dispose();
        Assert.That(c.IsDisposed, Is.False);
        using (TensorScope.Begin())
        {
            y = new Second().Apply(c, w);
        }
        Assert.That((y.IsDisposed, w.IsDisposed), Is.EqualTo((true, false)));
    }

    [Test]
    public void Dispose_OfAMillionSteps_NeedsNoStack()
    {
        long before = 0, after = -1;
        OnASmallStack(() =>
        {
            Tensor w = Leaf(1);
            before = InUse;
            Tensor y = w;
            for (int i = 0; i < 1_000_000; i++)
            {
                Tensor next = y.Tanh();
                if (i > 0)
                {
                    y.Dispose();
                }
                y = next;
            }

            y.Dispose();
            after = InUse;
        });
        Assert.That(after, Is.EqualTo(before));
    }

    [Test]
    public void SavedValues_WithHistoriesOfTheirOwn_NeedNoStack()
    {
        long before = 0, after = -1;
        OnASmallStack(() =>
        {
            Tensor w = Leaf(1);
            before = InUse;
            Tensor y = w.Exp();
            for (int i = 0; i < 100_000; i++)
            {
                // The step before is no input: only what was saved holds it.
                Tensor next = new Hiding(y).Apply(w);
                y.Dispose();
                y = next;
            }

            y.Dispose();
            after = InUse;
        });
        Assert.That(after, Is.EqualTo(before));
    }

    private static void OnASmallStack(Action work)
    {
        Exception? error = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    work();
                }
                catch (Exception e)
                {
                    error = e;
                }
            },
            maxStackSize: 256 << 10);
        thread.Start();
        thread.Join();
        Assert.That(error, Is.Null);
    }

    [Test]
    public void Threads_SharePartsOfAGraph_AndTakeThemAway()
    {
        Tensor w = Leaf([.. Enumerable.Range(0, 1000).Select(static i => i / 1000.0)]);
        long before = InUse;
        for (int round = 0; round < 20; round++)
        {
            Tensor[] ends;
            using (TensorScope.Begin())
            {
                Tensor trunk = w.Exp().Tanh();
                ends = [.. Enumerable.Range(1, 4).Select(i => (trunk * i).Sin().Sum().Keep())];
            }

            Parallel.For(0, ends.Length, i =>
            {
                if (i % 2 == 0)
                {
                    for (int k = 0; k < 5; k++)
                    {
                        Tensor gradient = Autograd.Grad(ends[i], w, retainGraph: true);
                        double x = 0.5, t = Math.Tanh(Math.Exp(x)), expected = Math.Cos(t * (i + 1)) * (i + 1) * (1 - (t * t)) * Math.Exp(x);
                        Assert.That(gradient.ToArray<double>()[500], Is.EqualTo(expected).Within(1e-9));
                        gradient.Dispose();
                    }
                }

                ends[i].Dispose();
            });
        }

        Assert.That(InUse, Is.EqualTo(before));
    }

    private Tensor Leaf(params double[] values) => Tensor.From<double>(values, _device).WithGrad();

    private static void AssertGrad(Tensor leaf, Func<double, double> expected) =>
        Assert.That(leaf.Grad!.ToArray<double>(), Is.EqualTo(leaf.ToArray<double>().Select(expected)).Within(1e-9));

    private sealed class Cube : CustomFunction
    {
        public bool Fails { get; init; }

        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
        {
            Save(inputs[0]);
            if (Fails)
            {
                throw new InvalidOperationException();
            }
            using TensorScope scope = TensorScope.Begin();
            return scope.Keep(inputs[0] * inputs[0] * inputs[0]);
        }

        protected override Tensor?[] Backward(Tensor dy) => [dy * Saved(0).Square() * 3];
    }

    private sealed class Second : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs) => inputs[1];

        protected override Tensor?[] Backward(Tensor dy) => [null, dy];
    }

    private sealed class Hiding(Tensor hidden) : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
        {
            Save(hidden);
            return inputs[0].Clone();
        }

        protected override Tensor?[] Backward(Tensor dy) => [dy];
    }
}
