using System.Globalization;
using System.Text;

namespace Engine.Gpu;

/// <summary>
/// Renders kernels to PTX. Every value gets a virtual register of its own; the driver's compiler assigns real ones. This class does the work
/// that the compiler does not do well: wide loads, address arithmetic before loops, offsets inside instructions, predicates instead of branches.
/// </summary>
internal sealed partial class PtxRenderer
{
    /// <summary>Static shared memory ends here on every card; more is asked for at the launch.</summary>
    private const int StaticSharedBytes = 48 * 1024;

    private const string SharedBlock = "shared_block";

    private readonly Kernel _kernel;
    private readonly bool _isAmpere;
    private readonly PtxRegisters _registers = new();
    private readonly PtxAddressPlan _addresses;
    private readonly StringBuilder _prologue = new();
    private readonly StringBuilder _body = new();
    private readonly string[] _variables;
    private int _labels;

    private PtxRenderer(Kernel kernel, GpuTarget target)
    {
        _kernel = kernel;
        _isAmpere = target.ComputeCapability >= 80;
        _addresses = PtxAddressPlan.Of(kernel);
        _variables = [.. kernel.Variables.Select(variable => _registers.New(variable.Type))];
    }

    /// <summary>The text of a kernel.</summary>
    public static KernelSource Render(Kernel kernel, GpuTarget target)
    {
        PtxRenderer renderer = new(kernel, target);
        renderer.RenderParameters();
        renderer.Render(kernel.Body);
        if (!target.HasFloat64 && (renderer._registers.UseFloat64 || kernel.Parameters.Any(static p => p.Type == RegisterType.Float64)))
        {
            throw KernelRenderer.NoDoublePrecision(kernel);
        }

        bool isStatic = kernel.SharedBytes <= StaticSharedBytes;
        return new KernelSource(kernel.Name, renderer.Assemble(isStatic), kernel.GroupSize, isStatic ? 0 : kernel.SharedBytes) { MeetsGroups = kernel.MeetsGroups };
    }

    private string Assemble(bool isSharedStatic)
    {
        // PTX for an older card runs on all newer ones; 7.0 is read by every driver since CUDA 11.0.
        StringBuilder text = new();
        // What one architecture alone has needs a text for that one alone.
        text.Append(_kernel.UsesWarpgroups ? ".version 8.0\n.target sm_90a" : _isAmpere ? ".version 7.0\n.target sm_80" : ".version 7.0\n.target sm_70").Append("\n.address_size 64\n\n");
        if (_kernel.SharedBytes > 0)
        {
            text.Append(isSharedStatic
                ? $".shared .align {_kernel.SharedAlignment} .b8 {SharedBlock}[{_kernel.SharedBytes}];\n\n"
                : $".extern .shared .align {_kernel.SharedAlignment} .b8 {SharedBlock}[];\n\n");
        }

        text.Append(".visible .entry ").Append(_kernel.Name).Append('(');
        for (int i = 0; i < _kernel.Parameters.Count; i++)
        {
            KernelParameter parameter = _kernel.Parameters[i];
            text.Append(i == 0 ? "\n" : ",\n").Append($"    .param .{ParameterType(parameter)} {ParameterName(i)}");
        }

        text.Append(CultureInfo.InvariantCulture, $"\n)\n.reqntid {_kernel.GroupSize}, 1, 1\n");
        if (_kernel.MinGroupsPerUnit > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $".minnctapersm {_kernel.MinGroupsPerUnit}\n");
        }

