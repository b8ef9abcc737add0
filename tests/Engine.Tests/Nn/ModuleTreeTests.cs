using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

[TestFixture("reference")]
internal sealed class ModuleTreeTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly string[] s_everything =
    [
        "field_weight", "weight_ih_l0", "tensors.0", "tensors.1", "hidden.weight", "renamed.inner.weight", "array.0.weight", "array.1.weight",
        "list.0.weight", "list.2.weight", "modules.0.weight", "map.key.weight",
    ];

    [Test]
    public void NamedParameters_EveryKindOfMember_FoundInDeclarationOrder() =>
        Assert.That(Names(new Everything()), Is.EqualTo(s_everything));

    [Test]
    public void NamedParameters_NullableMemberThatIsSet_IsFound() =>
        Assert.That(Names(new Everything { Bias = Tensor.Ones([1]).WithGrad(), Absent = new Leaf(1) }), Does.Contain("bias").And.Contain("absent.weight"));

    [Test]
    public void NamedParameters_Inheritance_BaseMembersFirst() =>
        Assert.That(Names(new Derived()), Is.EqualTo((string[])[.. s_everything, "extra.weight"]));

    [Test]
    public void NamedParameters_GenericNestedClass_FindsTypeParameterMember() =>
        Assert.That(Names(new Outer<string>.Wrapper<Leaf>(new Leaf(2))), Is.EqualTo((string[])["inner.weight"]));

    [Test]
    public void NamedParameters_HandWrittenOverride_IsUsed() => Assert.That(Names(new ByHand()), Is.EqualTo((string[])["by-hand"]));

    [Test]
    public void NamedBuffers_MarkedMembers_AreNotParameters() =>
        Assert.That(new Everything().NamedBuffers().Select(b => b.Name), Is.EqualTo((string[])["running_mean", "mask"]));

    [Test]
    public void StateDict_BufferNotPersistent_IsLeftOut()
    {
        Everything module = new();
        Assert.That(module.StateDict().Keys, Does.Contain("running_mean").And.Not.Contain("mask").And.Not.Contain("cache"));
        Assert.That(module.StateDict()["weight_ih_l0"], Is.SameAs(module.WeightIhL0));
    }

    [Test]
    public void NamedModules_Nested_RootFirstEachOnce()
    {
        Leaf shared = new(3);
        Sequential net = [shared, new Sequential(shared, new Twice()), shared];
        Assert.That(net.NamedModules().Select(m => m.Name), Is.EqualTo((string[])["", "0", "1", "1.1"]));
        Assert.That(Names(net), Is.EqualTo((string[])["0.weight"]), "a shared parameter is trained once");
        Assert.That(net.NamedChildren().Select(c => c.Name), Is.EqualTo((string[])["0", "1", "2"]));
        Assert.That(net.ParameterCount, Is.EqualTo(3));
    }

    [Test]
    public void StateDict_SharedTensor_UnderEachName()
    {
        Tied module = new();
        Assert.That(module.StateDict().Keys, Is.EqualTo((string[])["a", "b"]));
        Assert.That(module.Parameters, Has.Count.EqualTo(1));
    }

    [Test]
    public void StateDict_TwoTensorsWithOneName_Throws() =>
        Assert.That(() => new Collision().StateDict(), Throws.InvalidOperationException.With.Message.Contains("\"x.weight\""));

    [Test]
    public void Cycle_IsWalkedOnce()
    {
        Ring ring = new();
        ring.Next = ring;
        Assert.That(ring.NamedModules(), Has.Count.EqualTo(1));
    }

    [Test]
    public void Sequential_OwnNames_AreUsed()
    {
        Sequential net = new() { { "first", new Leaf(1) }, new Leaf(1) };
        Assert.That(Names(net), Is.EqualTo((string[])["first.weight", "1.weight"]));
        Assert.That(net["first"], Is.SameAs(net[0]));
        Assert.That(() => net.Add("first", new Twice()), Throws.ArgumentException);
        Assert.That(() => net.Add("a.b", new Twice()), Throws.ArgumentException);
        Assert.That(() => net["second"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("first, 1"));
    }

    [Test]
    public void ModuleList_Changed_NamesFollow()
    {
        ModuleList<Leaf> list = [new(1), new(2)];
        list.Insert(0, new Leaf(3));
        list.RemoveAt(1);
        Assert.That(list.NamedParameters().Select(p => (p.Name, p.Tensor.Shape[0])), Is.EqualTo(new[] { ("0.weight", 3), ("1.weight", 2) }));
    }

    private static IEnumerable<string> Names(Module module) => module.NamedParameters().Select(p => p.Name);
}

internal sealed partial class Tied : Module
{
    public Tied() => B = A;

    public Tensor A { get; } = Tensor.Ones([2]).WithGrad();

    public Tensor B { get; }
}

internal sealed partial class Collision : Module
{
    [Name("x.weight")]
    public Tensor Direct { get; } = Tensor.Ones([1]).WithGrad();

    public Leaf X { get; } = new(1);
}

internal sealed partial class Ring : Module
{
    public Ring? Next { get; set; }
}
