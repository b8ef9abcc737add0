using System.Reflection;
using System.Reflection.Emit;

namespace Engine.Fuzz.Api;

/// <summary>
/// Calls a member with boxed arguments, spans and other ref structs included, which reflection cannot pass: they are made from their
/// constructor's arguments right before the call.
/// </summary>
internal sealed class Invoker
{
    private readonly List<(Type Type, ParameterInfo? Parameter)> _slots = [];

    /// <summary>Scopes and leases that were begun for the call.</summary>
    private readonly List<(LocalBuilder Local, MethodInfo Dispose)> _ended = [];

    private readonly Call _call;

    private Invoker(MethodBase member)
    {
        Member = member;
        DynamicMethod method = new("Call", typeof(object), [typeof(object), typeof(object[])], typeof(Invoker).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        il.BeginExceptionBlock();
        if (member is MethodInfo && !member.IsStatic)
        {
            LoadSelf(il, member.DeclaringType!);
        }

        foreach (ParameterInfo parameter in member.GetParameters())
        {
            Load(il, parameter.ParameterType, parameter);
        }

        Type result = EmitCall(il, member);
        Box(il, result);
        LocalBuilder boxed = il.DeclareLocal(typeof(object));
        il.Emit(OpCodes.Stloc, boxed);
        il.BeginFinallyBlock();
        foreach ((LocalBuilder local, MethodInfo dispose) in _ended)
        {
            il.Emit(OpCodes.Ldloca, local);
            il.Emit(OpCodes.Call, dispose);
        }

        il.EndExceptionBlock();
        il.Emit(OpCodes.Ldloc, boxed);
        il.Emit(OpCodes.Ret);
        _call = method.CreateDelegate<Call>();
    }

    private delegate object? Call(object? self, object?[] arguments);

    public MethodBase Member { get; }

    /// <summary>The members that give ref structs for the call; their errors are promised too.</summary>
    public List<MethodBase> Givers { get; } = [];

    /// <summary>What has to be handed to <see cref="Invoke"/>.</summary>
    public IReadOnlyList<(Type Type, ParameterInfo? Parameter)> Slots => _slots;

    /// <summary>Which of the <see cref="Slots"/> are objects that a ref struct's giver is called on: no caller can pass null there.</summary>
    public HashSet<int> Selves { get; } = [];

    /// <summary>Whether an object has to be there to call it on.</summary>
    public bool NeedsSelf => Member is MethodInfo && !Member.IsStatic && !Member.DeclaringType!.IsByRefLike;

    public static Invoker Make(MethodBase member) => new(member);

    public object? Invoke(object? self, object?[] arguments) => _call(self, arguments);

    private static Type EmitCall(ILGenerator il, MethodBase member)
    {
        switch (member)
        {
            case ConstructorInfo constructor:
                il.Emit(OpCodes.Newobj, constructor);
                return constructor.DeclaringType!;
            case MethodInfo method:
                il.Emit(method.IsStatic || method.DeclaringType!.IsValueType ? OpCodes.Call : OpCodes.Callvirt, method);
                return method.ReturnType;
            default:
                throw new NotSupportedException($"{member}");
        }
    }

    private static void Box(ILGenerator il, Type result)
    {
        if (result == typeof(void))
        {
            il.Emit(OpCodes.Ldnull);
        }
        else if (result.IsByRef)
        {
            Type element = result.GetElementType()!;
            il.Emit(OpCodes.Ldobj, element);
            il.Emit(OpCodes.Box, element);
        }
        else if (result.IsByRefLike)
        {
            // A span is read, so that memory that is not there shows; a scope is ended.
            LocalBuilder local = il.DeclareLocal(result);
            il.Emit(OpCodes.Stloc, local);
            MethodInfo? toArray = result.GetMethod("ToArray", Type.EmptyTypes), dispose = result.GetMethod("Dispose", Type.EmptyTypes);
            if ((toArray ?? dispose) is { } last)
            {
                il.Emit(OpCodes.Ldloca, local);
                il.Emit(OpCodes.Call, last);
            }

            if (toArray is null)
            {
                il.Emit(OpCodes.Ldnull);
            }
        }
        else if (result.IsValueType)
        {
            il.Emit(OpCodes.Box, result);
        }
    }

    private void LoadSelf(ILGenerator il, Type type)
    {
        if (type.IsByRefLike)
        {
            Load(il, type, null);
            LocalBuilder local = il.DeclareLocal(type);
            il.Emit(OpCodes.Stloc, local);
            il.Emit(OpCodes.Ldloca, local);
            return;
        }

        il.Emit(OpCodes.Ldarg_0);
        il.Emit(type.IsValueType ? OpCodes.Unbox : OpCodes.Castclass, type);
    }

    private void Load(ILGenerator il, Type type, ParameterInfo? parameter)
    {
        if (type.IsByRef)
        {
            Type element = type.GetElementType()!;
            LocalBuilder local = il.DeclareLocal(element);
            if (parameter is not { IsOut: true })
            {
                Load(il, element, parameter);
                il.Emit(OpCodes.Stloc, local);
            }

            il.Emit(OpCodes.Ldloca, local);
        }
        else if (type.IsByRefLike && ArrayConstructor(type) is { } fromArray)
        {
            LoadSlot(il, fromArray.GetParameters()[0].ParameterType, parameter);
            il.Emit(OpCodes.Newobj, fromArray);
        }
        else if (type.IsByRefLike)
        {
            LoadRefStruct(il, type);
        }
        else
        {
            LoadSlot(il, type, parameter);
        }
    }

    /// <summary>From its constructor's arguments, or from the method that gives one, as a scope's Begin does.</summary>
    private void LoadRefStruct(ILGenerator il, Type type)
    {
        MethodBase maker = type.GetConstructors().FirstOrDefault() ?? (MethodBase?)Giver(type) ?? throw new NotSupportedException($"nothing public gives a {type.Name}");
        if (!maker.IsStatic && maker is MethodInfo)
        {
            LoadGiver(il, maker.DeclaringType!);
        }

        foreach (ParameterInfo part in maker.GetParameters())
        {
            Load(il, part.ParameterType, part);
        }

        EmitCall(il, maker);
        Givers.Add(maker);
        if (type.GetMethod("Dispose", Type.EmptyTypes) is { } dispose)
        {
            LocalBuilder local = il.DeclareLocal(type);
            il.Emit(OpCodes.Stloc, local);
            il.Emit(OpCodes.Ldloc, local);
            _ended.Add((local, dispose));
        }
    }

    private void LoadGiver(ILGenerator il, Type type)
    {
        Selves.Add(_slots.Count);
        Load(il, type, null);
        if (type.IsValueType)
        {
            LocalBuilder local = il.DeclareLocal(type);
            il.Emit(OpCodes.Stloc, local);
            il.Emit(OpCodes.Ldloca, local);
        }
    }

    private static MethodInfo? Giver(Type type)
    {
        Type definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        IEnumerable<Type> givers = Surface.Assemblies.SelectMany(static a => a.GetExportedTypes());
        foreach (MethodInfo method in givers.SelectMany(static t => t.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)))
        {
            Type result = method.ReturnType;
            if ((result.IsGenericType ? result.GetGenericTypeDefinition() : result) != definition || (method.DeclaringType == definition && !method.IsStatic))
            {
                continue;
            }

            Type[] arguments = type.GetGenericArguments();
            if (method.IsGenericMethodDefinition)
            {
                return method.MakeGenericMethod(arguments);
            }

            // An enumerator has the type parameters of what it enumerates.
            return method.DeclaringType!.IsGenericTypeDefinition
                ? (MethodInfo?)MethodBase.GetMethodFromHandle(method.MethodHandle, method.DeclaringType.MakeGenericType(arguments).TypeHandle)
                : method;
        }

        return null;
    }

    private void LoadSlot(ILGenerator il, Type type, ParameterInfo? parameter)
    {
        if (type.IsPointer || type == typeof(nint))
        {
            throw new NotSupportedException("takes a raw address");
        }

        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldc_I4, _slots.Count);
        il.Emit(OpCodes.Ldelem_Ref);
        il.Emit(type.IsValueType ? OpCodes.Unbox_Any : OpCodes.Castclass, type);
        _slots.Add((type, parameter));
    }

    private static ConstructorInfo? ArrayConstructor(Type type) => type.IsGenericType ? type.GetConstructor([type.GetGenericArguments()[0].MakeArrayType()]) : null;
}
