using Microsoft.CodeAnalysis;
using NUnit.Framework;

namespace Engine.Generators.Tests;

/// <summary>Members whose declared type hides what they hold: either the value is looked at, or the compiler refuses them, or they hold nothing.</summary>
internal sealed class HeldMemberTests
{
    private const string Types = """

        interface IBlock { Tensor Forward(Tensor x); }
        interface IBlock<T> { T Forward(T x); }
        interface INames : IReadOnlyList<string>;
        sealed class Plain;
        abstract class Open;
        struct Value : IBlock { public Tensor Forward(Tensor x) => x; }
        sealed class Untyped : System.Collections.IEnumerable { public System.Collections.IEnumerator GetEnumerator() => throw new System.Exception(); }
        sealed class Node : IEnumerable<Node>
        {
            public IEnumerator<Node> GetEnumerator() => throw new System.Exception();
            System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
        }
        """;

    [TestCase("IBlock")]
    [TestCase("IBlock?")]
    [TestCase("IBlock<Tensor>")]
    [TestCase("object")]
    [TestCase("object?")]
    [TestCase("System.IDisposable")]
    [TestCase("System.Collections.IEnumerable")]
    [TestCase("System.Collections.IList?")]
    [TestCase("System.Collections.ArrayList")]
    [TestCase("Untyped")]
    [TestCase("IBlock[]")]
    [TestCase("IBlock?[]?")]
    [TestCase("object[]")]
    [TestCase("List<IBlock>")]
    [TestCase("List<IBlock<Tensor>>")]
    [TestCase("List<object?>")]
    [TestCase("List<dynamic>")]
    [TestCase("HashSet<IBlock>")]
    [TestCase("IReadOnlyList<IBlock>?")]
    [TestCase("IEnumerable<IBlock>")]
    [TestCase("Dictionary<string, object>")]
    [TestCase("Dictionary<string, object?>?")]
    [TestCase("IReadOnlyDictionary<string, IBlock>")]
    [TestCase("Dictionary<int, IBlock>")]
    [TestCase("List<List<IBlock>>")]
    [TestCase("IBlock[,]")]
    [TestCase("(IBlock, int)")]
    [TestCase("(int, object)?")]
    [TestCase("KeyValuePair<string, IBlock>")]
    public void OpenType_ValueIsLookedAt(string type) => AssertHeld($"partial class Net : Module {{ public {type} Inner = default!; }}", "visitor.Held(\"inner\", this.Inner);");

    [TestCase("T", "", "T")]
    [TestCase("T", "", "T?")]
    [TestCase("T", "where T : class", "T")]
    [TestCase("T", "where T : notnull", "T")]
    [TestCase("T", "where T : new()", "T")]
    [TestCase("T", "where T : IBlock", "T")]
    [TestCase("T", "where T : class, IBlock<Tensor>, new()", "T?")]
    [TestCase("T, U", "where T : U where U : IBlock", "T")]
    [TestCase("T", "", "List<T>")]
    [TestCase("T", "where T : IBlock", "T[]")]
    [TestCase("T", "", "Dictionary<string, T>")]
    [TestCase("T", "where T : IEnumerable<IBlock>", "T")]
    [TestCase("T", "", "(T, int)")]
    public void TypeParameter_ValueIsLookedAt(string parameters, string constraint, string type) =>
        AssertHeld($"partial class Net<{parameters}> : Module {constraint} {{ public {type} Inner = default!; }}", "visitor.Held(\"inner\", this.Inner);");

    [Test]
    public void Dynamic_IsNotCalledDynamically() =>
        AssertHeld("partial class Net : Module { public dynamic? Inner; }", "visitor.Held(\"inner\", (object?)this.Inner);");

    [Test]
    public void Buffer_NotPersistent_Named_AreKept() => AssertHeld(
        "partial class Net : Module { [Buffer] public object? A; [Buffer, NotPersistent] public List<object> B = []; [Name(\"a.c\")] public IBlock? C; [Name(\"\")] public IBlock? D; }",
        "visitor.HeldBuffers(\"a\", this.A);",
        "visitor.HeldBuffers(\"b\", this.B, persistent: false);",
        "visitor.Held(\"a.c\", this.C);",
        "visitor.Held(\"\", this.D);");

