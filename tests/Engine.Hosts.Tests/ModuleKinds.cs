namespace Engine.Hosts.Tests;

/// <summary>A program with modules of every kind, which says of each how many parameters were found or that it was refused.</summary>
internal static class ModuleKinds
{
    /// <summary>Compiled with the generator or without.</summary>
    public const string Program = """
        using Engine;
        using Engine.Nn;

        Try("property", () => new Property());
        Try("in a sequential", () => new Sequential(new Property(), new Linear(2, 2)));
        Try("private field", () => new PrivateField());
        Try("list", () => new WithList());
        Try("array", () => new WithArray());
        Try("dictionary", () => new WithDictionary());
        Try("class of a list", () => new WithBlocks());
        Try("generic", () => new Wrap<Linear>(new(2, 2)));
        Try("nested", Outer.Make);
        Try("inherited", () => new Derived());
        Try("of a sequential", () => new Named());
        Try("buffer", () => new WithBuffer());
        Try("below by hand", () => new BelowByHand());
        Try("interface", () => new WithInterface());
        Try("object", () => new WithObject());
        Try("any type", () => new Any<IPart>(new Front()));
        Try("list of interfaces", () => new WithInterfaces());
        Try("dictionary of objects", () => new WithObjects());
        Try("declared as a list", () => new DeclaredAsList());
        Try("inherited open member", () => new DerivedFromAny());
        Try("open member of derived", () => new DerivedWithOpen());
        Try("by hand", () => new ByHand());
        Try("open members without modules", () => new Harmless());
        Try("nothing to list", () => new Swish());
        Try("untracked", () => new Untracked());
        Try("functions", () => new Functions());
        #if UNGUARDED
        Try("captured", () => new Captured(new(2, 2)));
        Try("tuple", () => new WithTuple());
        Try("class that is no module", () => new WithPlain());
        #endif

        static void Try(string kind, Func<Module> make)
        {
            try
            {
                Module module = make();
                Console.WriteLine($"{kind}: {module.Parameters.Count}, {module.NamedBuffers().Count}");
            }
            catch (EngineException e)
            {
                Console.WriteLine($"{kind}: {e.GetType().Name}: {e.Message}");
            }
        }

        sealed partial class Property : Layer
        {
            public Linear Fc { get; } = new(2, 2);
            public override Tensor Forward(Tensor x) => Fc.Forward(x);
        }

        sealed partial class PrivateField : Layer
        {
            private readonly Tensor _scale = Tensor.Ones([1]).WithGrad();
            public override Tensor Forward(Tensor x) => x * _scale;
        }

        sealed partial class WithList : Module { public List<Layer> Parts { get; } = [new Linear(2, 2), new Relu()]; }
        sealed partial class WithArray : Module { public readonly Tensor[] Scales = [Tensor.Ones([1]).WithGrad()]; }
        sealed partial class WithDictionary : Module { public IReadOnlyDictionary<string, Linear> Parts { get; } = new Dictionary<string, Linear> { ["a"] = new(2, 2) }; }
        sealed class Blocks : List<Linear>;
        sealed partial class WithBlocks : Module { public Blocks Parts { get; } = [new(2, 2)]; }
        sealed partial class Wrap<T>(T inner) : Module where T : Module { public T Inner { get; } = inner; }

        static partial class Outer
        {
            public static Module Make() => new Hidden();
            private sealed partial class Hidden : Module { private Linear? Fc { get; set; } = new(2, 2); }
        }

        abstract partial class Base : Module { protected Linear Fc { get; } = new(2, 2); }
        sealed class Derived : Base;
        sealed partial class Named() : Sequential(new Linear(2, 2)) { public Linear Head { get; } = new(2, 2); }
        sealed partial class WithBuffer : Module { [Buffer] public Tensor Mean { get; } = Tensor.Zeros([2]).Keep(); }

        class ByHand : Module
        {
            private readonly Linear _fc = new(2, 2);
            protected override void VisitMembers(MemberVisitor visitor)
            {
                base.VisitMembers(visitor);
                visitor.Module("fc", _fc);
            }
        }

        sealed partial class BelowByHand : ByHand { public Linear Head { get; } = new(2, 2); }

        interface IPart;
        sealed class Front() : Sequential(new Linear(2, 2)), IPart;
        sealed partial class WithInterface : Module { private readonly IPart _part = new Front(); public override string ToString() => $"{_part}"; }
        sealed partial class WithObject : Module { [Buffer] public object Mean { get; } = Tensor.Zeros([2]).Keep(); }
        partial class Any<T>(T inner) : Module { public T Inner { get; } = inner; }
        sealed partial class WithInterfaces : Module { public List<IPart> Parts { get; } = [new Front(), new Front()]; }
        sealed partial class WithObjects : Module { public Dictionary<string, object> Parts { get; } = new() { ["a"] = new Linear(2, 2), ["b"] = 3 }; }
        sealed partial class DeclaredAsList : Module { public IReadOnlyList<Layer> Parts { get; } = new Sequential { { "a", new Linear(2, 2) } }; }
        sealed class DerivedFromAny() : Any<IPart>(new Front());
        sealed partial class DerivedWithOpen : Base { public object Head { get; } = new Linear(2, 2); }
        sealed partial class Harmless : Module { public object Gate { get; } = new(); public List<object> Values { get; } = [1, "a"]; public IDisposable? Later { get; set; } }

        sealed class Swish : Layer
        {
            public int Calls { get; private set; }
            public string[] Names { get; } = [];
            public override Tensor Forward(Tensor x) { Calls++; return x * x.Sigmoid(); }
        }

        sealed class Untracked : Module
        {
            [Untracked] private readonly Linear _fc = new(2, 2);
            [Untracked] public Module? Parent { get; set; }
            public override string ToString() => $"{_fc}";
        }

        sealed class Functions : Module
        {
            public Func<Tensor, Tensor>? Map { get; set; }
            public Dictionary<string, Action<Module>> Actions { get; } = [];
        }
        #if UNGUARDED
        sealed class Captured(Linear fc) : Layer { public override Tensor Forward(Tensor x) => fc.Forward(x); }
        sealed class Plain { public Linear Fc { get; } = new(2, 2); }
        sealed class WithPlain : Module { public Plain Inner { get; } = new(); }
        sealed class WithTuple : Module { private readonly (Linear A, Linear B) _pair = (new(2, 2), new(2, 2)); public Linear A => _pair.A; }
        #endif
        """;

