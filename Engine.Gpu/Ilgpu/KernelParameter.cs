using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Gpu;

/// <summary>Writes values of a type into the arguments of a launch.</summary>
internal interface IKernelParameter<T>
{
    void Write(in T value, IlgpuParameter layout, ref LaunchWriter writer);
}

/// <summary>The writer of a type, found once.</summary>
internal static class KernelParameter<T>
{
    public static readonly IKernelParameter<T> Writer = Choose();

    private static IKernelParameter<T> Choose()
    {
        if (IlgpuParameter.ElementOfView(typeof(T)) is not { } element)
        {
            return IlgpuParameter.IsNumber(typeof(T)) ? new NumberParameter<T>() : new StructureParameter<T>();
        }

        if (IlgpuCompiler.IsSupported)
        {
            return (IKernelParameter<T>)Activator.CreateInstance(ViewParameterOf(element))!;
        }

        throw new PlatformNotSupportedException();
    }

    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The type's only member that matters is the interface it is cast to.")]
    [UnconditionalSuppressMessage("Trimming", "IL2071", Justification = "The constructor is called below for one type at least.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Only reached where code can be made at run time.")]
    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)]
    private static Type ViewParameterOf(Type element) => typeof(ViewParameter<>).MakeGenericType(element);
}

/// <summary>A number.</summary>
internal sealed class NumberParameter<T> : IKernelParameter<T>
{
    private static readonly ArgumentKind s_kind = IlgpuSignature.KindOf(typeof(T));

    public void Write(in T value, IlgpuParameter layout, ref LaunchWriter writer)
    {
        long bits = 0;
        Unsafe.As<long, T>(ref bits) = value;
        writer.AddNumber(bits, s_kind, Unsafe.SizeOf<T>());
    }
}

/// <summary>A view of one dimension.</summary>
internal sealed class ViewParameter<TElement> : IKernelParameter<ArrayView<TElement>>
    where TElement : unmanaged
{
    public void Write(in ArrayView<TElement> value, IlgpuParameter layout, ref LaunchWriter writer) =>
        writer.AddView(BufferOf(value), StartOf(value), value.Length, typeof(TElement), Unsafe.SizeOf<TElement>());

    private static MemoryBuffer? BufferOf<TView>(TView view)
        where TView : struct, IArrayView => view.Buffer;

    private static long StartOf<TView>(TView view)
        where TView : struct, IContiguousArrayView => view.Index;
}

/// <summary>A structure of numbers and views: a view of several dimensions, an index, or a structure of the user's.</summary>
internal sealed class StructureParameter<T> : IKernelParameter<T>
{
    private readonly Dictionary<IlgpuParameter, Func<T, object>[]> _readers = [];
    private readonly Lock _lock = new();

    public void Write(in T value, IlgpuParameter layout, ref LaunchWriter writer)
    {
        Func<T, object>[] readers = ReadersOf(layout);
        if (!layout.IsStructure)
        {
            (long number, int size) = BitsOf(readers[0](value));
            writer.AddNumber(number, IlgpuSignature.KindOf(layout.Fields[0].Type), size);
            return;
        }

        Span<long> words = stackalloc long[(layout.Size + sizeof(long) - 1) / sizeof(long)];
        words.Clear();
        Span<KernelArgument> addresses = stackalloc KernelArgument[words.Length];
        addresses.Clear();
        for (int i = 0; i < layout.Fields.Count; i++)
        {
            IlgpuField part = layout.Fields[i];
            switch (part.Kind)
            {
                case IlgpuFieldKind.Nothing:
                    break;
                case IlgpuFieldKind.ViewStart:
                    IContiguousArrayView view = (IContiguousArrayView)readers[i](value);
                    KernelArgument memory = writer.Hold(view.Buffer, view.Index, view.Length, part.Type, view.ElementSize);
                    if (part.Size == sizeof(long))
                    {
                        addresses[part.Offset / sizeof(long)] = memory;
                    }
                    else
                    {
                        if (writer.Writes)
                        {
                            writer.AddInFront(memory);
                        }

                        Put(words, part, IlgpuArguments.Start(view.Index));
                    }

                    break;
                case IlgpuFieldKind.ViewLength:
                    Put(words, part, ((IContiguousArrayView)readers[i](value)).Length);
                    break;
                default:
                    Put(words, part, BitsOf(readers[i](value)).Bits);
                    break;
            }
        }

        for (int i = 0; writer.Writes && i < words.Length; i++)
        {
            int size = Math.Min(sizeof(long), layout.Size - (i * sizeof(long)));
            KernelArgument word = IsAddress(layout, i) ? addresses[i] : KernelArgument.Raw(words[i], size);
            writer.AddWord(i == 0 ? word : KernelArgument.Continuing(word));
        }
    }

    private static bool IsAddress(IlgpuParameter layout, int word) =>
        layout.Fields.Any(part => part is { Kind: IlgpuFieldKind.ViewStart, Size: sizeof(long) } && part.Offset == word * sizeof(long));

    private static void Put(Span<long> words, IlgpuField part, long bits)
    {
        long mask = part.Size == sizeof(long) ? -1 : (1L << (8 * part.Size)) - 1;
        words[part.Offset / sizeof(long)] |= (bits & mask) << (8 * (part.Offset % sizeof(long)));
    }

    private static (long Bits, int Size) BitsOf(object number) => number switch
    {
        byte n => (n, 1),
        sbyte n => (n, 1),
        short n => (n, 2),
        ushort n => (n, 2),
        ILGPU.Half n => (Unsafe.BitCast<ILGPU.Half, ushort>(n), 2),
        int n => (n, 4),
        uint n => (n, 4),
        float n => (BitConverter.SingleToInt32Bits(n), 4),
        long n => (n, 8),
        ulong n => ((long)n, 8),
        double n => (BitConverter.DoubleToInt64Bits(n), 8),
        Enum n => BitsOf(Convert.ChangeType(n, n.GetTypeCode(), System.Globalization.CultureInfo.InvariantCulture)),
        _ => throw new KernelCompilationException($"A kernel cannot take a field of type {number.GetType()}."),
    };

    private Func<T, object>[] ReadersOf(IlgpuParameter layout)
    {
        lock (_lock)
        {
            if (!_readers.TryGetValue(layout, out Func<T, object>[]? readers))
            {
                _readers[layout] = readers = [.. layout.Fields.Select(ReaderOf)];
            }

            return readers;
        }
    }

    private static Func<T, object> ReaderOf(IlgpuField part)
    {
        ParameterExpression value = Expression.Parameter(typeof(T));
        Expression member = value;
        foreach (FieldInfo field in part.Path)
        {
            member = Expression.Field(member, field);
        }

        return Expression.Lambda<Func<T, object>>(Expression.Convert(member, typeof(object)), value).Compile();
    }
}
