using System.Collections;
using System.Collections.Immutable;
using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>What is found in members whose declared type does not say what they hold.</summary>
[TestFixture("reference")]
internal sealed class HeldMemberTests(string deviceName) : DeviceFixture(deviceName)
{
    private static IEnumerable<TestCaseData> Found
    {
        get
        {
            yield return Case("Module", static () => B(), "inner.weight");
            yield return Case("Tensor", static () => W(), "inner");
            yield return Case("Array", static () => (Block[])[B(), B()], "inner.0.weight", "inner.1.weight");
            yield return Case("ArrayOfTensors", static () => (Tensor?[])[W(), null, W()], "inner.0", "inner.2");
            yield return Case("ListOfInterfaces", static () => new List<IBlock> { B() }, "inner.0.weight");
            yield return Case("ArrayList", static () => new ArrayList { B(), W() }, "inner.1", "inner.0.weight");
            yield return Case("Set", static () => new HashSet<Layer> { B() }, "inner.0.weight");
            yield return Case("Queue", static () => new Queue<object>([B()]), "inner.0.weight");
            yield return Case("ImmutableArray", static () => ImmutableArray.Create(B()), "inner.0.weight");
            yield return Case("Dictionary", static () => new Dictionary<string, Block> { ["z"] = B(), ["a"] = B() }, "inner.z.weight", "inner.a.weight");
            yield return Case("DictionaryOfInterfaces", static () => new SortedDictionary<string, IBlock> { ["k"] = B() }, "inner.k.weight");
            yield return Case("DictionaryOfTensors", static () => new Dictionary<string, Tensor?> { ["k"] = W(), ["none"] = null }, "inner.k");
            yield return Case("ImmutableDictionary", static () => ImmutableDictionary<string, Block>.Empty.Add("k", B()), "inner.k.weight");
            yield return Case("Hashtable", static () => new Hashtable { ["k"] = B() }, "inner.k.weight");
            yield return Case("Pairs", static () => new List<KeyValuePair<string, Block>> { new("k", B()) }, "inner.k.weight");
            yield return Case("PairsOfInterfaces", static () => new KeyValuePair<string, IBlock>[] { new("k", B()) }, "inner.k.weight");
            yield return Case("OwnTable", static () => new Table(KeyValuePair.Create("k", B())), "inner.k.weight");
            yield return Case("OwnCollection", static () => new Own(B(), B()), "inner.0.weight", "inner.1.weight");
            yield return Case("QueryOfModules", static () => ((Block[])[B()]).Where(static _ => true), "inner.0.weight");
            yield return Case("QueryOfInterfaces", static () => ((IBlock[])[B()]).Where(static _ => true), "inner.0.weight");
            yield return Case("MixedList", static () => new List<object?> { 1, B(), "x", null, W(), (Action)(() => { }), new List<string> { "a" } }, "inner.4", "inner.1.weight");
            yield return Case("MixedDictionary", static () => new Dictionary<string, object> { ["size"] = 1, ["b"] = B(), ["names"] = new[] { "a" }, ["w"] = W() }, "inner.w", "inner.b.weight");
            yield return Case("Sequential", static () => new Sequential { { "first", B() } }, "inner.first.weight");
            yield return Case("ModuleList", static () => new ModuleList<Block>(B()), "inner.0.weight");
            yield return Case("ModuleThatIsACollection", static () => new Row(B(), B()), "inner.0.weight", "inner.1.weight");
            yield return Case("NextOne", static () => new Anything { Inner = new Anything { Inner = B() } }, "inner.inner.inner.weight");

            static TestCaseData Case(string name, Func<object> make, params string[] expected) => new TestCaseData(make, expected).SetName($"Held_{name}_IsFound");
        }
    }

    private static IEnumerable<TestCaseData> Harmless
    {
        get
        {
            yield return Case("Nothing", static () => null);
            yield return Case("Text", static () => "text");
            yield return Case("Number", static () => 5);
            yield return Case("Function", static () => (Func<Tensor>)W);
            yield return Case("Functions", static () => new List<Func<Block, Tensor>>());
            yield return Case("Texts", static () => new List<string> { "a" });
            yield return Case("Numbers", static () => new Dictionary<string, int> { ["a"] = 1 });
            yield return Case("EmptyLists", static () => new List<List<Block>>());
            yield return Case("Tuple", static () => (1, "a"));
            yield return Case("SequenceWithoutEnd", static () => Endless());
            yield return Case("SequenceOfBatches", static () => new Batches());
            yield return Case("Loop", static () => Loop());
            yield return Case("PlainClass", static () => new Version(1, 2));
            yield return Case("OwnRecord", static () => new Settings(1, new() { ["a"] = 2 }));
            yield return Case("Optimizer", static () => new Sgd([W()], 0.1));

            static TestCaseData Case(string name, Func<object?> make) => new TestCaseData(make).SetName($"Held_{name}_IsPassedBy");
        }
    }

