namespace Engine.Gpu;

/// <summary>The address base + index · size: one register that many loads and stores share, each with an offset of its own.</summary>
/// <param name="Parameter">The buffer's parameter; −1 for shared memory, whose arrays differ by offsets only.</param>
/// <param name="ElementBytes">Bytes of an element.</param>
/// <param name="Index">In elements; not a constant.</param>
internal readonly record struct PtxAddress(int Parameter, int ElementBytes, Value Index)
{
    /// <summary>The address of an element.</summary>
    public static PtxAddress Of(Memory memory, Value index) => new(memory.IsShared ? -1 : memory.Parameter, memory.Element.SizeInBytes(), index);

    /// <summary>The terms of an index that is a sum.</summary>
    public (Value First, Value Second)? Parts => Parameter < 0 && Index.Op == Opcode.Add ? (Index.A!, Index.B!) : null;
}

/// <summary>
/// Where each address is computed: before the loops that do not change its index, but not outside the branch where it is used, and only once
/// for all that come after it.
/// </summary>
internal sealed class PtxAddressPlan
{
    private readonly Dictionary<Statement, List<PtxAddress>> _before = new(ReferenceEqualityComparer.Instance);
    private readonly List<Scope> _scopes = [];

    private PtxAddressPlan()
    {
    }

    /// <summary>The plan of a kernel.</summary>
    public static PtxAddressPlan Of(Kernel kernel)
    {
        PtxAddressPlan plan = new();
        plan.Walk(kernel.Body, owner: null);
        return plan;
    }

    /// <summary>The addresses to compute before a statement.</summary>
    public IReadOnlyList<PtxAddress> Before(Statement statement) => _before.TryGetValue(statement, out List<PtxAddress>? addresses) ? addresses : [];

    private void Walk(Block block, Statement? owner)
    {
        _scopes.Add(new Scope(block, owner));
        foreach (Statement statement in block.Statements)
        {
            switch (statement)
            {
                case LoadStatement load:
                    Need(statement, load.Memory, load.Index);
                    break;
                case StoreStatement store:
                    Need(statement, store.Memory, store.Index);
                    break;
                case ArriveStatement arrive:
                    Need(statement, arrive.Counters, arrive.Index);
                    break;
                case AwaitStatement wait:
                    Need(statement, wait.Counters, wait.Index);
                    break;
                case LoadMatrixStatement matrix:
                    Need(statement, matrix.Memory, matrix.Index);
                    break;
                case CopyAsyncStatement copy:
                    Need(statement, copy.Shared, copy.SharedIndex);
                    Need(statement, copy.Global, copy.GlobalIndex);
                    break;
                case IfStatement branch:
                    Walk(branch.Then, statement);
                    if (branch.Otherwise is { } otherwise)
                    {
                        Walk(otherwise, statement);
                    }

                    break;
                case ForStatement loop:
                    Walk(loop.Body, statement);
                    break;
            }
        }

        _scopes.RemoveAt(_scopes.Count - 1);
    }

    private void Need(Statement statement, Memory memory, Value index)
    {
        if (index.IsConstant)
        {
            return;
        }

        PtxAddress address = PtxAddress.Of(memory, index);
        int depth = DepthOf(index);
        // Terms of the index that a loop does not change are added to the base before the loop.
        if (address.Parts is var (first, second) && (Stays(first, depth) ? first : Stays(second, depth) ? second : null) is { } invariant)
        {
            Need(statement, memory, invariant);
        }

        for (int i = _scopes.Count - 1; i > depth; i--)
        {
            statement = _scopes[i].Owner!;
        }

        for (int i = depth; i >= 0; i--)
        {
            if (_scopes[i].Known.Contains(address))
            {
                return;
            }
        }

        _scopes[depth].Known.Add(address);
        if (!_before.TryGetValue(statement, out List<PtxAddress>? addresses))
        {
            _before.Add(statement, addresses = []);
        }

        addresses.Add(address);
    }

    private bool Stays(Value term, int depth) => !term.IsConstant && DepthOf(term) < depth;

    // How many of the scopes around a value's use it stays in.
    private int DepthOf(Value index)
    {
        int depth = _scopes.Count - 1;
        while (_scopes[depth] is { Block.Kind: BlockKind.Loop } scope && !ReferenceEquals(scope.Block, index.Home))
        {
            depth--;
        }

        return depth;
    }

    private sealed record Scope(Block Block, Statement? Owner)
    {
        public HashSet<PtxAddress> Known { get; } = [];
    }
}
