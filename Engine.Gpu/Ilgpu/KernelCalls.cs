using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Reflection.Emit;

namespace Engine.Gpu;

/// <summary>
/// The calls of a kernel, found in the code of its methods. ILGPU checks neither recursion nor size: it hands recursion on to drivers that have none,
/// follows methods that call themselves with ever new type arguments without an end, and puts small methods into their callers however often
/// they are called.
/// </summary>
internal static class KernelCalls
{
    /// <summary>Instructions of a kernel with all that is put into it: ILGPU takes a second or two for so many, and ever longer for more.</summary>
    private const long MostInstructions = 32768;

    /// <summary>So many type arguments of one method within each other are no accident of a generic algorithm any more.</summary>
    private const int MostNested = 16;

    /// <summary>ILGPU puts methods of up to so many instructions into their callers.</summary>
    private const int MostInlined = 32;

    private static readonly Dictionary<short, OperandType> s_operands = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value, code => code.OperandType);

    /// <summary>The reason why the calls of a method cannot be compiled; null if they can.</summary>
    public static string? WhyNot(MethodInfo kernel)
    {
        Sizes sizes = new();
        long instructions = sizes.Of(kernel);
        return sizes.Reason ?? (instructions > MostInstructions
            ? $"with the methods that it calls, small ones as often as they are called, it has {instructions} instructions of IL; {MostInstructions} can be compiled in reasonable time. Write a loop, or several kernels"
            : null);
    }

    /// <summary>The methods that a method calls, once for each call. Those of ILGPU and of the base library are named, but call nothing.</summary>
    /// <remarks>Calls through interfaces and delegates are not followed; ILGPU cannot compile most of them.</remarks>
    public static IEnumerable<MethodBase> Of(MethodBase method) => Read(method).Calls;

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "ILGPU compiles the same bodies, which it could not if they had been trimmed; the host has the whole method then.")]
    private static (int Instructions, IReadOnlyList<MethodBase> Calls) Read(MethodBase method)
    {
        if (method.DeclaringType?.Assembly is not { } assembly || assembly == typeof(ILGPU.LocalMemory).Assembly || assembly == typeof(object).Assembly)
        {
            return (0, []);
        }

        Type[]? typeArguments = method.DeclaringType.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        (int instructions, List<int> tokens) = Decode(Body(method));
        List<MethodBase> calls = [];
        foreach (int token in tokens)
        {
            if (method.Module.ResolveMethod(token, typeArguments, methodArguments) is { } called)
            {
                calls.Add(called);
            }
        }

        return (instructions, calls);
    }

    /// <summary>The code of a method; empty where there is none to read.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "As above.")]
    public static byte[] Body(MethodBase method)
    {
        try
        {
            return method.GetMethodBody()?.GetILAsByteArray() ?? [];
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
        {
            // Methods that were emitted at run time keep theirs to themselves.
            return [];
        }
    }

    private static (int Instructions, List<int> CallTokens) Decode(byte[] code)
    {
        int instructions = 0;
        List<int> tokens = [];
        for (int at = 0; at < code.Length; instructions++)
        {
            // Codes of two bytes begin with 0xfe.
            short value = code[at] == 0xfe ? (short)((0xfe << 8) | code[at + 1]) : code[at];
            at += code[at] == 0xfe ? 2 : 1;
            if (!s_operands.TryGetValue(value, out OperandType operand))
            {
                break;
            }

            if (operand == OperandType.InlineMethod)
            {
                tokens.Add(BitConverter.ToInt32(code, at));
            }

            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }

        return (instructions, tokens);
    }

    /// <summary>Adds up the instructions of methods after inlining.</summary>
    private sealed class Sizes
    {
        private readonly Dictionary<MethodBase, (long Size, bool IsInlined)> _known = [];
        private readonly List<MethodBase> _path = [];

        public string? Reason { get; private set; }

        public long Of(MethodBase method)
        {
            if (_path.Contains(method) || _path.Count(other => IsSameDefinition(other, method)) >= MostNested)
            {
                Reason ??= $"{NameOf(method)} calls itself{(_path[^1].Equals(method) ? string.Empty : $" through {NameOf(_path[^1])}")}, and cards have no recursion: write a loop";
                return 0;
            }

            if (Reason is not null || (_known.TryGetValue(method, out (long Size, bool IsInlined) known) && !known.IsInlined))
            {
                // A method that is a function of its own is there once.
                return 0;
            }

            return known.IsInlined ? known.Size : Measure(method);
        }

        private long Measure(MethodBase method)
        {
            (int instructions, IReadOnlyList<MethodBase> calls) = Read(method);
            long size = instructions;
            _path.Add(method);
            foreach (MethodBase called in calls)
            {
                size = Math.Min(size + Of(called), long.MaxValue / 2);
            }

            _path.RemoveAt(_path.Count - 1);
            bool isInlined = !method.MethodImplementationFlags.HasFlag(MethodImplAttributes.NoInlining)
                && (instructions <= MostInlined || method.MethodImplementationFlags.HasFlag(MethodImplAttributes.AggressiveInlining));
            _known[method] = (size, isInlined);
            return size;
        }

        private static bool IsSameDefinition(MethodBase a, MethodBase b) => a.MetadataToken == b.MetadataToken && a.Module == b.Module;

        private static string NameOf(MethodBase method) => method is MethodInfo info ? IlgpuMethods.NameOf(info) : method.DeclaringType?.Name ?? method.Name;
    }
}
