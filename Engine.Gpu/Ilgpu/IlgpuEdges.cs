using ILGPU.IR;
using ILGPU.IR.Analyses;
using ILGPU.IR.Transformations;
using ILGPU.IR.Values;

namespace Engine.Gpu;

/// <summary>
/// Puts a block of its own on each way that is one of several out of a block and leads to values that depend on the way.
/// </summary>
/// <remarks>
/// ILGPU's OpenCL C assigns such values at the end of the block that the way comes from, before it branches, so that the other ways see the new
/// value, too: after <c>do { k++; } while (k &lt; n); y[i] = k + 2;</c> the sum has an iteration too many. With the block the assignment
/// happens on that way alone. PTX has such blocks already.
/// </remarks>
internal sealed class IlgpuEdges : UnorderedTransformation
{
    /// <inheritdoc/>
    protected override bool PerformTransformation(Method.Builder builder)
    {
        List<(BasicBlock From, BasicBlock To)> edges = [];
        foreach (BasicBlock block in builder.SourceBlocks)
        {
            BasicBlock[] targets = [.. block.Terminator!.Targets.ToArray().Distinct()];
            edges.AddRange(targets.Where(target => targets.Length > 1 && Phis.Create(target).Count > 0).Select(target => (block, target)));
        }

        foreach ((BasicBlock from, BasicBlock to) in edges)
        {
            Split(builder, from, to);
        }

        return edges.Count > 0;
    }

    private static void Split(Method.Builder builder, BasicBlock from, BasicBlock to)
    {
        BasicBlock.Builder between = builder.CreateBasicBlock(from.Location);
        between.CreateBranch(from.Location, to);
        BasicBlock.Builder source = builder[from];
        switch (from.Terminator)
        {
            case IfBranch branch:
                source.CreateIfBranch(branch.Location, branch.Condition, Redirected(branch.TrueTarget), Redirected(branch.FalseTarget), branch.Flags);
                break;
            case SwitchBranch branch:
                SwitchBranch.Builder cases = source.CreateSwitchBranch(branch.Location, branch.Condition);
                foreach (BasicBlock target in branch.Targets.ToArray())
                {
                    cases.Add(Redirected(target));
                }

                cases.Seal();
                break;
            default:
                throw new NotSupportedException($"A branch of ILGPU's of type {from.Terminator!.GetType().Name}.");
        }

        foreach (PhiValue phi in Phis.Create(to).Values.ToArray())
        {
            phi.RemapArguments(builder, new PhiValue.BlockRemapper(from, between.BasicBlock));
        }

        BasicBlock Redirected(BasicBlock target) => target == to ? between.BasicBlock : target;
    }
}
