using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Engine.Gpu;

/// <summary>Renders kernels to OpenCL C 1.2. Extensions are double precision and sub-groups, each only where a kernel uses it.</summary>
internal sealed partial class OpenClRenderer
{
    private readonly StringBuilder _text = new();
    private readonly Kernel _kernel;
    private int _depth = 1;
    private bool _usesDouble;
    private bool _usesDeviceScope;
    private bool _shuffles;
    private readonly SubGroupDialect _dialect;

    private readonly HashSet<BarrierStatement> _globalFences;

    private OpenClRenderer(Kernel kernel, GpuTarget target)
    {
        _kernel = kernel;
        _dialect = target.SubGroups;
        _globalFences = GlobalFences.Of(kernel.Body);
    }

    /// <summary>The text of a kernel.</summary>
    public static KernelSource Render(Kernel kernel, GpuTarget target)
    {
        OpenClRenderer renderer = new(kernel, target);
        renderer.RenderBody();
        if (renderer._usesDouble && !target.HasFloat64)
        {
            throw KernelRenderer.NoDoublePrecision(kernel);
        }

        string head = renderer.Head(target);
        return new KernelSource(kernel.Name, head + renderer._text.Append("}\n"), kernel.GroupSize, 0)
        {
            NeedsDeviceScope = renderer._usesDeviceScope,
            SubGroupSize = renderer._shuffles ? target.SubGroupSize : 0,
            RequiresSubGroupSize = renderer._shuffles && target.CanRequireSubGroupSize,
            Language = !renderer._shuffles ? null : target.SubGroups switch
            {
                SubGroupDialect.Khronos20 => "-cl-std=CL2.0",
                SubGroupDialect.Khronos30 => "-cl-std=CL3.0",
                _ => null,
            },
        };
    }

    private string Head(GpuTarget target)
    {
        StringBuilder head = new();
        if (_shuffles)
        {
            head.Append(target.SubGroups switch
            {
                SubGroupDialect.Intel => "#pragma OPENCL EXTENSION cl_intel_subgroups : enable\n",
                SubGroupDialect.Khronos20 => "#pragma OPENCL EXTENSION cl_khr_subgroups : enable\n#pragma OPENCL EXTENSION cl_khr_subgroup_shuffle : enable\n",
                _ => "#pragma OPENCL EXTENSION cl_khr_subgroup_shuffle : enable\n",
            });
        }

        if (_usesDouble)
        {
            head.AppendLine("#pragma OPENCL EXTENSION cl_khr_fp64 : enable");
        }

        // Contraction is chosen in the kernel (fma), not by the compiler: error-free transformations depend on it.
        head.Append("#pragma OPENCL FP_CONTRACT OFF\n");
        string subGroup = _shuffles && target.CanRequireSubGroupSize
            ? string.Create(CultureInfo.InvariantCulture, $" __attribute__((intel_reqd_sub_group_size({target.SubGroupSize})))")
            : string.Empty;
        head.Append(CultureInfo.InvariantCulture, $"__kernel __attribute__((reqd_work_group_size({_kernel.GroupSize}, 1, 1))){subGroup}\nvoid {_kernel.Name}(");
        head.AppendJoin(", ", _kernel.Parameters.Select(p => p.Buffer is { } buffer
            ? $"__global {(buffer.IsReadOnly ? "const " : string.Empty)}uchar* {p.Name}_base, long {p.Name}_offset"
            : $"{Name(p.Type)} {p.Name}"));
        head.Append(")\n{\n");

        // Sub-buffers must begin at multiples that views do not keep, so the offset comes as a number.
        foreach (KernelParameter parameter in _kernel.Parameters)
        {
            if (parameter.Buffer is { } buffer)
            {
                string constness = buffer.IsReadOnly ? "const " : string.Empty;
                head.Append(CultureInfo.InvariantCulture, $"    __global {constness}uchar* {parameter.Name} = {parameter.Name}_base + {parameter.Name}_offset;\n");
            }
        }

        if (_kernel.SharedBytes > 0)
        {
            head.Append(CultureInfo.InvariantCulture, $"    __local uint4 shared_block[{_kernel.SharedBytes / 16}];\n");
            head.Append("    __local uchar* shared = (__local uchar*)shared_block;\n");
        }

        return head.ToString();
    }

    private void RenderBody()
    {
        foreach (Variable variable in _kernel.Variables)
        {
            Line($"{Name(variable.Type)} r{variable.Number} = 0;");
        }

        foreach (Memory pointer in _kernel.Pointers)
        {
            Line($"__global uchar* {pointer.Name} = 0;");
        }

        Render(_kernel.Body);
    }

    private void Render(Block block)
    {
        foreach (Statement statement in block.Statements)
        {
            Render(statement);
        }
    }