    /// <summary>One of two fields is often a lock or a logger; whether both save something is seen at run time.</summary>
    [Test]
    public void TwoOfOneName_AreNotRefusedAtSight() =>
        AssertHeld("partial class Net : Module { object? _a; public Linear? A; object? a; void Use() => (_a, a) = (A, _a); }", "visitor.Held(\"a\", this._a);", "visitor.Module(\"a\", this.A);");

    [Test]
    public void ExplicitProperty_IsReadThroughItsInterface() => AssertHeld(
        "interface IHas { IBlock Part { get; } Linear Head { get; } } partial class Net : Module, IHas { IBlock IHas.Part { get; } = null!; Linear IHas.Head { get; } = null!; }",
        "visitor.Held(\"part\", ((global::IHas)this).Part);",
        "visitor.Module(\"head\", ((global::IHas)this).Head);");

    [TestCase("List<Linear?>?", "visitor.Modules(\"inner\", this.Inner);")]
    [TestCase("Linear?[]", "visitor.Modules(\"inner\", this.Inner);")]
    [TestCase("Dictionary<string, Linear?>", "visitor.Modules(\"inner\", this.Inner);")]
    [TestCase("Dictionary<string, Tensor?>?", "visitor.Parameters(\"inner\", this.Inner!);")]
    public void NullableElements_GiveNoWarnings(string type, string expected) => AssertHeld($"partial class Net : Module {{ public {type} Inner = null!; }}", expected);

    [TestCase("[field: Untracked] public object? Inner { get; set; }")]
    [TestCase("[Untracked] public IBlock? Inner;")]
    [TestCase("[Untracked] public (Linear, Linear) Inner;")]
    [TestCase("public string? Inner;")]
    [TestCase("public Plain? Inner; public Open? Other; public Value Third; public Value? Fourth; public Node? Fifth;")]
    [TestCase("public System.Func<object, IBlock>? Inner; public System.Action? Other;")]
    [TestCase("public event System.EventHandler? Changed; void Use() => Changed?.Invoke(this, System.EventArgs.Empty);")]
    [TestCase("public int[] Inner = []; public List<string> Other = []; public IReadOnlyList<float>? Third; public INames? Fourth;")]
    [TestCase("public Dictionary<string, int> Inner = []; public IReadOnlyDictionary<int, string>? Other; public HashSet<Plain> Third = [];")]
    [TestCase("public System.IO.Stream? Inner; public System.Threading.Lock Other = new(); public System.Type? Third; public System.DayOfWeek Fourth;")]
    [TestCase("public (int, string) Inner; public KeyValuePair<string, int> Other; public System.Lazy<int>? Third;")]
    public void NothingToHold_IsNoConcern(string members)
    {
        GeneratorRun run = GeneratorRun.Over($"class Net : Module {{ {members} }}" + Types);
        Assert.That(run.Diagnostics.Concat(run.Errors), Is.Empty);
        Assert.That(run.Files, Is.Empty);
    }

    [TestCase("struct")]
    [TestCase("unmanaged")]
    [TestCase("Open")]
    [TestCase("System.Delegate")]
    [TestCase("System.Enum")]
    public void TypeParameterThatIsNoModule_IsNoConcern(string constraint)
    {
        GeneratorRun run = GeneratorRun.Over($"class Net<T> : Module where T : {constraint} {{ public T? Inner; public List<T> All = []; }}" + Types);
        Assert.That(run.Diagnostics.Concat(run.Errors), Is.Empty);
        Assert.That(run.Files, Is.Empty);
    }

    [Test]
    public void FieldAttribute_OfAProperty_Counts() =>
        AssertHeld("partial class Net : Module { [field: Buffer] public Tensor? Mean { get; set; } [field: Name(\"w\")] public IBlock? Part { get; set; } }", "visitor.Buffer(\"mean\", this.Mean);", "visitor.Held(\"w\", this.Part);");

