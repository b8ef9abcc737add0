using System.Reflection;
using ILGPU;
using ILGPU.Algorithms;

namespace Engine.Gpu;

/// <summary>Which methods can be kernels.</summary>
internal static class IlgpuMethods
{
    /// <summary>A method as messages name it.</summary>
    public static string NameOf(MethodInfo method) => method.DeclaringType is { } type ? $"{type.Name}.{method.Name}" : method.Name;

    /// <summary>Refuses a wrong method before ILGPU sees it: such methods can leave ILGPU in a state in which good ones fail.</summary>
    /// <exception cref="KernelCompilationException">It cannot be a kernel.</exception>
    public static void Check(MethodInfo method)
    {
        if (WhyNot(method) is { } reason)
        {
            throw new KernelCompilationException($"{NameOf(method)} cannot be a kernel: {reason}.");
        }
    }

    /// <summary>Throws where ILGPU 1.5.3 is known to make something else of a method than C# does.</summary>
    /// <exception cref="KernelCompilationException">The kernel would compute something else on cards.</exception>
    public static void CheckCalls(MethodInfo method)
    {
        foreach (MethodBase called in MethodCalls.Of(method))
        {
            bool isMath = called.DeclaringType == typeof(Math) || called.DeclaringType == typeof(MathF);
            string? way = isMath && called.Name == nameof(Math.CopySign) ? "it gives the sign of the first operand there; compare with 0 instead"
                : isMath && called.Name == nameof(Math.FusedMultiplyAdd) ? "it calls a function that is nowhere; write x * y + z, which cards fuse"
                : called.Name == nameof(Math.Round) && (isMath || called.DeclaringType == typeof(XMath)) ? "it gives 1 for 1.5 there; take XMath.RoundAwayFromZero, or MathF.Floor(x + 0.5f)"
                : null;
            if (way is not null)
            {
                throw new KernelCompilationException($"{NameOf(method)} calls {called.DeclaringType!.Name}.{called.Name}, which ILGPU 1.5.3 compiles wrongly for cards: {way}.");
            }
        }
    }

    private static string? WhyNot(MethodInfo method)
    {
        if (!method.IsStatic)
        {
            return "it is not static. A lambda expression is compiled to a method of an object, too: write a static method";
        }

        if (method.ContainsGenericParameters)
        {
            return "it has open type parameters";
        }

        if (method.ReturnType != typeof(void))
        {
            return $"it returns {method.ReturnType.Name}; results are written through views";
        }

        if (KernelCalls.Body(method).Length == 0)
        {
            return "its body cannot be read (a DynamicMethod, an extern or an abstract method): only compiled methods can be translated";
        }

        ParameterInfo[] parameters = method.GetParameters();
        if (parameters.Length == 0)
        {
            return "it has no parameters, so it could not write a result";
        }

        if (parameters.FirstOrDefault(static parameter => parameter.ParameterType.IsByRef) is { } reference)
        {
            return $"parameter {reference.Name} is passed by reference; results are written through views";
        }

        return typeof(IIndex).IsAssignableFrom(parameters[0].ParameterType) && IlgpuSignature.RankOfIndex(parameters[0].ParameterType) == 0
            ? $"its first parameter is a {parameters[0].ParameterType.Name}; the index of a kernel is an Index1D, Index2D or Index3D"
            : KernelCalls.WhyNot(method);
    }
}