    /// <summary>What the program writes with the generator.</summary>
    public const string Listed = """
        property: 2, 0
        in a sequential: 4, 0
        private field: 1, 0
        list: 2, 0
        array: 1, 0
        dictionary: 2, 0
        class of a list: 2, 0
        generic: 2, 0
        nested: 2, 0
        inherited: 2, 0
        of a sequential: 4, 0
        buffer: 0, 1
        below by hand: 4, 0
        interface: 2, 0
        object: 0, 1
        any type: 2, 0
        list of interfaces: 4, 0
        dictionary of objects: 2, 0
        declared as a list: 2, 0
        inherited open member: 2, 0
        open member of derived: 4, 0
        by hand: 2, 0
        open members without modules: 0, 0
        nothing to list: 0, 0
        untracked: 0, 0
        functions: 0, 0

        """;

    /// <summary>The kinds that need no generator.</summary>
    public static readonly string[] Harmless = ["by hand: 2, 0", "open members without modules: 0, 0", "nothing to list: 0, 0", "untracked: 0, 0", "functions: 0, 0"];

    /// <summary>The kinds that must be refused without it, with the class and the member to be named.</summary>
    public static readonly (string Kind, string Class, string Member)[] Refused =
    [
        ("property", "Property", "Fc (Linear)"),
        ("in a sequential", "Property", "Fc (Linear)"),
        ("private field", "PrivateField", "_scale (Tensor)"),
        ("list", "WithList", "Parts (List<Layer>)"),
        ("array", "WithArray", "Scales (Tensor[])"),
        ("dictionary", "WithDictionary", "Parts (IReadOnlyDictionary<String, Linear>)"),
        ("class of a list", "WithBlocks", "Parts (Blocks)"),
        ("generic", "Wrap`1", "Inner (Linear)"),
        ("nested", "Hidden", "Fc (Linear)"),
        ("inherited", "Base", "Fc (Linear)"),
        ("of a sequential", "Named", "Head (Linear)"),
        ("buffer", "WithBuffer", "Mean (Tensor)"),
        ("below by hand", "BelowByHand", "Head (Linear)"),
        ("interface", "WithInterface", "_part (IPart)"),
        ("object", "WithObject", "Mean (Object)"),
        ("any type", "Any`1", "Inner (IPart)"),
        ("list of interfaces", "WithInterfaces", "Parts (List<IPart>)"),
        ("dictionary of objects", "WithObjects", "Parts (Dictionary<String, Object>)"),
        ("declared as a list", "DeclaredAsList", "Parts (IReadOnlyList<Layer>)"),
        ("inherited open member", "Any`1", "Inner (IPart)"),
        ("open member of derived", "Base", "Fc (Linear)"),
        ("captured", "Captured", "fc (Linear)"),
        ("tuple", "WithTuple", "_pair (ValueTuple<Linear, Linear>)"),
        ("class that is no module", "WithPlain", "Inner (Plain)"),
    ];
}
