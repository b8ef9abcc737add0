using System.Reflection;
using System.Reflection.Emit;

namespace Engine.Tests.Errors.Nulls;

/// <summary>A public member that can be called with boxed arguments; spans are given as arrays, which reflection alone cannot pass on.</summary>
internal sealed class PublicCall
{
    private readonly Func<object?, object?[], object?> _call;

    private PublicCall(MethodBase member)
    {
        Member = member;
        _call = Compile(member);
    }

    /// <summary>The method, constructor, operator or accessor, generic ones with type arguments filled in.</summary>
    public MethodBase Member { get; }

    public ParameterInfo[] Parameters => Member.GetParameters();

    /// <summary>The member, or null where it takes or returns what cannot be boxed.</summary>
    public static PublicCall? Of(MethodBase member)
    {
        MethodBase? closed = Close(member);
        bool canBox = closed is not null && Array.TrueForAll(closed.GetParameters(), static p => !p.IsOut && !Bare(p.ParameterType).IsByRefLike | IsSpan(Bare(p.ParameterType)));
        return canBox && closed is not MethodInfo { ReturnType.IsByRef: true } ? new PublicCall(closed!) : null;
    }

    public object? Invoke(object? self, object?[] arguments) => _call(self, arguments);

    /// <summary>A span's element type as an array, and a reference's target.</summary>
    public static Type Boxed(Type type) => IsSpan(Bare(type)) ? Bare(type).GetGenericArguments()[0].MakeArrayType() : Bare(type);

    public override string ToString() =>
        $"{Member.DeclaringType!.Name}.{Member.Name}({string.Join(", ", Parameters.Select(static p => p.ParameterType.Name + " " + p.Name))})";

    private static Type Bare(Type type) => type.IsByRef ? type.GetElementType()! : type;

    private static bool IsSpan(Type type) =>
        type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Span<>) || type.GetGenericTypeDefinition() == typeof(ReadOnlySpan<>));

    private static MethodBase? Close(MethodBase member)
    {
        if (member is not MethodInfo { IsGenericMethodDefinition: true } method)
        {
            return member;
        }

        try
        {
            return method.MakeGenericMethod(Array.ConvertAll(method.GetGenericArguments(), static t =>
                Array.Find(t.GetGenericParameterConstraints(), static c => typeof(Engine.Nn.Module).IsAssignableFrom(c)) is not null ? typeof(Engine.Nn.Linear) : typeof(float)));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static Func<object?, object?[], object?> Compile(MethodBase member)
    {
        DynamicMethod method = new("call", typeof(object), [typeof(object), typeof(object[])], typeof(PublicCall).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        if (!member.IsStatic && member is MethodInfo)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(member.DeclaringType!.IsValueType ? OpCodes.Unbox : OpCodes.Castclass, member.DeclaringType);
        }

        ParameterInfo[] parameters = member.GetParameters();
        for (int i = 0; i < parameters.Length; i++)
        {
            Type type = Bare(parameters[i].ParameterType);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldc_I4, i);
            il.Emit(OpCodes.Ldelem_Ref);
            if (IsSpan(type))
            {
                Type array = Boxed(type);
                il.Emit(OpCodes.Castclass, array);
                il.Emit(OpCodes.Newobj, type.GetConstructor([array])!);
            }
            else if (parameters[i].ParameterType.IsByRef)
            {
                il.Emit(OpCodes.Unbox, type);
            }
            else
            {
                il.Emit(type.IsValueType ? OpCodes.Unbox_Any : OpCodes.Castclass, type);
            }
        }

        Type result = member is ConstructorInfo ? member.DeclaringType! : ((MethodInfo)member).ReturnType;
        if (member is ConstructorInfo constructor)
        {
            il.Emit(OpCodes.Newobj, constructor);
        }
        else
        {
            // Not virtual: the member itself is meant, not what a derived class made of it.
            il.Emit(member.IsAbstract ? OpCodes.Callvirt : OpCodes.Call, (MethodInfo)member);
        }

        if (result.IsByRefLike)
        {
            il.Emit(OpCodes.Pop);
        }

        if (result == typeof(void) || result.IsByRefLike)
        {
            il.Emit(OpCodes.Ldnull);
        }
        else if (result.IsValueType)
        {
            il.Emit(OpCodes.Box, result);
        }

        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<object?, object?[], object?>>();
    }
}