    [TestCase("class Net : Module { object? _gate; }", "ENN001", "the type of '_gate' does not say what it holds; [Untracked] leaves it out")]
    [TestCase("partial class Net(IBlock inner) : Layer { public override Tensor Forward(Tensor x) => inner.Forward(x); }", "ENN002", "'inner' is captured")]
    [TestCase("partial class Net<T>(T inner) : Layer where T : IBlock { public override Tensor Forward(Tensor x) => inner.Forward(x); }", "ENN002", "neither trained nor saved where it is a module")]
    [TestCase("partial class Net(IReadOnlyList<IBlock> all) : Module { int Count => all.Count; }", "ENN002", "'all' is captured")]
    [TestCase("partial class Net((Linear A, Linear B) pair) : Module { Linear A => pair.A; }", "ENN002", "'pair' is captured")]
    [TestCase("partial class Net(object inner) : Module { event System.Action E { add { inner.ToString(); } remove { } } }", "ENN002", "'inner' is captured")]
    [TestCase("sealed class Blocks : List<Linear>; partial class Net : Module { public List<Blocks> Rows = []; }", "ENN003", "'Rows' is a List<Blocks>")]
    [TestCase("partial class Net : Module { public Linear[,] Grid = new Linear[0, 0]; }", "ENN003", "'Grid' is a Linear[,]")]
    [TestCase("partial class Net : Module { public System.Lazy<IBlock>? Later; }", "ENN003", "'Later' is a Lazy<IBlock>")]
    [TestCase("partial class Net<T> : Module where T : class { public System.WeakReference<T>? Weak; }", "ENN003", "'Weak' is a WeakReference<T>")]
    [TestCase("partial class Net : Module { public Linear Part { set => field = value; } = null!; }", "ENN003", "'Part' is a Linear that nothing can read")]
    [TestCase("partial class Net : Module { [Name(\"a..b\")] public object? A; }", "ENN005", "'A' is named \"a..b\"")]
    public void Trouble_IsAnError(string source, string id, string message) => AssertTrouble(source + Types, id, message);

    [TestCase("readonly record struct Pair(Linear A, Linear B); partial class Net : Module { public Pair Both; }", "'Both' is a Pair, which is no module but holds tensors or modules in 'A'")]
    [TestCase("class Helper { public Linear L = null!; } partial class Net : Module { private Helper? _helper; void Use() => _helper = null; }", "'_helper' is a Helper, which is no module but holds tensors or modules in 'L'")]
    [TestCase("class Helper { private Tensor? _w; void Use() => _w = null; } class Net : Module { public Helper Part { get; } = new(); }", "but holds tensors or modules in '_w'")]
    [TestCase("class Base { protected Linear? L; } class Helper : Base; class Net : Module { public Helper? Part; }", "but holds tensors or modules in 'L'")]
    [TestCase("class Helper { public List<Linear> All = []; } class Net : Module { public Helper? Part; }", "but holds tensors or modules in 'All'")]
    [TestCase("class Helper { public (int, Tensor) Both; } class Net : Module { public Helper? Part; }", "but holds tensors or modules in 'Both'")]
    [TestCase("class Inner { public Tensor? W; } class Outer { public Inner? In; } class Net : Module { public Outer? Part; }", "but holds tensors or modules in 'In.W'")]
    [TestCase("class Box<T> { public T? Item; } class Pair { public Box<Linear>? A; } class Net : Module { public Pair? Part; }", "'Part' is a Pair, which is no module but holds tensors or modules in 'A'")]
    [TestCase("struct Pair { public Linear? A; } class Net : Module { public List<Pair> All = []; }", "'All' is a List<Pair>, which is no module but holds tensors or modules in 'A'")]
    [TestCase("struct Pair { public Linear? A; } class Net : Module { public Pair[] All = []; }", "'All' is a Pair[]")]
    [TestCase("struct Pair { public Linear? A; } class Net : Module { public Pair? One; }", "'One' is a Pair?")]
    [TestCase("struct Pair { public Linear? A; } class Net : Module { public Dictionary<int, Pair> Map = []; }", "'Map' is a Dictionary<int, Pair>")]
    [TestCase("struct Pair { public Linear? A; } class Net : Module { public (int, Pair) Both; }", "'Both' is a (int, Pair)")]
    [TestCase("class Helper(Linear l) { public Tensor Run(Tensor x) => l.Forward(x); } class Net : Module { public Helper? Part; }", "but holds tensors or modules in 'l'")]
    [TestCase("interface IPart; class Helper : IPart { public Linear? L; } class Net<T> : Module where T : Helper, IPart { public T? Part; }", "but holds tensors or modules in 'L'")]
    public void PlainHolder_IsAnError(string source, string message) => AssertTrouble(source, "ENN006", message);

