using System.Collections.Concurrent;
using System.Reflection;

namespace Engine.Gpu;

/// <summary>A static method as delegates of the types that are asked for, each made once.</summary>
internal sealed class MethodDelegates(MethodInfo method)
{
    private readonly ConcurrentDictionary<Type, Delegate> _delegates = new();

    /// <summary>The method as a delegate of a type.</summary>
    public TDelegate As<TDelegate>()
        where TDelegate : Delegate => (TDelegate)_delegates.GetOrAdd(typeof(TDelegate), static (type, method) => method.CreateDelegate(type), method);
}
