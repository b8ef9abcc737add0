using System.Globalization;
using static Engine.PtxInterpreter.PtxType;

namespace Engine.PtxInterpreter;

/// <summary>Products of warpgroups, which only the architecture-specific target sm_90a has.</summary>
internal sealed partial class KernelCompiler
{
    private Operation Warpgroup()
    {
        string what = _modifiers.Expect("fence", "commit_group", "wait_group", "mma_async");
        _modifiers.Expect("sync");
        _modifiers.Expect("aligned");
        Require(80, 90);
        if (!_module.IsArchitectureSpecific || _module.Target != 90)
        {
            throw Error("it needs the target sm_90a");
        }

        if (_instruction.Guard != null)
        {
            throw Error("it cannot stand under a guard: all threads of a warpgroup must carry it out");
        }

        if (_group.Threads % WarpgroupProducts.Size != 0)
        {
            throw Error($"it works on whole warpgroups, and .reqntid {_group} is not a multiple of {WarpgroupProducts.Size}");
        }

        _hasWarpgroups = true;
        switch (what)
        {
            case "fence":
                _modifiers.End(0);
                return new WarpgroupFence();
            case "commit_group":
                _modifiers.End(0);
                return new WarpgroupCommit();
            case "wait_group":
                _modifiers.End(1);
                return new WarpgroupWait((int)Number(0, 0, 7));
            default:
                return WarpgroupMultiply();
        }
    }

    private WarpgroupMultiply WarpgroupMultiply()
    {
        string name = _modifiers.Next("a shape such as m64n128k16");
        _modifiers.Type(F32);
        PtxType type = _modifiers.Type(F16, BF16, TF32);
        _modifiers.Type(type);
        bool isHalf = type != TF32;
        bool isInRegisters = _instruction.Operands.Count > 1 && _instruction.Operands[1] is PtxVectorOperand;
        _modifiers.End(!isHalf ? 6 : isInRegisters ? 7 : 8);
        MatrixShape shape = WarpgroupShape(name, isHalf ? 16 : 8);
        int[] sums = [.. Vector(0, shape.Columns / 2).Select(operand => Read(operand, F32) is var slot && Write(operand, F32) == slot ? slot : -1)];
        if (sums.Distinct().Count() != sums.Length)
        {
            throw Error("a register stands twice among the sums");
        }

        int[] a = isInRegisters ? [.. Vector(1, 4).Select(operand => Read(operand, B32))] : [Read(1, B64)];
        int b = Read(2, B64);
        (int, bool) isSum = ReadPredicate(3);
        if (Number(4, 1, 1) + Number(5, 1, 1) != 2)
        {
            throw Error("negated factors are not supported");
        }

        MatrixFormat format = type switch
        {
            F16 => MatrixFormat.Half,
            BF16 => MatrixFormat.Brain,
            _ => MatrixFormat.TensorFloat,
        };
        _sharedGranule = Math.Min(_sharedGranule, 16);
        return new WarpgroupMultiply(format, shape, sums, a, b, isSum, isHalf && !isInRegisters && Number(6, 0, 1) == 1, isHalf && Number(isInRegisters ? 6 : 7, 0, 1) == 1);
    }

    private MatrixShape WarpgroupShape(string name, int depth)
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $"k{depth}");
        return name.StartsWith("m64n", StringComparison.Ordinal) && name.EndsWith(suffix, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(4, name.Length - 4 - suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int columns)
            && columns is >= 8 and <= 256 && columns % 8 == 0
            ? new MatrixShape(64, columns, depth)
            : throw Error($"the shape is m64n(8 … 256){suffix}");
    }
}
