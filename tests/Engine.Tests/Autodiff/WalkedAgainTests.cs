using Engine.Tests.OpCases;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

/// <summary>
/// Two backward passes over one step, without retaining the graph: a step that saved nothing is walked again, one that saved values refuses.
/// </summary>
internal sealed class WalkedAgainTests
{
    private static ReferenceDevice Device => ReferenceDevice.Shared;

    public static IEnumerable<TestCaseData> Free =>
    [
        Case("Slice", static w => w[..2]),
        Case("Step", static w => w[new Range(0, 4)].Slice(0, 0, 4, 2)),
        Case("Select", static w => w.Select(0, 1)),
        Case("Reshape", static w => w.Reshape(2, 2)),
        Case("Transpose", static w => w.Reshape(2, 2).T),
        Case("Expand", static w => w.Expand([3, 4])),
        Case("Flip", static w => w.Flip()),
        Case("Squeeze", static w => w.Unsqueeze(0).Squeeze(0)),
        Case("Clone", static w => w.Clone()),
        Case("Cast", static w => w.To(DType.Float32)),
        Case("Add", static w => w + w),
        Case("Sub", static w => 3 - w - 1),
        Case("Scale", static w => w * 2),
        Case("Negative", static w => -w),
        Case("AddStretched", static w => w + w.Reshape(4, 1)),
        Case("Sum", static w => w.Sum()),
        Case("SumAxis", static w => w.Reshape(2, 2).Sum(0)),
        Case("Mean", static w => w.Mean()),
        Case("CumSum", static w => w.CumSum(0)),
        Case("Concat", static w => Tensor.Concat([w, w], 0)),
        Case("Stack", static w => Tensor.Stack([w, w])),
        Case("Repeat", static w => w.Repeat(2)),
        Case("Pad", static w => w.Pad([(1, 1)])),
        Case("AvgPool2d", static w => w.Reshape(1, 1, 2, 2).AvgPool2d(2)),
    ];

    public static IEnumerable<TestCaseData> Saving =>
    [
        Case("Square", static w => w * w),
        Case("Exp", static w => w.Exp()),
        Case("Relu", static w => w.Relu()),
        Case("Sigmoid", static w => w.Sigmoid()),
        Case("Divide", static w => 1 / w),
        Case("Max", static w => w.Max()),
        Case("Prod", static w => w.Prod()),
        Case("Softmax", static w => w.Softmax(0)),
        Case("MatMul", static w => w.Reshape(2, 2).MatMul(w.Reshape(2, 2))),
        Case("Linear", static w => w.Reshape(2, 2).Linear(w.Reshape(2, 2), null)),
        Case("LayerNorm", static w => w.LayerNorm(null, null, 1, 1e-5)),
        Case("MaxPool2d", static w => w.Reshape(1, 1, 2, 2).MaxPool2d(2)),
        Case("Gather", static w => w.Gather(0, Tensor.From<long>([1, 0], Device))),
        Case("Conv2d", static w => w.Reshape(1, 1, 2, 2).Conv2d(w.Reshape(1, 1, 2, 2))),
    ];

    [TestCaseSource(nameof(Free))]
    public void StepThatSavesNothing_OutsideOfALoop_ServesEveryPass(Func<Tensor, Tensor> step)
    {
        Tensor w = Leaf(), v = step(w);
        v.Sum().Backward();
        double[] once = w.Grad!.ToArray<double>();
        v.Sum().Backward();
        v.Sum().Backward();
        Assert.That(w.Grad!.ToArray<double>(), Is.EqualTo(once.Select(static g => 3 * g)).Within(1e-12));
        Tensor again = Leaf(), loss = step(again).Sum();
        loss.Backward();
        loss.Backward();
        Assert.That(again.Grad!.ToArray<double>(), Is.EqualTo(once.Select(static g => 2 * g)).Within(1e-12), "the same root");
    }

    [TestCaseSource(nameof(Saving))]
    public void StepThatSavedValues_UsedUp_SaysSo(Func<Tensor, Tensor> step)
    {
        Tensor w = Leaf(), v = step(w);
        v.Sum().Backward();
        double[] once = w.Grad!.ToArray<double>();
        GradientException error = Assert.Throws<GradientException>(() => v.Sum().Backward())!;
        Assert.That(error.Message, Does.Contain("consumed").And.Contain("retainGraph: true"));
        Assert.That(w.Grad!.ToArray<double>(), Is.EqualTo(once), "nothing was added");
        Tensor other = Leaf(), retained = step(other);
        retained.Sum().Backward(retainGraph: true);
        retained.Sum().Backward();
        Assert.That(other.Grad!.ToArray<double>(), Is.EqualTo(once.Select(static g => 2 * g)).Within(1e-12));
    }

    [TestCaseSource(typeof(OpTable), nameof(OpTable.DifferentiableRows))]
    public void Row_WalkedTwice_AddsTheSameAgainOrRefuses(OpCase row)
    {
        Tensor[] inputs = OpArguments.Make(row, row.GradientSizes.Max(), static _ => LayoutKind.Contiguous, DType.Float64, Device);
        Tensor y = row.Run(inputs), dy = y.OnesLike();
        y.Backward(dy);
        double[]?[] once = Array.ConvertAll(inputs, static x => x.Grad?.ToArray<double>());
        int times = 1;
        try
        {
            y.Backward(dy);
            times = 2;
        }
        catch (GradientException e)
        {
            Assert.That(e.Message, Does.Contain("consumed"));
        }

        for (int i = 0; i < inputs.Length; i++)
        {
            Assert.That(inputs[i].Grad?.ToArray<double>(), once[i] is { } g ? Is.EqualTo(g.Select(v => times * v)).Within(1e-9) : Is.Null, $"operand {i}, walked {times} times");
        }
    }

    private static Tensor Leaf() => Tensor.From<double>([0.5, -1, 2, 3], Device).WithGrad();

    private static TestCaseData Case(string name, Func<Tensor, Tensor> step) => new TestCaseData(step).SetArgDisplayNames(name);
}
