using System.Reflection;
using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Lifetime;

/// <summary>An operation that has nothing to do hands out a handle of its own: whoever disposes the result leaves the operand alone.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class OwnHandleTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly string[] s_fluent =
    [
        nameof(Tensor.Keep), nameof(Tensor.WithGrad), nameof(Tensor.RetainGrad), nameof(Tensor.Named), "get_Grad",
    ];

    private static IEnumerable<TestCaseData> Operations()
    {
        (string Name, Func<Tensor, Tensor> Apply)[] operations =
        [
            ("range", static x => x[..2]),
            ("all ranges", static x => x[.., ..]),
            ("ellipsis", static x => x[TensorIndex.Ellipsis]),
            ("no index", static x => x[[]]),
            ("Narrow", static x => x.Narrow(1, 0, 3)),
            ("Slice", static x => x.Slice(0, 0, 2)),
            ("Split of a size", static x => x.Split(2)[0]),
            ("Split of sizes", static x => x.Split((int[])[2])[0]),
            ("Reshape", static x => x.Reshape(2, 3)),
            ("Reshape, inferred", static x => x.Reshape(-1, 3)),
            ("Reshape to a shape", static x => x.Reshape(x.Shape)),
            ("Flatten", static x => x.Flatten(1)),
            ("Expand", static x => x.Expand([2, 3])),
            ("Squeeze", static x => x.Squeeze()),
            ("Squeeze of an axis", static x => x.Squeeze(0)),
            ("Contiguous", static x => x.Contiguous()),
            ("To its type", static x => x.To(DType.Float32)),
            ("To its device", static x => x.To(x.Device)),
            ("Dropout in evaluation", static x => x.Dropout(0.5, training: false)),
            ("Dropout of nothing", static x => x.Dropout(0)),
            ("Repeat", static x => x.Repeat(1, 1)),
            ("Permute", static x => x.Permute(0, 1)),
            ("Detach", static x => x.Detach()),
            ("Concat", static x => Tensor.Concat([x])),
            ("Einsum", static x => Tensor.Einsum("ij", x)),
            ("Pad", static x => x.Pad([(0, 0), (0, 0)])),
            ("SumTo a vector's T", static x => x[0].T.Expand([2, 3])),
            ("Identity", static x => new Identity().Forward(x)),
            ("Identity.Predict", static x => new Identity().Predict(x)),
            ("Dropout layer", static x => new Dropout(0.5).Eval().Forward(x)),
            ("Dropout layer of nothing", static x => new Dropout(0).Forward(x)),
            ("Flatten layer", static x => new Flatten().Forward(x)),
            ("Lambda", static x => new Lambda(static y => y).Forward(x)),
            ("Sequential of none", static x => new Sequential().Forward(x)),
            ("Sequential of what hands through", static x => new Sequential(new HandsThrough(), new HandsThrough()).Forward(x)),
            ("Predict of what hands through", static x => new HandsThrough().Predict(x)),
        ];
        foreach ((string name, Func<Tensor, Tensor> apply) in operations)
        {
            yield return new TestCaseData(apply).SetArgDisplayNames(name);
        }
    }

    [TestCaseSource(nameof(Operations))]
    public void Result_Disposed_LeavesTheOperand(Func<Tensor, Tensor> apply)
    {
        using Tensor x = Tensor.From<float>([1, 2, 3, 4, 5, 6], [2, 3], Device);
        Tensor y = apply(x);
        Assert.That(y, Is.Not.SameAs(x));
        y.Dispose();
        Assert.That(x.IsDisposed, Is.False);
        Assert.That(x.ToArray<float>(), Is.EqualTo((float[])[1, 2, 3, 4, 5, 6]));
    }

    [TestCaseSource(nameof(Operations))]
    public void Operand_Disposed_LeavesTheResult(Func<Tensor, Tensor> apply)
    {
        Tensor x = Tensor.From<float>([1, 2, 3, 4, 5, 6], [2, 3], Device);
        Tensor y = apply(x);
        float[] expected = y.ToArray<float>();
        x.Dispose();
        Assert.That(y.ToArray<float>(), Is.EqualTo(expected));
    }

    [TestCaseSource(nameof(Operations))]
    public void Gradient_PassesThroughTheHandle(Func<Tensor, Tensor> apply)
    {
        Tensor x = Tensor.From<float>([1, 2, 3, 4, 5, 6], [2, 3], Device).WithGrad();
        Tensor y = apply(x);
        if (!y.RequiresGrad)
        {
            return;
        }

        (y.Square() * y).Sum().Backward();
        float[] expected = y.Shape == x.Shape && y.ToArray<float>().SequenceEqual(x.ToArray<float>()) ? [3, 12, 27, 48, 75, 108] : [6, 24, 54, 0, 0, 0];
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(expected));

        using (GradMode.Off())
        {
            Assert.That(apply(x).RequiresGrad, Is.False, "without gradients");
        }
    }

    [Test]
    public void Members_WithoutArguments_NeverReturnTheOperand()
    {
        int called = 0;
        foreach (MethodInfo method in typeof(Tensor).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            if (method.ReturnType != typeof(Tensor) || s_fluent.Contains(method.Name) || method.Name.EndsWith("InPlace", StringComparison.Ordinal)
                || !(method.GetParameters() is [{ ParameterType: var only }] && only == typeof(ReadOnlySpan<int>))
                    && !method.GetParameters().All(static p => (p.HasDefaultValue && !p.ParameterType.IsByRefLike) || p.ParameterType == typeof(DType)))
            {
                continue;
            }

            foreach (Tensor x in (Tensor[])[Tensor.Scalar(1, device: Device), Tensor.Ones([3], device: Device), Tensor.Ones([2, 2], device: Device), Tensor.Ones([1, 1, 3], Widest, Device)])
            {
                Tensor y;
                try
                {
                    y = Call(method, x);
                }
                catch (ArgumentException)
                {
                    continue;
                }

                called++;
                Assert.That(y, Is.Not.SameAs(x), $"{method} of {x.Shape}");
                y.Dispose();
                Assert.That(x.IsDisposed, Is.False, $"{method} of {x.Shape}");
            }
        }

        Assert.That(called, Is.GreaterThan(100));
    }

    private static Tensor Call(MethodInfo method, Tensor x)
    {
        if (method.GetParameters() is [{ ParameterType: var type }] && type == typeof(ReadOnlySpan<int>))
        {
            return method.CreateDelegate<OfSizes>(x)(method.Name == nameof(Tensor.Repeat) ? [.. Enumerable.Repeat(1, x.Rank)] : method.Name == nameof(Tensor.Permute) ? [.. Enumerable.Range(0, x.Rank)] : x.Shape.AsSpan());
        }
        try
        {
            return (Tensor)method.Invoke(x, [.. method.GetParameters().Select(p => p.ParameterType == typeof(DType) ? x.DType : p.DefaultValue)])!;
        }
        catch (TargetInvocationException e) when (e.InnerException is ArgumentException inner)
        {
            throw inner;
        }
    }

    private delegate Tensor OfSizes(ReadOnlySpan<int> sizes);

    private sealed class HandsThrough : Layer
    {
        public override Tensor Forward(Tensor x) => x;
    }
}
