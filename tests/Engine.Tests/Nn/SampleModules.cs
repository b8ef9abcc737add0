using Engine.Nn;

namespace Engine.Tests.Nn;

/// <summary>Every kind of member that a module may have.</summary>
internal partial class Everything : Module
{
    private readonly Leaf _hidden = new(1);

    // Read by generated code only.
    private Tensor _fieldWeight = Tensor.Ones([2]).WithGrad();

    public Tensor WeightIhL0 { get; } = Tensor.Ones([3]).WithGrad();

    public Tensor? Bias { get; init; }

    [Buffer]
    public Tensor RunningMean { get; } = Tensor.Zeros([4]).Keep();

    [Buffer]
    [NotPersistent]
    public Tensor Mask { get; } = Tensor.Zeros([5]).Keep();

    [Untracked]
    public Tensor Cache { get; set; } = Tensor.Zeros([6]).Keep();

    [Name("renamed.inner")]
    public Leaf Other { get; } = new(2);

    public Leaf? Absent { get; init; }

    public Leaf[] Array { get; } = [new(1), new(2)];

    public List<Leaf?> List { get; } = [new(3), null, new(4)];

    public ModuleList<Leaf> Modules { get; } = [new(5)];

    public Dictionary<string, Leaf> Map { get; } = new() { ["key"] = new(6) };

    public Tensor[] Tensors { get; } = [Tensor.Ones([1]).WithGrad(), Tensor.Ones([1]).WithGrad()];

    public double NotAMember { get; } = 3;

    public Leaf Computed => _hidden;

    public static Leaf? Shared { get; set; }

    public void Touch() => _fieldWeight = Tensor.Ones([2]).WithGrad();
}

/// <summary>Members of a base class come before its own.</summary>
internal sealed partial class Derived : Everything
{
    public Leaf Extra { get; } = new(7);
}

/// <summary>Generic, nested, with a member of the type parameter's type.</summary>
internal static partial class Outer<TOuter>
    where TOuter : class
{
    internal sealed partial class Wrapper<T>(T inner) : Module
        where T : Module
    {
        public T Inner { get; } = inner;

        public TOuter? Tag { get; init; }
    }
}

internal sealed partial class Leaf : Layer
{
    public Leaf(int size) => Weight = Tensor.Ones([size]).WithGrad();

    public Tensor Weight { get; }

    public override Tensor Forward(Tensor x) => x * Weight;
}

/// <summary>Without members: neither partial nor generated code.</summary>
internal sealed class Twice : Layer
{
    public override Tensor Forward(Tensor x) => x + x;
}

/// <summary>A hand-written override instead of the generated one.</summary>
internal sealed class ByHand : Module
{
    private readonly Tensor _odd = Tensor.Ones([1]).WithGrad();

    protected override void VisitMembers(MemberVisitor visitor)
    {
        base.VisitMembers(visitor);
        visitor.Parameter("by-hand", _odd);
    }
}
