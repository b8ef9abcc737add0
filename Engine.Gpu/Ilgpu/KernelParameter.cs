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
        writer.AddView(AcceleratorMemory.BufferOf(value), AcceleratorMemory.StartOf(value), value.Length, typeof(TElement), Unsafe.SizeOf<TElement>());
}

/// <summary>A structure of numbers and views: a view of several dimensions, an index, or a structure of the user's.</summary>
internal sealed class StructureParameter<T> : IKernelParameter<T>
{
    public void Write(in T value, IlgpuParameter layout, ref LaunchWriter writer)
    {
        // One list for each layout, made by the first thread; two threads at once make equal lists.
        StructureReader<T>[] readers = (StructureReader<T>[])(layout.Readers ??= ReadersOf(layout));
        if (!layout.IsStructure)
        {
            writer.AddNumber(readers[0].Number!(value), IlgpuSignature.KindOf(layout.Fields[0].Type), layout.Size);
            return;
        }

        int count = (layout.Size + sizeof(long) - 1) / sizeof(long);
        Span<long> words = stackalloc long[count];
        Span<KernelArgument> addresses = stackalloc KernelArgument[count];
        Span<bool> isAddress = stackalloc bool[count];
        words.Clear();
        isAddress.Clear();
        for (int i = 0; i < readers.Length; i++)
        {
            IlgpuField part = layout.Fields[i];
            int word = part.Offset / sizeof(long);
            switch (part.Kind)
            {
                case IlgpuFieldKind.Nothing:
                    break;
                case IlgpuFieldKind.ViewStart:
                    ViewRange view = readers[i].View!(value);
                    KernelArgument memory = writer.Hold(view.Buffer, view.Start, view.Length, part.Type, view.ElementSize);
                    if (part.Size == sizeof(long))
                    {
                        (addresses[word], isAddress[word]) = (memory, true);
                    }
                    else
                    {
                        if (writer.Writes)
                        {
                            writer.AddInFront(memory);
                        }

                        Put(words, part, IlgpuArguments.Start(view.Start));
                    }

                    break;
                case IlgpuFieldKind.ViewLength:
                    Put(words, part, readers[i].View!(value).Length);
                    break;
                default:
                    Put(words, part, readers[i].Number!(value));
                    break;
            }
        }

        for (int i = 0; writer.Writes && i < count; i++)
        {
            int size = Math.Min(sizeof(long), layout.Size - (i * sizeof(long)));
            KernelArgument word = isAddress[i] ? addresses[i] : KernelArgument.Raw(words[i], size);
            writer.AddWord(i == 0 ? word : KernelArgument.Continuing(word));
        }
    }

    private static void Put(Span<long> words, IlgpuField part, long bits)
    {
        long mask = part.Size == sizeof(long) ? -1 : (1L << (8 * part.Size)) - 1;
        words[part.Offset / sizeof(long)] |= (bits & mask) << (8 * (part.Offset % sizeof(long)));
    }

    private static StructureReader<T>[] ReadersOf(IlgpuParameter layout) => [.. layout.Fields.Select(ReaderOf)];

    private static StructureReader<T> ReaderOf(IlgpuField part)
    {
        ParameterExpression value = Expression.Parameter(typeof(T));
        Expression member = value;
        foreach (FieldInfo field in part.Path)
        {
            member = Expression.Field(member, field);
        }

        return part.Kind switch
        {
            IlgpuFieldKind.Nothing => default,
            IlgpuFieldKind.Number => new StructureReader<T>(Expression.Lambda<Func<T, long>>(StructureReader.BitsOf(member), value).Compile(), null),
            _ => new StructureReader<T>(null, Expression.Lambda<Func<T, ViewRange>>(StructureReader.RangeOf(member, part.Type), value).Compile()),
        };
    }
}

/// <summary>Where a view lies.</summary>
internal readonly record struct ViewRange(MemoryBuffer? Buffer, long Start, long Length, int ElementSize);

/// <summary>Reads a field of a structure without a box for it: its bits, or of a view its range.</summary>
internal readonly record struct StructureReader<T>(Func<T, long>? Number, Func<T, ViewRange>? View);

/// <summary>Makes the readers of the fields of structures.</summary>
internal static class StructureReader
{
    private static readonly MethodInfo s_bits = ((Func<int, long>)Bits).Method.GetGenericMethodDefinition();
    private static readonly MethodInfo s_range = ((Func<ArrayView<int>, ViewRange>)Range).Method.GetGenericMethodDefinition();

    [UnconditionalSuppressMessage("Trimming", "IL2060", Justification = "The method asks nothing of its type.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Only reached where code can be made at run time.")]
    public static Expression BitsOf(Expression number) => Expression.Call(s_bits.MakeGenericMethod(number.Type), number);

    [UnconditionalSuppressMessage("Trimming", "IL2060", Justification = "As above.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "As above.")]
    public static Expression RangeOf(Expression view, Type element) => Expression.Call(s_range.MakeGenericMethod(element), view);

    private static long Bits<TNumber>(TNumber number)
        where TNumber : unmanaged
    {
        long bits = 0;
        Unsafe.As<long, TNumber>(ref bits) = number;
        return bits;
    }

    private static ViewRange Range<TElement>(ArrayView<TElement> view)
        where TElement : unmanaged => new(AcceleratorMemory.BufferOf(view), AcceleratorMemory.StartOf(view), view.Length, Unsafe.SizeOf<TElement>());
}
