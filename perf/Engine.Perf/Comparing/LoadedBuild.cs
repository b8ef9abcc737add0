using System.Collections;
using System.Reflection;
using System.Runtime.Loader;

namespace Engine.Perf.Comparing;

/// <summary>Another build of the engine and its benchmark, loaded beside this one: its types are its own, so everything goes by reflection up to the calls that are timed.</summary>
internal sealed class LoadedBuild
{
    private const BindingFlags AnyStatic = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static, AnyInstance = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance;

    private readonly Dictionary<string, object> _rows;

    /// <param name="folder">The folder of an <c>Engine.Perf.dll</c> with what it refers to.</param>
    /// <param name="threads">Threads of its CPU kernels.</param>
    public LoadedBuild(string folder, int threads)
    {
        FolderContext context = new(Path.GetFullPath(folder));
        Assembly core = context.LoadFromAssemblyName(new("Engine.Core")), perf = context.LoadFromAssemblyName(new("Engine.Perf"));
        Type device = Required(core.GetType("Engine.Device"), "Engine.Device");
        object cpu = Required(device.GetProperty("Cpu")?.GetValue(null), "Device.Cpu");
        device.GetProperty("Threads")?.SetValue(cpu, threads);
        device.GetProperty("Default")?.SetValue(null, cpu);
        MethodInfo list = Required(perf.GetType("Engine.Perf.WorkloadList")?.GetMethod("For", AnyStatic), "WorkloadList.For");
        object precision = Enum.ToObject(list.GetParameters()[^1].ParameterType, 0);
        _rows = ((IEnumerable)list.Invoke(null, [cpu, false, precision])!).Cast<object>().ToDictionary(static row => (string)Of(row, "Name"));
    }

    /// <summary>The names of its rows.</summary>
    public IEnumerable<string> Names => _rows.Keys;

    /// <summary>Makes the data of a row and returns its call, or null if the build has no such row.</summary>
    public Action? Prepare(string name) => _rows.TryGetValue(name, out object? row) ? ((Func<Action>)Of(row, "Prepare"))() : null;

    private static object Of(object row, string property) => Required(row.GetType().GetProperty(property, AnyInstance)?.GetValue(row), property);

    /// <summary>Takes the folder's assemblies first: this program has some of the same names.</summary>
    private sealed class FolderContext(string folder) : AssemblyLoadContext(folder)
    {
        protected override Assembly? Load(AssemblyName assemblyName) => Path.Combine(Name!, assemblyName.Name + ".dll") is var file && File.Exists(file) ? LoadFromAssemblyPath(file) : null;
    }

    private static T Required<T>(T? value, string name) where T : class => value ?? throw new InvalidOperationException($"The build has no {name}.");
}
