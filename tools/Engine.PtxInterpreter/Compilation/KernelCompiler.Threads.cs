using static Engine.PtxInterpreter.PtxType;

namespace Engine.PtxInterpreter;

/// <summary>What threads do together: barriers, shuffles, asynchronous copies, matrices.</summary>
internal sealed partial class KernelCompiler
{
    private Operation Barrier()
    {
        if (_instruction.Opcode == "bar" && _modifiers.Take("warp"))
        {
            _modifiers.Expect("sync");
            _modifiers.End(1);
            Require(60, 30);
            _hasWarpBarriers = true;
            return _instruction.Guard == null ? new WarpBarrier(Read(0, U32)) : throw Error("a barrier under a guard is not supported: branch around it");
        }

        _modifiers.Take("cta");
        if (_modifiers.Take("red"))
        {
            return BarrierReduction();
        }

        _modifiers.Expect("sync");
        if (_instruction.Opcode == "barrier")
        {
            _modifiers.Take("aligned");
        }

        _modifiers.End(1);
        CheckBarrier(0);
        return new Barrier();
    }

    private void CheckBarrier(int operand)
    {
        if (_instruction.Operands[operand] is not PtxNumberOperand { Form: PtxNumberForm.Integer, Bits: < 16 })
        {
            throw Error("the barrier is a number below 16");
        }

        if (_instruction.Guard != null)
        {
            throw Error("a barrier under a guard is not supported: branch around it");
        }
    }

    private Operation BarrierReduction()
    {
        if (_instruction.Opcode == "barrier")
        {
            _modifiers.Take("aligned");
        }

        BarrierReductionMode mode = _modifiers.Expect("popc", "and", "or") switch
        {
            "popc" => BarrierReductionMode.Count,
            "and" => BarrierReductionMode.And,
            _ => BarrierReductionMode.Or,
        };
        PtxType type = mode == BarrierReductionMode.Count ? _modifiers.Type(U32) : _modifiers.Type(Pred);
        _modifiers.End(3);
        CheckBarrier(1);
        (int source, bool negated) = ReadPredicate(2);
        return new BarrierReduction(mode, Write(0, type), source, negated);
    }

    private Operation GiveUp()
    {
        _modifiers.End(0);
        return new Trap();
    }

    private Operation Exit()
    {
        if (_instruction.Opcode == "ret")
        {
            _modifiers.Take("uni");
        }

        _modifiers.End(0);
        return new Exit();
    }

    private Operation Fence()
    {
        if (_instruction.Opcode == "fence" && _modifiers.Take("proxy"))
        {
            _modifiers.Expect("async");
            _modifiers.TakeAny("shared::cta", "shared::cluster", "global");
            _modifiers.End(0);
            Require(80, 90);
            return new ProxyFence();
        }

        if (_instruction.Opcode == "membar")
        {
            _modifiers.Expect("cta", "gl", "sys");
        }
        else
        {
            _modifiers.Expect("acq_rel", "sc");
            _modifiers.Expect("cta", "gpu", "sys");
            Require(60, 70);
        }

        _modifiers.End(0);
        return new Fence();
    }

    private Operation Shuffle()
    {
        _modifiers.Expect("sync");
        ShuffleMode mode = _modifiers.Expect("up", "down", "bfly", "idx") switch
        {
            "up" => ShuffleMode.Up,
            "down" => ShuffleMode.Down,
            "bfly" => ShuffleMode.Butterfly,
            _ => ShuffleMode.Index,
        };
        _modifiers.Type(B32);
        _modifiers.End(5);
        int a = Read(1, B32);
        int b = Read(2, U32);
        int c = Read(3, U32);
        int members = Read(4, U32);
        if (_instruction.Operands[0] is PtxPairOperand(var value, var predicate))
        {
            int d = WriteOrSink(value, B32);
            return new Shuffle(mode, d, WriteOrSink(predicate, Pred), a, b, c, members);
        }

        return new Shuffle(mode, Write(0, B32), -1, a, b, c, members);
    }

    private Operation Vote()
    {
        _modifiers.Expect("sync");
        VoteMode mode = _modifiers.Expect("all", "any", "uni", "ballot") switch
        {
            "all" => VoteMode.All,
            "any" => VoteMode.Any,
            "uni" => VoteMode.Uniform,
            _ => VoteMode.Ballot,
        };
        PtxType type = mode == VoteMode.Ballot ? _modifiers.Type(B32) : _modifiers.Type(Pred);
        _modifiers.End(3);
        (int source, bool negated) = ReadPredicate(1);
        int members = Read(2, U32);
        return new Vote(mode, Write(0, type), source, negated, members);
    }

    private Operation ActiveMask()
    {
        _modifiers.Type(B32);
        _modifiers.End(1);
        Require(62, 30);
        return new ActiveMask(Write(0, B32));
    }

