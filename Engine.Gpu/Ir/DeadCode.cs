namespace Engine.Gpu;

/// <summary>Drops values and statements on which no store depends.</summary>
internal static class DeadCode
{
    /// <summary>Removes unused values, loads and assignments from a kernel.</summary>
    public static void Remove(Block root)
    {
        HashSet<Value> used = new(ReferenceEqualityComparer.Instance);
        HashSet<int> read = [];
        int before;
        do
        {
            // A variable that is read makes its assignments live, whose values may read further variables.
            before = read.Count + used.Count;
            Mark(root, used, read);
        }
        while (read.Count + used.Count != before);

        Sweep(root, used, read);
    }

    private static void Mark(Block block, HashSet<Value> used, HashSet<int> read)
    {
        foreach (Statement statement in block.Statements)
        {
            switch (statement)
            {
                case StoreStatement store:
                    Use(store.Index, used, read);
                    Use(store.Condition, used, read);
                    Use(store.Values, used, read);
                    break;
                case SetStatement set when read.Contains(set.Variable.Number):
                    Use(set.Value, used, read);
                    break;
                case LoadStatement load when Array.Exists(load.Results, used.Contains):
                    Use(load.Index, used, read);
                    Use(load.Condition, used, read);
                    break;
                case IfStatement branch:
                    Use(branch.Condition, used, read);
                    Mark(branch.Then, used, read);
                    if (branch.Otherwise is { } otherwise)
                    {
                        Mark(otherwise, used, read);
                    }

                    break;
                case ForStatement loop:
                    Use(loop.Start, used, read);
                    Use(loop.End, used, read);
                    Use(loop.Step, used, read);
                    Use(loop.Counter, used, read);
                    Mark(loop.Body, used, read);
                    break;
                case CopyAsyncStatement copy:
                    Use(copy.SharedIndex, used, read);
                    Use(copy.GlobalIndex, used, read);
                    Use(copy.Condition, used, read);
                    break;
                case ArriveStatement arrive:
                    Use(arrive.Index, used, read);
                    Use(arrive.Last, used, read);
                    break;
                case AwaitStatement wait:
                    Use(wait.Index, used, read);
                    Use(wait.Least, used, read);
                    break;
                case LoadMatrixStatement matrix when Array.Exists(matrix.Results, used.Contains):
                    Use(matrix.Index, used, read);
                    break;
                case WarpgroupMultiplyStatement product:
                    Use(product.A, used, read);
                    Use(product.B, used, read);
                    read.UnionWith(product.Sums.Select(static sum => sum.Number));
                    break;
                case MmaStatement mma when Array.Exists(mma.Results, used.Contains):
                    Use(mma.A, used, read);
                    Use(mma.B, used, read);
                    Use(mma.C, used, read);
                    break;
            }
        }
    }

    private static void Use(Value[] values, HashSet<Value> used, HashSet<int> read)
    {
        foreach (Value value in values)
        {
            Use(value, used, read);
        }
    }

    private static void Use(Value? value, HashSet<Value> used, HashSet<int> read)
    {
        if (value is null || !used.Add(value))
        {
            return;
        }

        if (value is { Op: Opcode.Read, Bits: >= 0 })
        {
            read.Add((int)value.Bits);
        }

        Use(value.A, used, read);
        Use(value.B, used, read);
        Use(value.C, used, read);
    }

    private static void Sweep(Block block, HashSet<Value> used, HashSet<int> read)
    {
        block.Statements.RemoveAll(statement => statement switch
        {
            DefineStatement define => !used.Contains(define.Value),
            LoadStatement load => !Array.Exists(load.Results, used.Contains),
            LoadMatrixStatement matrix => !Array.Exists(matrix.Results, used.Contains),
            MmaStatement mma => !Array.Exists(mma.Results, used.Contains),
            SharedAddressStatement address => !used.Contains(address.Result),
            SetStatement set => !read.Contains(set.Variable.Number),
            _ => false,
        });
        foreach (Statement statement in block.Statements)
        {
            if (statement is IfStatement branch)
            {
                Sweep(branch.Then, used, read);
                if (branch.Otherwise is { } otherwise)
                {
                    Sweep(otherwise, used, read);
                }
            }
            else if (statement is ForStatement loop)
            {
                Sweep(loop.Body, used, read);
            }
        }
    }
}
