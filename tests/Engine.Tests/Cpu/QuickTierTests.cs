using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>
/// A loop over vectors that the runtime compiles quickly at first has a call for each of their operations, and runs fifty times slower until it is compiled again: half of a second in the
/// first steps of residual networks, as batch normalisation had such loops.
/// </summary>
internal sealed class QuickTierTests
{
    private static readonly Dictionary<short, OpCode> s_opCodes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(static field => (OpCode)field.GetValue(null)!).ToDictionary(static code => code.Value);

    [Test]
    public void Loops_OverVectors_AreOptimisedAtOnce()
    {
        string[] slow = [.. typeof(CpuDevice).Assembly.GetTypes().SelectMany(Methods).Where(IsSlow).Select(static method => $"{method.DeclaringType!.Name}.{method.Name}").Order(StringComparer.Ordinal)];
        Assert.That(slow, Is.Empty, "AggressiveOptimization is missing, or AggressiveInlining into a method that has it");
    }

    /// <summary>The search itself: a loop with vectors, the same inlined, and a loop without.</summary>
    [Test]
    public void Search_FindsVectorsInLoops()
    {
        Assert.That(IsSlow(Own(nameof(SumOf))), Is.True);
        Assert.That(IsSlow(Own(nameof(SumAtOnce))), Is.False);
        Assert.That(IsSlow(Own(nameof(Count))), Is.False);

        static MethodInfo Own(string name) => typeof(QuickTierTests).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;
    }

    private static unsafe double SumOf<TVec>(float* x, int count) where TVec : struct, ISimd<TVec>
    {
        TVec sum = TVec.Zero;
        for (int i = 0; i < count; i += TVec.Count)
        {
            sum += TVec.Load(x + i);
        }

        return TVec.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe double SumAtOnce<TVec>(float* x, int count) where TVec : struct, ISimd<TVec>
    {
        TVec sum = TVec.Zero;
        for (int i = 0; i < count; i += TVec.Count)
        {
            sum += TVec.Load(x + i);
        }

        return TVec.Sum(sum);
    }

    private static int Count<TVec>(int count) where TVec : struct, ISimd<TVec>
    {
        int vectors = 0;
        for (int i = 0; i < count; i += TVec.Count)
        {
            vectors++;
        }

        return vectors;
    }

    private static IEnumerable<MethodBase> Methods(Type type) =>
        type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly);

    private static bool IsSlow(MethodBase method)
    {
        MethodImplAttributes flags = method.MethodImplementationFlags;
        if ((flags & (MethodImplAttributes.AggressiveOptimization | MethodImplAttributes.AggressiveInlining)) != 0 || method.GetMethodBody()?.GetILAsByteArray() is not { } il)
        {
            return false;
        }

        List<(int From, int To)> loops = [];
        List<int> vectors = [];
        for (int at = 0; at < il.Length;)
        {
            int start = at;
            short value = il[at++];
            OpCode code = s_opCodes[value == 0xFE ? (short)(0xFE00 | il[at++]) : value];
            int size = code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
                _ => 4,
            };
            if (code.OperandType is OperandType.ShortInlineBrTarget or OperandType.InlineBrTarget)
            {
                int target = at + size + (size == 1 ? (sbyte)il[at] : BitConverter.ToInt32(il, at));
                if (target < start)
                {
                    loops.Add((target, start));
                }
            }
            else if (code.OperandType == OperandType.InlineMethod && IsOfVectors(method, BitConverter.ToInt32(il, at)))
            {
                vectors.Add(start);
            }

            at += size;
        }

        return vectors.Exists(place => loops.Exists(loop => place >= loop.From && place <= loop.To));
    }

    /// <summary>Whether a call computes with vectors: the wrappers, functions of them, or the runtime's own.</summary>
    private static bool IsOfVectors(MethodBase caller, int token)
    {
        MethodBase called = caller.Module.ResolveMethod(token, caller.DeclaringType!.IsGenericType ? caller.DeclaringType.GetGenericArguments() : null, caller.IsGenericMethod ? caller.GetGenericArguments() : null)!;
        Type type = called.DeclaringType!;
        bool isVectors = (called is MethodInfo { ReturnType: var result } && IsVector(result)) || called.GetParameters().Any(static parameter => IsVector(parameter.ParameterType)) || type.Namespace == typeof(Vector128).Namespace || type == typeof(VectorMath) || type == typeof(Tail) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ISimd<>)) || IsWrapper(type);
        return isVectors && called is MethodInfo { Name: not ("get_Count" or "get_IsFloat64" or "get_IsHardwareAccelerated" or "get_IsSupported") };
    }

    private static bool IsVector(Type type) => type.Namespace == typeof(Vector128).Namespace || IsWrapper(type);

    private static bool IsWrapper(Type type) => type.GetInterfaces().Any(static one => one.IsGenericType && one.GetGenericTypeDefinition() == typeof(ISimd<>));
}
