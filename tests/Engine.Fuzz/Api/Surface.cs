using System.Reflection;
using System.Runtime.CompilerServices;
using Engine.Cpu;
using Engine.Gpu;
using Engine.Nn;

namespace Engine.Fuzz.Api;

/// <summary>Every public member of the four libraries that can be called, and the few that must not be, each with its reason.</summary>
internal sealed class Surface
{
    /// <summary>What a type parameter may stand for; the constraints choose.</summary>
    private static readonly Type[] s_typeArguments = [typeof(float), typeof(double), typeof(long), typeof(int), typeof(byte), typeof(bool), typeof(Half), typeof(decimal), typeof(string), typeof(Linear), typeof(Sequential)];

    /// <summary>Type or type.member: why random arguments say nothing about it.</summary>
    private static readonly Dictionary<string, string> s_exempt = new()
    {
        ["Backend"] = "the seam to the kernels: Core checks, backends compute on addresses",
        ["Storage.Wrap"] = "takes an address on trust",
        ["Storage.Handle"] = "takes an address on trust",
        ["Operand.Address"] = "takes an address on trust",
        ["CpuDevice.RunParts"] = "as HostDevice's",
        ["HostDevice.RunParts"] = "runs as many parts as it is told to, and a random number of them takes for ever",
        ["Device.Register"] = "registers foreign code for the whole process",
        ["GpuDevice"] = "needs a card",
        ["CudaDevice"] = "needs a card, or takes handles on trust",
        ["OpenClDevice"] = "needs a card, or takes handles on trust",
    };

    /// <summary>What kernels are handed, all of it on trust.</summary>
    private static readonly HashSet<Type> s_seam = [.. typeof(Backend).GetMethods().SelectMany(static m => m.GetParameters()).Select(static p => p.ParameterType.GetElementType()).OfType<Type>().Where(static t => t.IsByRefLike)];

    /// <summary>To look behind a fault that ends the process, by hand only.</summary>
    private static readonly string[] s_skipped = (Environment.GetEnvironmentVariable("ENGINE_FUZZ_SKIP") ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries);

    private readonly HashSet<string> _used = [];

    public Surface()
    {
        foreach (Type type in Assemblies.SelectMany(static a => a.GetExportedTypes()))
        {
            if (type.IsEnum || type.IsInterface || s_seam.Contains(type) || typeof(Delegate).IsAssignableFrom(type))
            {
                continue;
            }

            Types.Add(type);
            foreach (Type closed in Close(type))
            {
                Add(closed);
            }
        }

        Faults.AddRange(s_exempt.Keys.Except(_used).Select(static name => $"the exemption '{name}' fits no member any more"));
    }

    public static Assembly[] Assemblies { get; } = [typeof(Tensor).Assembly, typeof(CpuDevice).Assembly, typeof(GpuDevice).Assembly, typeof(Layer).Assembly];

    public List<Type> Types { get; } = [];

    public List<Invoker> Members { get; } = [];

    /// <summary>Members that cannot be called and are not exempt, and exemptions of nothing.</summary>
    public List<string> Faults { get; } = [];

    public static string NameOf(MethodBase member) => $"{TypeName(member.DeclaringType!)}.{member.Name}";

    public static bool IsInit(PropertyInfo property) =>
        property.SetMethod is { IsPublic: true } setter && setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static string TypeName(Type type) => type.Name.Split('`')[0];

    private void Add(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        HashSet<MethodInfo> inits = [.. type.GetProperties(Declared).Where(IsInit).Select(static p => p.SetMethod!)];
        IEnumerable<MethodBase> members = type.GetMethods(Declared).Where(m => !m.Name.StartsWith('<') && !inits.Contains(m)).SelectMany(Close);
        if (!type.IsAbstract)
        {
            members = members.Concat(type.GetConstructors());
        }

        foreach (MethodBase member in members)
        {
            string name = member.Name.StartsWith("get_", StringComparison.Ordinal) ? member.Name[4..] : member.Name;
            if (s_exempt.ContainsKey(TypeName(type)) || s_exempt.ContainsKey($"{TypeName(type)}.{name}"))
            {
                _used.Add(TypeName(type));
                _used.Add($"{TypeName(type)}.{name}");
                continue;
            }

            if (s_skipped.Contains($"{TypeName(type)}.{name}") || s_skipped.Contains(TypeName(type)))
            {
                Console.WriteLine($"skipped: {NameOf(member)}");
                continue;
            }

            try
            {
                Members.Add(Invoker.Make(member));
            }
            catch (NotSupportedException error)
            {
                Faults.Add($"{NameOf(member)} cannot be called: {error.Message}");
            }
        }
    }

    private static IEnumerable<Type> Close(Type type)
    {
        if (!type.ContainsGenericParameters)
        {
            return [type];
        }

        return s_typeArguments.Select(argument => Try(() => type.MakeGenericType(argument))).OfType<Type>().Take(3);
    }

    private static IEnumerable<MethodBase> Close(MethodInfo method)
    {
        if (!method.IsGenericMethodDefinition)
        {
            return [method];
        }

        return s_typeArguments.Select(argument => Try(() => method.MakeGenericMethod([.. method.GetGenericArguments().Select(_ => argument)]))).OfType<MethodInfo>();
    }

    private static T? Try<T>(Func<T> make)
        where T : class
    {
        try
        {
            return make();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