        text.Append("{\n");
        _registers.AppendDeclarations(text);
        return text.Append('\n').Append(_prologue).Append(_body).Append("    ret;\n}\n").ToString();
    }

    private void RenderParameters()
    {
        for (int i = 0; i < _kernel.Parameters.Count; i++)
        {
            if (_kernel.Parameters[i].Buffer is not null)
            {
                string register = BaseOf(i);
                Prologue($"ld.param.u64 {register}, [{ParameterName(i)}];");
                Prologue($"cvta.to.global.u64 {register}, {register};");
            }
        }

        if (_kernel.SharedBytes > 0)
        {
            Prologue($"mov.u32 {SharedBase()}, {SharedBlock};");
            if (_kernel.SharedAlignment > 16)
            {
                // Memory that is asked for at the launch begins where the driver puts it.
                Prologue($"add.u32 {SharedBase()}, {SharedBase()}, {_kernel.SharedAlignment - 1};");
                Prologue($"and.b32 {SharedBase()}, {SharedBase()}, {-_kernel.SharedAlignment};");
            }
        }
    }

    private void Render(Block block)
    {
        _scopes.Push([]);
        foreach (Statement statement in block.Statements)
        {
            foreach (PtxAddress address in _addresses.Before(statement))
            {
                RenderAddress(address);
            }

            Render(statement);
        }

        _scopes.Pop();
    }

    private void Render(Statement statement)
    {
        switch (statement)
        {
            case DefineStatement { Value.IsConstant: true }:
                break; // written where it is used
            case DefineStatement { Value: var value }:
                RenderValue(value);
                break;
            case SetStatement set:
                Emit($"mov.{Bits(set.Variable.Type)} {_variables[set.Variable.Number]}, {Operand(set.Value)};");
                break;
            case LoadStatement load:
                RenderLoad(load);
                break;
            case StoreStatement store:
                RenderStore(store);
                break;
            case PointStatement point:
                Emit($"mov.u64 {BaseOf(point.Pointer.Parameter)}, {BaseOf(point.Target.Parameter)};");
                break;
            case BarrierStatement:
                Emit("bar.sync 0;");
                break;
            case ArriveStatement arrive:
                // Orders what the group wrote before, and what it reads after, for the whole card; the counter begins anew by itself.
                Emit($"atom.acq_rel.gpu.global.inc.u32 {_registers.Of(arrive.Result)}, {Address(arrive.Counters, arrive.Index, arrive.Offset)}, {Operand(arrive.Last)};");
                break;
            case AwaitStatement wait:
                RenderAwait(wait);
                break;
            case IfStatement branch:
                RenderBranch(branch);
                break;
            case ForStatement loop:
                RenderLoop(loop);
                break;
            case MmaStatement mma:
                RenderMma(mma);
                break;
            case LoadMatrixStatement matrix:
                RenderLoadMatrix(matrix);
                break;
            case CopyAsyncStatement copy:
                RenderCopyAsync(copy);
                break;
            case SharedAddressStatement address:
                Emit($"add.s32 {_registers.Of(address.Result)}, {SharedBase()}, {address.Memory.SharedOffset};");
                break;
            case ProxyFenceStatement:
                Emit("fence.proxy.async.shared::cta;");
                break;
            case WarpgroupFenceStatement:
                Emit("wgmma.fence.sync.aligned;");
                break;
            case WarpgroupMultiplyStatement product:
                RenderWarpgroupMultiply(product);
                break;
            case WarpgroupCommitStatement:
                Emit("wgmma.commit_group.sync.aligned;");
                break;
            case WarpgroupWaitStatement wait:
                Emit($"wgmma.wait_group.sync.aligned {wait.GroupsInFlight};");
                break;
            case CommitAsyncStatement:
                Emit("cp.async.commit_group;");
                break;
            case WaitAsyncStatement wait:
                Emit($"cp.async.wait_group {wait.GroupsInFlight};");
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"{statement.GetType().Name} has no PTX.");
        }
    }

    private void RenderBranch(IfStatement branch)
    {
        int number = ++_labels;
        string after = $"$after_{number}";
        string otherwise = branch.Otherwise is null ? after : $"$else_{number}";
        Emit($"@!{Register(branch.Condition)} bra {otherwise};");
        Render(branch.Then);
        if (branch.Otherwise is { } other)
        {
            Emit($"bra {after};");
            Label(otherwise);
            Render(other);
        }

        Label(after);
    }

    // The test stands at the end, so that a round costs one jump.
    private void RenderLoop(ForStatement loop)
    {
        int number = ++_labels;
        string type = Typed(loop.Counter.Type);
        string counter = _registers.Of(loop.Counter);
        string end = Operand(loop.End);
        string goesOn = _registers.New(RegisterType.Bool);
        Emit($"mov.{Bits(loop.Counter.Type)} {counter}, {Operand(loop.Start)};");
        Emit($"setp.lt.{type} {goesOn}, {counter}, {end};");
        Emit($"@!{goesOn} bra $after_{number};");
        Label($"$loop_{number}");
        if (_kernel.UsesWarpgroups)
        {
            // Several rounds at once would gain nothing: what is between products waits for them anyway.
            Emit(".pragma \"nounroll\";");
        }

        Render(loop.Body);
        Emit($"add.{type} {counter}, {counter}, {Operand(loop.Step)};");
        Emit($"setp.lt.{type} {goesOn}, {counter}, {end};");
        Emit($"@{goesOn} bra $loop_{number};");
        Label($"$after_{number}");
    }

    private void RenderAwait(AwaitStatement wait)
    {
        string loop = $"$await_{++_labels}", count = _registers.New(RegisterType.Int32), isEarly = _registers.New(RegisterType.Bool);
        Label(loop);
        Emit($"ld.acquire.gpu.global.u32 {count}, {Address(wait.Counters, wait.Index, wait.Offset)};");
        Emit($"setp.lt.u32 {isEarly}, {count}, {Operand(wait.Least)};");
        Emit($"@{isEarly} bra {loop};");
    }

    // The number keeps names apart from PTX's own words, such as "min".
    private string ParameterName(int index) => $"p{index}_{_kernel.Parameters[index].Name}";

    private static string ParameterType(KernelParameter parameter) => parameter.Buffer is not null ? "u64" : Typed(parameter.Type) switch
    {
        "s32" => "u32",
        "s64" => "u64",
        string same => same,
    };

    private void Emit(string line) => _body.Append("    ").Append(line).Append('\n');

    private void Prologue(string line) => _prologue.Append("    ").Append(line).Append('\n');

    private void Label(string name) => _body.Append(name).Append(":\n");
}
