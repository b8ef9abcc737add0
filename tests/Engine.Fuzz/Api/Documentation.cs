using System.Reflection;
using System.Xml.Linq;

namespace Engine.Fuzz.Api;

/// <summary>Which exceptions a member may throw: those of the engine's own families, and whatever its documentation names.</summary>
internal sealed class Documentation
{
    private readonly Dictionary<string, HashSet<string>> _exceptions = [];

    public Documentation()
    {
        XElement[] members = [.. Surface.Assemblies.SelectMany(static a => XDocument.Load(Path.ChangeExtension(a.Location, ".xml")).Descendants("member"))];
        foreach (XElement member in members)
        {
            Of(Key((string)member.Attribute("name")!)).UnionWith(member.Elements("exception").Select(static e => ((string)e.Attribute("cref")!)[2..]));
        }

        foreach (XElement member in members)
        {
            foreach (string source in member.Elements("inheritdoc").Select(static e => (string?)e.Attribute("cref")).OfType<string>())
            {
                Of(Key((string)member.Attribute("name")!)).UnionWith(Of(Key(source)));
            }
        }
    }

    /// <summary>Whether a caller was promised this.</summary>
    public bool Allows(MethodBase member, Exception error) => error switch
    {
        ArgumentException or EngineException or ObjectDisposedException or OperationCanceledException => true,
        _ => Kinds(error.GetType()).Any(kind => IsDocumented(member, kind)),
    };

    private HashSet<string> Of(string name)
    {
        if (!_exceptions.TryGetValue(name, out HashSet<string>? known))
        {
            _exceptions[name] = known = [];
        }

        return known;
    }

    private bool IsDocumented(MethodBase member, string kind)
    {
        string name = member is ConstructorInfo ? "#ctor" : member.Name;
        name = name.StartsWith("get_", StringComparison.Ordinal) || name.StartsWith("set_", StringComparison.Ordinal) ? name[4..] : name;
        return Declarers(member.DeclaringType!).Any(type => _exceptions.TryGetValue(Key($"M:{type}.{name}"), out HashSet<string>? known) && known.Contains(kind));
    }

    private static IEnumerable<string> Kinds(Type? exception)
    {
        for (; exception is not null && exception != typeof(Exception); exception = exception.BaseType)
        {
            yield return exception.FullName!;
        }
    }

    /// <summary>The type, its bases and its interfaces: an override inherits what they document.</summary>
    private static IEnumerable<string> Declarers(Type type)
    {
        for (Type? t = type; t is not null; t = t.BaseType)
        {
            yield return Name(t);
        }

        foreach (Type contract in type.GetInterfaces())
        {
            yield return Name(contract);
        }

        static string Name(Type t) => $"{t.Namespace}.{(t.IsNested ? t.DeclaringType!.Name + "." : string.Empty)}{t.Name}";
    }

    // Overloads and numbers of type parameters are not told apart.
    private static string Key(string id)
    {
        string name = id[2..].Split('(')[0];
        return string.Join('.', name.Split('.').Select(static part => part.Split('`')[0]));
    }
}
