using System.Collections;
using Engine.Nn;

namespace Engine.Tests.Nn;

/// <summary>What modules of a program of its own may have in common: an interface that says nothing of modules.</summary>
internal interface IBlock
{
    Tensor Forward(Tensor x);
}

/// <summary>A block with a parameter and a buffer.</summary>
internal sealed partial class Block(int size) : Layer, IBlock
{
    public Tensor Weight { get; } = Tensor.Ones([size]).WithGrad();

    [Buffer]
    public Tensor Seen { get; } = Tensor.Zeros([1]).Keep();

    public override Tensor Forward(Tensor x) => x * Weight;
}

/// <summary>Members whose types say what they hold.</summary>
internal sealed partial class Plainspoken : Module
{
    public Block One { get; } = new(2);

    public Block? Later { get; set; }

    public Block Generic { get; } = new(2);

    public Tensor Scale { get; } = Tensor.Ones([2]).WithGrad();

    public Block[] Array { get; } = [new(1), new(2)];

    public List<Block?> List { get; } = [new(1), null, new(2)];

    public IReadOnlyList<Block> ReadOnly { get; } = [new(3)];

    public List<Block> Generics { get; } = [new(3), new(4)];

    public Dictionary<string, Block> Map { get; } = new() { ["b"] = new(1), ["a"] = new(2) };

    public Dictionary<string, Tensor> TensorMap { get; } = new() { ["x"] = Tensor.Ones([1]).WithGrad() };

    public Tensor[] Tensors { get; } = [Tensor.Ones([1]).WithGrad(), Tensor.Ones([2]).WithGrad()];

    [Buffer]
    public Tensor Mean { get; } = Tensor.Zeros([4]).Keep();

    [Buffer]
    public Tensor[] Means { get; } = [Tensor.Zeros([1]).Keep(), Tensor.Zeros([2]).Keep()];

    [Buffer]
    public Dictionary<string, Tensor> MeanMap { get; } = new() { ["m"] = Tensor.Zeros([3]).Keep() };

    [Buffer]
    [NotPersistent]
    public Tensor Mask { get; } = Tensor.Zeros([5]).Keep();

    [Name("renamed.part")]
    public Block Other { get; } = new(2);

    [Name("")]
    public Block Unnamed { get; } = new(2);

    public Sequential Body { get; } = new() { { "first", new Block(2) }, new Block(2) };

    [Untracked]
    public Block Cache { get; } = new(9);
}

/// <summary>The same members, whose types hide it.</summary>
internal sealed partial class Secretive<T> : Module
    where T : IBlock
{
    public IBlock One { get; } = new Block(2);

    public object? Later { get; set; }

    public required T Generic { get; init; }

    public object Scale { get; } = Tensor.Ones([2]).WithGrad();

    public IBlock[] Array { get; } = [new Block(1), new Block(2)];

    public List<IBlock?> List { get; } = [new Block(1), null, new Block(2)];

    public IReadOnlyList<IBlock> ReadOnly { get; } = [new Block(3)];

    public required List<T> Generics { get; init; }

    public Dictionary<string, IBlock> Map { get; } = new() { ["b"] = new Block(1), ["a"] = new Block(2) };

    public Dictionary<string, object> TensorMap { get; } = new() { ["x"] = Tensor.Ones([1]).WithGrad() };

    public IEnumerable Tensors { get; } = new ArrayList { Tensor.Ones([1]).WithGrad(), Tensor.Ones([2]).WithGrad() };

    [Buffer]
    public object Mean { get; } = Tensor.Zeros([4]).Keep();

    [Buffer]
    public object[] Means { get; } = [Tensor.Zeros([1]).Keep(), Tensor.Zeros([2]).Keep()];

    [Buffer]
    public IReadOnlyDictionary<string, object> MeanMap { get; } = new Dictionary<string, object> { ["m"] = Tensor.Zeros([3]).Keep() };

    [Buffer]
    [NotPersistent]
    public dynamic Mask { get; } = Tensor.Zeros([5]).Keep();

    [Name("renamed.part")]
    public IBlock Other { get; } = new Block(2);

    [Name("")]
    public IBlock Unnamed { get; } = new Block(2);

    public IReadOnlyList<Layer> Body { get; } = new Sequential { { "first", new Block(2) }, new Block(2) };

    [Untracked]
    public object Cache { get; } = new Block(9);
}

/// <summary>One member of unknown content.</summary>
internal sealed partial class Anything : Module
{
    public object? Inner { get; set; }
}

/// <summary>A module that is a collection and reports its elements by itself.</summary>
internal sealed class Row(params Block[] blocks) : Module, IEnumerable<Block>
{
    public IEnumerator<Block> GetEnumerator() => ((IEnumerable<Block>)blocks).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    protected override void VisitMembers(MemberVisitor visitor)
    {
        base.VisitMembers(visitor);
        visitor.Modules(string.Empty, this);
    }
}