    [Test]
    public void PlainHolder_Captured_IsAnError() => AssertTrouble(
        "struct Pair { public Linear? A; } class Net(Pair pair) : Module { Linear? A => pair.A; }", "ENN002", "'pair' is captured");

    [TestCase("class Helper { public Linear L = null!; } class Net : Module { [Untracked] public Helper? Part; }")]
    [TestCase("class Helper { [Untracked] public Linear? L; } class Net : Module { public Helper? Part; }")]
    [TestCase("class Helper { public static Linear? L; public Linear? Computed => L; public System.Func<Tensor, Linear>? Make; } class Net : Module { public Helper? Part; }")]
    [TestCase("class Helper { public event System.Action<Linear>? Changed; void Use() => Changed?.Invoke(null!); } class Net : Module { public Helper? Part; }")]
    [TestCase("class Node { public Node? Next; public List<Node> All = []; } class Net : Module { public Node? Part; }")]
    [TestCase("class Net([Untracked] IList<Linear> all, System.IServiceProvider services, int[] sizes) : Module { int Count => all.Count + sizes.Length + services.GetHashCode(); }")]
    [TestCase("class Helper { public Linear? L; } class Net : Module { public System.Func<Helper>? Make; public System.Action<Helper>? Use; }")]
    public void NotAPlainHolder_IsNoConcern(string source)
    {
        GeneratorRun run = GeneratorRun.Over(source);
        Assert.That(run.Diagnostics.Concat(run.Errors), Is.Empty);
        Assert.That(run.Files, Is.Empty);
    }

    [TestCase("public record struct Pair(Linear A, Linear B);", "'A'")]
    [TestCase("public class Pair { public Linear A { get; } = new(); }", "'A'")]
    [TestCase("public class Pair { protected Tensor? W; }", "'W'")]
    public void PlainHolder_OfAnotherAssembly_IsAnError(string library, string path)
    {
        GeneratorRun run = GeneratorRun.Over("partial class Net : Module { public Pair? Part; }", library);
        Assert.That(run.Errors, Is.Empty);
        Assert.That(run.Diagnostics.Single().GetMessage(), Does.Contain("which is no module but holds tensors or modules in " + path));
    }

    [Test]
    public void ComputedProperty_OfAnotherAssembly_IsNoConcern()
    {
        GeneratorRun run = GeneratorRun.Over("class Net : Module { public Maker? Part; }", "public class Maker { public Linear Made => new(); }");
        Assert.That(run.Diagnostics.Concat(run.Errors), Is.Empty);
    }

    private static void AssertHeld(string source, params string[] calls)
    {
        GeneratorRun run = GeneratorRun.Over(source + Types);
        Assert.That(run.Diagnostics.Concat(run.Errors).Concat(run.Complaints), Is.Empty);
        string text = run.Files.Values.Single();
        Assert.That(text.Split('\n').Select(static line => line.Trim()).Where(static line => line.StartsWith("visitor.", StringComparison.Ordinal)), Is.SupersetOf(calls));
    }

    private static void AssertTrouble(string source, string id, string message)
    {
        GeneratorRun run = GeneratorRun.Over(source);
        Diagnostic diagnostic = run.Diagnostics.Single();
        Assert.That((diagnostic.Id, diagnostic.Severity), Is.EqualTo((id, DiagnosticSeverity.Error)));
        Assert.That(diagnostic.GetMessage(), Does.Contain(message));
        Assert.That(run.Files, Is.Empty);
    }
}
