using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Precision;

/// <summary>The condition that is put around every optimizer's update.</summary>
/// <remarks>It is one and the same construction on every device, as <see cref="LossScalerTests"/> checks; here each optimizer has its turn.</remarks>
internal sealed class ConditionalStepTests
{
    private static readonly Dictionary<string, Func<IEnumerable<Tensor>, Optimizer>> s_variants = new()
    {
        ["sgd"] = static p => new Sgd(p, 0.1, weightDecay: 0.01),
        ["momentum"] = static p => new Sgd(p, 0.1, momentum: 0.9, dampening: 0.3),
        ["nesterov"] = static p => new Sgd(p, 0.1, momentum: 0.9, nesterov: true),
        ["adagrad"] = static p => new Adagrad(p),
        ["rmsprop"] = static p => new RmsProp(p),
        ["rmsprop centred with momentum"] = static p => new RmsProp(p, momentum: 0.9, centered: true),
        ["adadelta"] = static p => new Adadelta(p),
        ["adam"] = static p => new Adam(p, weightDecay: 0.1),
        ["amsgrad"] = static p => new Adam(p, amsgrad: true),
        ["adamw"] = static p => new AdamW(p),
        ["adamax"] = static p => new Adamax(p),
        ["nadam"] = static p => new NAdam(p),
        ["radam"] = static p => new RAdam(p),
        ["lion"] = static p => new Lion(p, 0.01, weightDecay: 0.1),
        ["rprop"] = static p => new Rprop(p),
        ["asgd"] = static p => new Asgd(p, 0.1, lambda: 0.1, t0: 2, weightDecay: 0.01),
        ["lamb"] = static p => new Lamb(p),
        ["adafactor"] = static p => new Adafactor(p, weightDecay: 0.1),
    };

    private static IEnumerable<string> Variants => s_variants.Keys;

    private readonly ReferenceDevice _device = new();

    [TestCaseSource(nameof(Variants))]
    public void StepIf_NotZero_IsTheStep(string variant)
    {
        Tensor plain = Parameter(), conditional = Parameter();
        Optimizer first = s_variants[variant]([plain]), second = s_variants[variant]([conditional]);
        for (int i = 1; i <= 4; i++)
        {
            plain.SetGrad(Gradient(i));
            conditional.SetGrad(Gradient(i));
            first.Step();
            second.StepIf(Tensor.Full([], i, device: _device));
        }

        Assert.That(conditional.ToArray<float>(), Is.EqualTo(plain.ToArray<float>()));
        Assert.That(States(second, conditional), Is.EqualTo(States(first, plain)));
        Assert.That(second.StepsOf(conditional), Is.EqualTo(4));
    }

    [TestCaseSource(nameof(Variants))]
    public void StepIf_ZeroWithANaNGradient_ChangesNoBit(string variant)
    {
        Tensor w = Parameter();
        Optimizer optimizer = s_variants[variant]([w]);
        w.SetGrad(Gradient(1));
        optimizer.Step();
        float[] before = w.ToArray<float>(), states = States(optimizer, w);
        w.SetGrad(Gradient(1) * double.NaN);
        optimizer.StepIf(Tensor.Zeros([1], device: _device));
        Assert.That(w.ToArray<float>(), Is.EqualTo(before));
        Assert.That(States(optimizer, w), Is.EqualTo(states));
        w.SetGrad(Gradient(2));
        optimizer.Step();
        Assert.That(w.ToArray<float>(), Is.Not.EqualTo(before).And.All.Matches<float>(float.IsFinite), "the unconditional step afterwards");
    }

    [Test]
    public void StepIf_BadCondition_Throws()
    {
        Tensor w = Parameter();
        w.SetGrad(Gradient(1));
        Sgd optimizer = new([w], 0.1);
        Assert.That(() => optimizer.StepIf(Tensor.Ones([2], device: _device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2]"));
        Assert.That(() => optimizer.StepIf(Tensor.Ones([], device: new ReferenceDevice())), Throws.TypeOf<DeviceMismatchException>());
        Assert.That(() => optimizer.StepIf(null!), Throws.ArgumentNullException);
    }

    private static float[] States(Optimizer optimizer, Tensor w) => [.. optimizer.StateNames.SelectMany(name => optimizer.StateOf(w, name)?.ToArray<float>() ?? [])];

    private Tensor Parameter() => Tensor.From<float>([1, -2, 3], _device).WithGrad();

    private Tensor Gradient(double scale) => Tensor.From<float>([0.5f, 1, -0.25f], _device) * scale;
}