    private void Render(Statement statement)
    {
        switch (statement)
        {
            case DefineStatement { Value.IsConstant: true } or DefineStatement { Value.Op: Opcode.Parameter }:
                break; // written where they are used
            case DefineStatement { Value: var value }:
                Line($"const {Name(value.Type)} {Use(value)} = {Expression(value)};");
                break;
            case SetStatement set:
                Line($"r{set.Variable.Number} = {Use(set.Value)};");
                break;
            case LoadStatement load:
                RenderLoad(load);
                break;
            case StoreStatement store:
                RenderStore(store);
                break;
            case PointStatement point:
                Line($"{point.Pointer.Name} = {point.Target.Name};");
                break;
            case BarrierStatement barrier:
                Line(_globalFences.Contains(barrier) ? "barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);" : "barrier(CLK_LOCAL_MEM_FENCE);");
                break;
            case ArriveStatement arrive:
                RenderArrive(arrive);
                break;
            case IfStatement branch:
                RenderBranch(branch);
                break;
            case ForStatement loop:
                string counter = $"v{loop.Counter.Id}";
                Line($"for ({Name(loop.Counter.Type)} {counter} = {Use(loop.Start)}; {counter} < {Use(loop.End)}; {counter} += {Use(loop.Step)})");
                Braces(loop.Body);
                break;
            default:
                throw new OperationNotSupportedException($"{_kernel.Name}: {statement.GetType().Name} exists on CUDA only.");
        }
    }

    // Atomics with an order and the device as their scope; OpenCL C 1.2 orders memory within a group only.
    private void RenderArrive(ArriveStatement arrive)
    {
        _usesDeviceScope = true;
        string counter = $"(volatile __global atomic_int*){Base(arrive.Counters)} + {Index(arrive.Index, arrive.Offset)}";
        Line($"const int {Use(arrive.Result)} = atomic_fetch_add_explicit({counter}, 1, memory_order_acq_rel, memory_scope_device);");
        Line($"if ({Use(arrive.Result)} == {Use(arrive.Last)})");
        Line("{");
        _depth++;
        Line($"atomic_store_explicit({counter}, 0, memory_order_relaxed, memory_scope_device);");
        _depth--;
        Line("}");
    }

    private void RenderBranch(IfStatement branch)
    {
        Line($"if ({Use(branch.Condition)})");
        Braces(branch.Then);
        if (branch.Otherwise is { } otherwise)
        {
            Line("else");
            Braces(otherwise);
        }
    }

    private void Braces(Block block)
    {
        Line("{");
        _depth++;
        Render(block);
        _depth--;
        Line("}");
    }

    private void Line(string text) => _text.Append(' ', 4 * _depth).Append(text).Append('\n');

    /// <summary>How a value is written where it is used.</summary>
    private string Use(Value value) => value.Op switch
    {
        Opcode.Constant => Literal(value),
        Opcode.Parameter => _kernel.Parameters[(int)value.Bits].Name,
        _ => $"v{value.Id}",
    };

    private string Literal(Value value) => value.Type switch
    {
        RegisterType.Bool => value.Bits != 0 ? "true" : "false",
        RegisterType.Int32 => value.Bits == int.MinValue ? "(-2147483647 - 1)" : value.Bits.ToString(CultureInfo.InvariantCulture),
        RegisterType.UInt32 => value.Bits.ToString(CultureInfo.InvariantCulture) + "u",
        RegisterType.Int64 => value.Bits == long.MinValue ? "(-9223372036854775807L - 1L)" : value.Bits.ToString(CultureInfo.InvariantCulture) + "L",
        RegisterType.Float32 => Single((float)value.Number),
        RegisterType.Float64 => Double(value.Number),
        _ => throw new UnreachableException(),
    };

    // Bits where decimal digits have no word for the value.
    private static string Single(float value) =>
        !float.IsFinite(value) ? $"as_float(0x{BitConverter.SingleToUInt32Bits(value):x8}u)"
        : float.IsNegative(value) && value == 0 ? "-0.0f"
        : WithPoint(value.ToString("R", CultureInfo.InvariantCulture)) + "f";

    private string Double(double value)
    {
        _usesDouble = true;
        return !double.IsFinite(value) ? $"as_double(0x{BitConverter.DoubleToUInt64Bits(value):x16}ul)"
            : double.IsNegative(value) && value == 0 ? "-0.0"
            : WithPoint(value.ToString("R", CultureInfo.InvariantCulture));
    }

    private static string WithPoint(string digits) => digits.Contains('.') || digits.Contains('E') ? digits : digits + ".0";

    private string Name(RegisterType type)
    {
        _usesDouble |= type == RegisterType.Float64;
        return type switch
        {
            RegisterType.Bool => "bool",
            RegisterType.Int32 => "int",
            RegisterType.UInt32 => "uint",
            RegisterType.Int64 => "long",
            RegisterType.Float32 => "float",
            RegisterType.Float64 => "double",
            _ => throw new UnreachableException(),
        };
    }
}