    private static IEnumerable<TestCaseData> Lost
    {
        get
        {
            yield return Case("Tuple", static () => (B(), 1), "ValueTuple<Block, Int32>");
            yield return Case("OldTuple", static () => Tuple.Create<object>(B()), "Tuple<Object>");
            yield return Case("ListOfLists", static () => new List<List<Block>> { new() { B() } }, "List<Block>");
            yield return Case("ListOfListsOfInterfaces", static () => new List<IBlock[]> { new IBlock[] { B() } }, "IBlock[]");
            yield return Case("ListInAMixedList", static () => new List<object> { 1, new List<object> { B() } }, "List<Object>");
            yield return Case("TupleInAList", static () => new ArrayList { (1, (object)W()) }, "ValueTuple<Int32, Object>");
            yield return Case("ListInADictionary", static () => new Dictionary<string, object> { ["k"] = new[] { W() } }, "Tensor[]");
            yield return Case("NumberedDictionary", static () => new Dictionary<int, Block> { [1] = B() }, "Dictionary<Int32, Block>");
            yield return Case("NumberedDictionaryOfInterfaces", static () => new Dictionary<int, IBlock> { [1] = B() }, "Dictionary<Int32, IBlock>");
            yield return Case("Keys", static () => new Dictionary<IBlock, string> { [B()] = "a" }, "Dictionary<IBlock, String>");
            yield return Case("Grid", static () => new IBlock[,] { { B() } }, "IBlock[,]");
            yield return Case("Lazy", static () => new Lazy<Block>(B), "Lazy<Block>");
            yield return Case("Pair", static () => new KeyValuePair<string, IBlock>("k", B()), "KeyValuePair<String, IBlock>");
            yield return Case("OwnBox", static () => new Box<Block>(B()), "Box<Block>");

            yield return Case("PlainClass", static () => new PlainBlock(), "PlainBlock");
            yield return Case("PlainClassInAList", static () => new List<IBlock> { B(), new PlainBlock() }, "PlainBlock");
            yield return Case("ListOfPlainClasses", static () => new List<PlainBlock> { new() }, "List<PlainBlock>");
            yield return Case("PlainClassFurtherIn", static () => new Box<object>(1, new PlainBlock()), "Box<Object>");

            static TestCaseData Case(string name, Func<object> make, string type) => new TestCaseData(make, type).SetName($"Held_{name}_IsRefused");
        }
    }

    [TestCaseSource(nameof(Found))]
    public void Finds(Func<object> make, string[] expected)
    {
        Anything net = new() { Inner = make() };
        Assert.That(Names(net), Is.EqualTo(expected));
    }

    [TestCaseSource(nameof(Harmless))]
    public void PassesBy(Func<object?> make)
    {
        Anything net = new() { Inner = make() };
        Assert.That(net.Parameters, Is.Empty);
        Assert.That(net.NamedModules(), Has.Count.EqualTo(1));
        Assert.That(net.StateDict(), Is.Empty);
    }

    [TestCaseSource(nameof(Lost))]
    public void Refuses(Func<object> make, string type)
    {
        Anything net = new() { Inner = make() };
        Action[] uses = [() => _ = net.Parameters, () => net.StateDict(), () => net.Eval(), () => net.To(DType.Float64), () => net.NamedChildren(), () => net.ZeroGrad()];
        foreach (Action use in uses)
        {
            Assert.That(() => use(), Throws.TypeOf<UnlistedMembersException>().With.Message.StartsWith($"Anything: the member named 'inner' holds a {type} with tensors or modules"));
        }

        Assert.That(net.ToString(), Is.EqualTo("Anything"));
    }

    [Test]
    public void ReportedDictionary_WithAListInside_IsRefused()
    {
        Secretive<Block> net = New();
        net.TensorMap["more"] = new List<object> { W() };
        Assert.That(() => net.Parameters, Throws.TypeOf<UnlistedMembersException>().With.Message.Contains("Secretive`1: the member named 'tensor_map'"));
    }

    [Test]
    public void Names_AreThoseOfPlainTypes()
    {
        Plainspoken plain = new();
        Secretive<Block> secret = New();
        Assert.Multiple(() =>
        {
            Assert.That(secret.StateDict().Select(static s => (s.Key, s.Value.Shape)), Is.EqualTo(plain.StateDict().Select(static s => (s.Key, s.Value.Shape))));
            Assert.That(Names(secret), Is.EqualTo(Names(plain)));
            Assert.That(secret.NamedBuffers().Select(static b => b.Name), Is.EqualTo(plain.NamedBuffers().Select(static b => b.Name)));
            Assert.That(secret.NamedModules().Select(static m => m.Name), Is.EqualTo(plain.NamedModules().Select(static m => m.Name)));
            Assert.That(secret.NamedChildren().Select(static m => m.Name), Is.EqualTo(plain.NamedChildren().Select(static m => m.Name)));
            Assert.That(secret.ToString(), Is.EqualTo(plain.ToString().Replace("Plainspoken", "Secretive", StringComparison.Ordinal)));
        });
    }

