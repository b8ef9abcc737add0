using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Gpu;

/// <summary>
/// How a value of a C# type lies in the parameters of a kernel that ILGPU 1.5.3 has compiled: its fields one after another, each at a multiple
/// of its own size, whatever structures they were in. <see cref="IlgpuSignature"/> checks it against the text.
/// </summary>
internal sealed class IlgpuParameter
{
    /// <summary>Bytes of parameters that CUDA takes in all; OpenCL promises less.</summary>
    private const int MostBytes = 4096;

    private readonly List<IlgpuField> _fields = [];

    private IlgpuParameter(Type type, GpuApi api)
    {
        Type = type;
        Add(type, api, []);
        foreach (IlgpuField field in _fields)
        {
            Alignment = Math.Max(Alignment, field.Size);
        }

        Size = Align(Size, Alignment);
    }

    /// <summary>The type in C#.</summary>
    public Type Type { get; }

    /// <summary>The bytes.</summary>
    public int Size { get; private set; }

    /// <summary>The number of which its offset is a multiple.</summary>
    public int Alignment { get; } = 1;

    /// <summary>Its fields in order.</summary>
    public IReadOnlyList<IlgpuField> Fields => _fields;

    /// <summary>Whether it is passed as a structure; else as one number.</summary>
    public bool IsStructure => _fields.Count > 1;

    /// <summary>How many views it has.</summary>
    public int Views => _fields.Count(static part => part.Kind == IlgpuFieldKind.ViewStart);

    /// <summary>The readers of the fields of a value of this type; the first launch makes them.</summary>
    public object? Readers { get; set; }

    /// <summary>The layout of a type.</summary>
    /// <exception cref="KernelCompilationException">Kernels take no such parameter.</exception>
    public static IlgpuParameter Of(Type type, GpuApi api) => new(type, api);

    /// <summary>The element type of an <see cref="ArrayView{T}"/>; null of anything else.</summary>
    public static Type? ElementOfView(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArrayView<>) ? type.GenericTypeArguments[0] : null;

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A trimmed program may lack fields, which the comparison with the compiled text finds; one compiled ahead of time never comes here.")]
    private void Add(Type type, GpuApi api, FieldInfo[] path)
    {
        if (ElementOfView(type) is { } element)
        {
            if (element == typeof(bool) || element == typeof(char))
            {
                throw new KernelCompilationException($"A kernel cannot take a view of {element.Name}: ILGPU gives its elements other sizes than C#. Take bytes or ushorts; a tensor of truth values is a view of bytes.");
            }

            Add(IlgpuFieldKind.ViewStart, element, api == GpuApi.Cuda ? sizeof(long) : sizeof(int), path);
            Add(IlgpuFieldKind.ViewLength, element, sizeof(long), path);
        }
        else if (SizeOfNumber(type) is > 0 and var size)
        {
            Add(IlgpuFieldKind.Number, type, size, path);
        }
        else if (type.IsValueType && !type.IsPrimitive && !type.IsEnum)
        {
            // Their fields in C# are not all that lies in them, or lie upon each other.
            if (type.IsExplicitLayout || type.IsDefined(typeof(InlineArrayAttribute)) || type.IsDefined(typeof(UnsafeValueTypeAttribute)))
            {
                throw new KernelCompilationException($"A kernel cannot take a {type} as a parameter or a part of one: inline arrays, fixed buffers and explicit layouts are not laid out field by field. Write the fields, or take a view.");
            }

            FieldInfo[] fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
            if (fields.Length == 0)
            {
                Add(IlgpuFieldKind.Nothing, type, 1, path);
            }

            foreach (FieldInfo field in fields)
            {
                Add(field.FieldType, api, [.. path, field]);
            }
        }
        else
        {
            throw new KernelCompilationException(type == typeof(bool)
                ? "A kernel cannot take a bool, alone or in a structure: OpenCL has no size for it, and ILGPU's is not that of C#. Take a byte, and views of bytes for tensors of truth values."
                : $"A kernel cannot take a parameter of type {type}. It takes numbers, views (ArrayView<T> and those of 1 to 3 dimensions) and structures of them.");
        }
    }

    private void Add(IlgpuFieldKind kind, Type type, int size, FieldInfo[] path)
    {
        int offset = Align(Size, size);
        _fields.Add(new IlgpuField(kind, type, size, offset, path));
        Size = offset + size;
        if (Size > MostBytes)
        {
            throw new KernelCompilationException($"A kernel cannot take a {Type} as a parameter: it has more than {MostBytes} bytes. Put the numbers into a tensor and take its view.");
        }
    }

    /// <summary>Whether a type is that of a number, which is passed as it is.</summary>
    public static bool IsNumber(Type type) => SizeOfNumber(type) > 0;

    private static int Align(int offset, int size) => (offset + size - 1) / size * size;

    private static int SizeOfNumber(Type type) => type == typeof(ILGPU.Half) ? 2 : Type.GetTypeCode(type) switch
    {
        TypeCode.SByte or TypeCode.Byte => 1,
        TypeCode.Int16 or TypeCode.UInt16 => 2,
        TypeCode.Int32 or TypeCode.UInt32 or TypeCode.Single => 4,
        TypeCode.Int64 or TypeCode.UInt64 or TypeCode.Double => 8,
        _ => 0,
    };
}
