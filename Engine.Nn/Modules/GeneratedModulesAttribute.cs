using System.ComponentModel;

namespace Engine.Nn;

/// <summary>
/// Written by the source generator into every assembly that it sees: all modules there list their members. Not to be written by hand, for
/// without it a module whose members nothing lists is refused.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class GeneratedModulesAttribute : Attribute;
