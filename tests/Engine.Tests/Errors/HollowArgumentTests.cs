using Engine.Cpu;
using Engine.Gpu;
using Engine.Nn;
using NUnit.Framework;
using static Engine.Tests.Errors.ErrorCase;

namespace Engine.Tests.Errors;

/// <summary>Functions that return null, lists and tables with holes in them: the error names what is missing, where it is found.</summary>
internal sealed class HollowArgumentTests
{
    private static readonly KeyValuePair<string, Tensor>[] s_tensors = [default];
    private static readonly KeyValuePair<string, Linear>[] s_modules = [default];

    private static IEnumerable<TestCaseData> Functions =>
    [
        Row<ArgumentException>("Lambda_GivesNull", "Lambda: the function returned null; it must return a tensor.", static () => new Lambda(static _ => null!).Forward(X(2))),
        Row<ArgumentException>("Lambda_GivesNullInASummary", "Lambda: the function returned null; it must return a tensor.", static () => new Lambda(static _ => null!).Summary([2], null)),
        Row<ArgumentException>("Layer_GivesNullInASequential", "Hollow: Forward returned null; it must return a tensor.", static () => new Sequential(new Hollow()).Forward(X(2))),
        Row<ArgumentException>("CustomFunction_ForwardGivesNull", "HollowFunction: Forward returned null", static () => new HollowFunction(null).Apply(X(2))),
        Row<ArgumentException>("CustomFunction_BackwardGivesNull", "HollowFunction: Backward returned null", static () => new HollowFunction(X(1)).Apply(X(1).WithGrad()).Sum().Backward()),
        Row<ArgumentException>("Mean_GivesNull", "mae: the metric's function returned null", static () => new Mean("mae", static (_, _) => null!).Update(X(2), X(2))),
        Row<ArgumentException>("Trainer_ModelGivesNull", "Trainer: the model returned null", static () => Evaluate(static _ => null!, static (y, _) => y.Mean())),
        Row<ArgumentException>("Trainer_LossGivesNull", "Fit: the loss returned null", static () => Evaluate(static x => x, static (_, _) => null!)),
        Row<CaptureException>("Capture_GivesNull", "Capture: output 0 of the step is null.", static () => Device.Get("cpu").Capture(static () => (Tensor)null!)),
        Row<CaptureException>("Capture_GivesAListWithNull", "Capture: output 1 of the step is null.", static () => Device.Get("cpu").Capture(static () => (Tensor[])[Tensor.Zeros([1], device: Device.Get("cpu")), null!])),
        Row<CaptureException>("Capture_GivesNoList", "Capture: the step returned null.", static () => Device.Get("cpu").Capture(static () => (Tensor[])null!)),
    ];

    private static IEnumerable<TestCaseData> Lists =>
    [
        Row<ArgumentException>("Grad_FewGradients", "Autograd.Grad: there are 2 outputs and 1 gradients.", static () => Autograd.Grad([Leaf(), Leaf()], [Leaf()], [X(1)])),
        Row<ArgumentException>("Grad_ManyGradients", "Autograd.Grad: there are 1 outputs and 2 gradients.", static () => Autograd.Grad([Leaf()], [Leaf()], [X(1), X(1)])),
        Row<ArgumentException>("Visitor_ParameterWithoutKey", "'list' has an entry without a key.", static () => Visit(static v => v.Parameters("list", s_tensors))),
        Row<ArgumentException>("Visitor_BufferWithoutKey", "'list' has an entry without a key.", static () => Visit(static v => v.Buffers("list", s_tensors))),
        Row<ArgumentException>("Visitor_ModuleWithoutKey", "'list' has an entry without a key.", static () => Visit(static v => v.Modules("list", s_modules))),
        Row<ArgumentException>("Visitor_HeldWithoutKey", "'list' has an entry without a key.", static () => Visit(static v => v.Held("list", s_modules))),
        Row<ArgumentException>("Visitor_HeldObjectWithoutKey", "'list' has an entry without a key.", static () => Visit(static v => v.Held("list", (object)s_tensors))),
        Row<ArgumentException>("Visitor_HeldBufferWithoutKey", "'list' has an entry without a key.", static () => Visit(static v => v.HeldBuffers("list", s_tensors))),
        Row<ArgumentException>("Safetensors_NullTensor", "Safetensors.Save: 'b' is null. Leave it out.", static () => Safetensors.Save("never", new Dictionary<string, Tensor> { ["a"] = X(1), ["b"] = null! })),
        Row<ArgumentException>("Safetensors_NullText", "Safetensors.Save: 'note' is null. Leave it out.", static () => Safetensors.Save("never", new Dictionary<string, Tensor> { ["a"] = X(1) }, new Dictionary<string, string> { ["note"] = null! })),
        Row<ArgumentNullException>("Evaluation_NoFigures", "Value cannot be null. (Parameter 'Metrics')", static () => _ = new Evaluation(0, null!)),
        Row<ArgumentNullException>("Evaluation_WithNoFigures", "Value cannot be null. (Parameter 'value')", static () => _ = new Evaluation(0, new Dictionary<string, double>()) with { Metrics = null! }),
        Row<ArgumentException>("Discover_CpuIntoAnArray", "'report' takes no elements: it is a ProbeEntry[]. Pass a list.", static () => new CpuDeviceProvider().Discover(Array.Empty<ProbeEntry>())),
        Row<ArgumentException>("Discover_GpuIntoAnArray", "'report' takes no elements: it is a ProbeEntry[]. Pass a list.", static () => new GpuDeviceProvider().Discover(Array.Empty<ProbeEntry>())),
    ];

    [TestCaseSource(nameof(Functions))]
    [TestCaseSource(nameof(Lists))]
    public void Error(ErrorCase error) => error.Check();

    [Test]
    public void SpaceOfAStudy_DoesNotGrow()
    {
        SearchSpace space = new();
        Dimension<int> width = space.Integer("width", 3, 3);
        Study study = new(space, new RandomSearch());
        Assert.That(() => space.Integer("later", 5, 5), Throws.InvalidOperationException.With.Message.Contains("'later'"));
        study.Optimize(static _ => 0, 1);
        Assert.That(study.Trials[0][width], Is.EqualTo(3));
    }

    private static Tensor Leaf() => X(1).WithGrad();

    private static void Visit(Action<MemberVisitor> visit) => visit(new MemberVisitor());

    private static void Evaluate(Func<Tensor, Tensor> forward, LossFunction loss)
    {
        Linear model = new(1, 1);
        Trainer trainer = new(model, forward, new Sgd(model.Parameters, 0.1), loss);
        trainer.Evaluate(new DataLoader(new TensorDataset(Tensor.Zeros([2, 1]), Tensor.Zeros([2, 1])), batchSize: 2));
    }

    private sealed class Hollow : Layer
    {
        public override Tensor Forward(Tensor x) => null!;

        protected override void VisitMembers(MemberVisitor visitor)
        {
        }
    }

    private sealed class HollowFunction(Tensor? result) : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs) => result!;

        protected override Tensor?[] Backward(Tensor dy) => null!;
    }
}