    [Test]
    public void Later_AssignedReplacedRemoved_IsSeen()
    {
        Anything net = new();
        Assert.That(Names(net), Is.Empty);
        net.Inner = B();
        Assert.That(Names(net), Is.EqualTo((string[])["inner.weight"]));
        net.Inner = W();
        Assert.That(Names(net), Is.EqualTo((string[])["inner"]));
        List<object> list = [];
        net.Inner = list;
        list.Add(B());
        Assert.That(Names(net), Is.EqualTo((string[])["inner.0.weight"]));
        net.Inner = null;
        Assert.That(Names(net), Is.Empty);
    }

    [Test]
    public void CollectionThatIsAModule_KeepsItsNamesAndMode()
    {
        Secretive<Block> net = New();
        Assert.That(Names(net), Does.Contain("body.first.weight"));
        net.Eval();
        Assert.That(((Sequential)net.Body).IsTraining, Is.False);
    }

    [Test]
    public void Shared_UnderEachName_TrainedOnce()
    {
        Block block = B();
        Tensor tensor = W();
        Anything net = new() { Inner = new List<object> { block, tensor, block, tensor } };
        Assert.That(net.Parameters, Has.Count.EqualTo(2));
        Assert.That(net.StateDict().Keys, Is.EqualTo((string[])["inner.1", "inner.3", "inner.0.weight", "inner.0.seen"]), "as for a typed list");
    }

    [Test]
    public void Cycle_IsWalkedOnce()
    {
        Anything a = new(), b = new() { Inner = a };
        a.Inner = new object[] { b, a, B() };
        Assert.That(Names(a), Is.EqualTo((string[])["inner.2.weight"]));
    }

    [Test]
    public void Cycle_ThroughAContainer_Throws()
    {
        Sequential net = [new Relu()];
        net.Add(new HoldsABlock { Inner = net });
        Assert.That(() => net.Parameters, Throws.TypeOf<EngineException>().With.Message.Contains("contains itself"));
    }

    [Test]
    public void TwoTensorsOfOneName_AreRefused()
    {
        Doubled net = new();
        Assert.That(net.StateDict().Keys, Is.EqualTo((string[])["a.weight", "a.seen"]));
        net.A = B();
        Assert.That(() => net.StateDict(), Throws.InvalidOperationException.With.Message.Contains("\"a.weight\""));
    }

    [Test]
    public void EmptyName_OfATensor_IsRefused()
    {
        Nameless net = new() { Inner = B() };
        Assert.That(Names(net), Is.EqualTo((string[])["weight"]));
        net.Inner = W();
        Assert.That(() => net.Parameters, Throws.TypeOf<UnlistedMembersException>().With.Message.Contains("empty [Name]"));
    }

    [Test]
    public void UntrackedParameter_IsNoPart()
    {
        Block teacher = B();
        Student student = new(teacher);
        Assert.That(student.Forward(W()).ToArray<float>(), Is.EqualTo(new float[] { 1, 1 }));
        Assert.That(student.NamedModules(), Has.Count.EqualTo(1));
    }

    private static Secretive<Block> New() => new() { Generic = new Block(2), Generics = [new(3), new(4)] };

    private static Block B() => new(2);

    private static Tensor W() => Tensor.Ones([2]).WithGrad();

    private static IEnumerable<string> Names(Module module) => module.NamedParameters().Select(static p => p.Name);

    private static IEnumerable<object> Endless()
    {
        while (true)
        {
            yield return 1;
        }
    }

    private static List<object> Loop()
    {
        List<object> loop = [];
        loop.Add(loop);
        return loop;
    }

    private sealed class Table(params KeyValuePair<string, Block>[] pairs) : IEnumerable<KeyValuePair<string, Block>>
    {
        public IEnumerator<KeyValuePair<string, Block>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, Block>>)pairs).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class Own(params IBlock[] blocks) : IEnumerable<IBlock>
    {
        public IEnumerator<IBlock> GetEnumerator() => ((IEnumerable<IBlock>)blocks).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class Batches : IEnumerable<Batch>
    {
        public IEnumerator<Batch> GetEnumerator() => throw new InvalidOperationException("Reading it loads data.");

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed record Settings(int Size, Dictionary<string, object> More)
    {
        [Untracked]
        public Tensor? Cache { get; init; }
    }

    private sealed record Box<T>(T Item, PlainBlock? More = null);

    private sealed class PlainBlock : IBlock
    {
        private readonly Linear _fc = new(2, 2);

        public Tensor Forward(Tensor x) => _fc.Forward(x);
    }
}

internal sealed partial class HoldsABlock : Layer
{
    public object? Inner { get; set; }

    public override Tensor Forward(Tensor x) => x;
}

internal sealed partial class Doubled : Module
{
    private readonly Block _a = new(1);

    public object? A { get; set; }

    public Tensor Run(Tensor x) => _a.Forward(x);
}

internal sealed partial class Nameless : Module
{
    [Name("")]
    public object? Inner { get; set; }
}

internal sealed class Student([Untracked] IBlock teacher) : Layer
{
    public override Tensor Forward(Tensor x) => teacher.Forward(x);
}
