using System.Globalization;

namespace Engine.Nn;

/// <summary>Names such as <c>layers.0.weight</c>.</summary>
internal static class ModulePath
{
    public static string Join(string path, string name) => path.Length == 0 ? name : name.Length == 0 ? path : path + "." + name;

    public static string Index(int index) => index.ToString(CultureInfo.InvariantCulture);
}
