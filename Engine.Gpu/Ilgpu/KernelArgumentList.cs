using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Engine.Gpu;

/// <summary>Arguments whose number and types are known at run time only.</summary>
internal static class KernelArgumentList
{
    private static readonly ConcurrentDictionary<TypeList, ConstructorInvoker> s_constructors = new();

    /// <summary>The arguments with their types.</summary>
    /// <exception cref="ArgumentException">There are more than 12.</exception>
    public static IKernelArguments Of(object[] arguments)
    {
        TypeList types = new([.. arguments.Select(static argument => argument.GetType())]);
        return (IKernelArguments)s_constructors.GetOrAdd(types, static list => ConstructorOf(list.Types)).Invoke(new Span<object?>(arguments));
    }

    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The types have one constructor, which is kept: launches of each number of arguments call it.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "As above.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Only reached where code can be made at run time.")]
    private static ConstructorInvoker ConstructorOf(Type[] types)
    {
        Type open = types.Length switch
        {
            1 => typeof(KernelArguments<>),
            2 => typeof(KernelArguments<,>),
            3 => typeof(KernelArguments<,,>),
            4 => typeof(KernelArguments<,,,>),
            5 => typeof(KernelArguments<,,,,>),
            6 => typeof(KernelArguments<,,,,,>),
            7 => typeof(KernelArguments<,,,,,,>),
            8 => typeof(KernelArguments<,,,,,,,>),
            9 => typeof(KernelArguments<,,,,,,,,>),
            10 => typeof(KernelArguments<,,,,,,,,,>),
            11 => typeof(KernelArguments<,,,,,,,,,,>),
            12 => typeof(KernelArguments<,,,,,,,,,,,>),
            _ => throw new ArgumentException($"A kernel takes 1 to 12 arguments here; there are {types.Length}. Put numbers into a structure."),
        };
        return ConstructorInvoker.Create(open.MakeGenericType(types).GetConstructors()[0]);
    }

    private readonly record struct TypeList(Type[] Types)
    {
        public bool Equals(TypeList other) => Types.AsSpan().SequenceEqual(other.Types);

        public override int GetHashCode()
        {
            HashCode hash = default;
            foreach (Type type in Types)
            {
                hash.Add(type);
            }

            return hash.ToHashCode();
        }
    }
}
