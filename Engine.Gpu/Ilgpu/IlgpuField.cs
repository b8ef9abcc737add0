using System.Reflection;

namespace Engine.Gpu;

/// <summary>The kinds of parts, of eight bytes or fewer, of a kernel's parameter.</summary>
internal enum IlgpuFieldKind : byte
{
    /// <summary>A number.</summary>
    Number,

    /// <summary>Where a view begins: an address in PTX, the number of its first element in OpenCL C.</summary>
    ViewStart,

    /// <summary>How many elements a view has.</summary>
    ViewLength,

    /// <summary>The byte of a structure without fields.</summary>
    Nothing,
}

/// <summary>A field of a parameter, structures inside of structures taken apart.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Type">Of a number its type, of a view that of its elements.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Offset">Where it lies in the parameter.</param>
/// <param name="Path">The fields that lead to it in C#, outermost first; empty where the parameter is the value itself.</param>
internal sealed record IlgpuField(IlgpuFieldKind Kind, Type Type, int Size, int Offset, FieldInfo[] Path);