    private Operation AsyncCopy()
    {
        _modifiers.Expect("async");
        Require(70, 80);
        switch (_modifiers.Expect("ca", "cg", "commit_group", "wait_group", "wait_all"))
        {
            case "commit_group":
                _modifiers.End(0);
                return new CommitAsyncCopies();
            case "wait_all":
                _modifiers.End(0);
                return new WaitAsyncCopies(-1);
            case "wait_group":
                _modifiers.End(1);
                return new WaitAsyncCopies((int)Number(0, 0, int.MaxValue));
            case "cg":
                return BeginAsyncCopy(least: 16);
            default:
                return BeginAsyncCopy(least: 4);
        }
    }

    private Operation BeginAsyncCopy(int least)
    {
        if (_modifiers.Expect("shared", "shared::cta") == "shared::cta")
        {
            Require(78, 30, "::cta");
        }

        _modifiers.Expect("global");
        if (_modifiers.TakeAny("L2::64B", "L2::128B", "L2::256B") != null)
        {
            Require(74, 80, "a prefetch size");
        }

        bool hasSourceSize = _instruction.Operands.Count == 4;
        _modifiers.End(hasSourceSize ? 4 : 3);
        int bytes = (int)Number(2, (ulong)least, 16);
        if (!int.IsPow2(bytes))
        {
            throw Error("copies have 4, 8 or 16 bytes");
        }

        Address to = AddressOf(0, MemorySpace.Shared, bytes);
        Address from = AddressOf(1, MemorySpace.Global, bytes);
        return new BeginAsyncCopy(_memoryOperations++, to, from, bytes, hasSourceSize ? Read(3, U32) : -1);
    }

    private ulong Number(int operand, ulong least, ulong most) =>
        _instruction.Operands[operand] is PtxNumberOperand { Form: PtxNumberForm.Integer, IsNegative: false } number && number.Bits >= least && number.Bits <= most
            ? number.Bits
            : throw Error($"operand {operand + 1} is a number from {least} to {most}");

    private Operation LoadMatrix()
    {
        _modifiers.Expect("sync");
        _modifiers.Expect("aligned");
        _modifiers.Expect("m8n8");
        int count = _modifiers.Expect("x1", "x2", "x4")[1] - '0';
        bool transposed = _modifiers.Take("trans");
        if (_modifiers.Expect("shared", "shared::cta") == "shared::cta")
        {
            Require(78, 30, "::cta");
        }

        _modifiers.Type(B16);
        _modifiers.End(2);
        Require(65, 75);
        RequireWholeWarps();
        Address address = AddressOf(1, MemorySpace.Shared, 16);
        return new LoadMatrix([.. Vector(0, count).Select(operand => Write(operand, B32))], address, transposed);
    }

    private Operation MatrixMultiply()
    {
        _modifiers.Expect("sync");
        _modifiers.Expect("aligned");
        string shape = _modifiers.Expect("m16n8k4", "m16n8k8", "m16n8k16");
        _modifiers.Expect("row");
        _modifiers.Expect("col");
        _modifiers.Type(F32);
        PtxType type = _modifiers.Type(F16, BF16, TF32);
        _modifiers.Type(type);
        _modifiers.Type(F32);
        _modifiers.End(4);
        int depth = shape == "m16n8k16" ? 16 : shape[6] - '0';
        bool isKnown = type == TF32 ? depth is 4 or 8 : depth is 8 or 16;
        if (!isKnown)
        {
            throw Error($"there is no {shape} of {type.Name()}");
        }

        bool isFirst = type == F16 && depth == 8;
        Require(isFirst ? 65 : 70, isFirst ? 75 : 80);
        RequireWholeWarps();
        int words = depth * type.Bytes() / 16;
        int[] a = MatrixWords(1, 2 * words, B32);
        int[] b = MatrixWords(2, words, B32);
        int[] c = MatrixWords(3, 4, F32);
        int[] d = [.. Vector(0, 4).Select(operand => Write(operand, F32))];
        MatrixFormat format = type switch
        {
            F16 => MatrixFormat.Half,
            BF16 => MatrixFormat.Brain,
            _ => MatrixFormat.TensorFloat,
        };
        return new MatrixMultiply(format, depth, d, a, b, c);
    }

    private int[] MatrixWords(int operand, int count, PtxType type) =>
        [.. Vector(operand, count).Select(element => element is PtxRegisterOperand ? Read(element, type) : throw Error("matrices are made of registers"))];

    private void RequireWholeWarps()
    {
        if (_group.Threads % WarpOperation.Size != 0)
        {
            throw Error($"it works on whole warps, and .reqntid {_group} is not a multiple of {WarpOperation.Size}");
        }
    }
}
