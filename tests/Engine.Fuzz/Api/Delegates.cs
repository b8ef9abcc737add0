using System.Linq.Expressions;
using System.Reflection;

namespace Engine.Fuzz.Api;

/// <summary>Delegates of any type that all end in one function.</summary>
internal static class Delegates
{
    /// <summary>A delegate; null where its parameters are ref structs, which cannot be handed on.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="answer">What it returns, from the type of its result and its arguments.</param>
    public static Delegate? Make(Type type, Func<Type, object?[], object?> answer)
    {
        if (type == typeof(Delegate))
        {
            return Kernel;
        }

        MethodInfo signature = type.GetMethod("Invoke")!;
        if (signature.GetParameters().Any(static p => p.ParameterType.IsByRef || p.ParameterType.IsByRefLike))
        {
            return null;
        }

        ParameterExpression[] parameters = [.. signature.GetParameters().Select(static p => Expression.Parameter(p.ParameterType))];
        Expression arguments = Expression.NewArrayInit(typeof(object), parameters.Select(static p => Expression.Convert(p, typeof(object))));
        Expression result = Expression.Invoke(Expression.Constant(answer), Expression.Constant(signature.ReturnType), arguments);
        Expression body = signature.ReturnType == typeof(void) ? result : Expression.Convert(result, signature.ReturnType);
        return Expression.Lambda(type, body, parameters).Compile(preferInterpretation: true);
    }

    // A delegate of no particular type is a kernel.
    private static void Kernel(ILGPU.Index1D i, ILGPU.ArrayView<float> x, ILGPU.ArrayView<float> y) => y[i] = x[i];
}
