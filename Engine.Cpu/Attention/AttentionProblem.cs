using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Cpu;

/// <summary>One matrix for each sample and head, with any strides; a null pointer stands for none.</summary>
internal readonly unsafe struct HeadMatrix
{
    private readonly byte* _first;
    private readonly nint _size;
    private readonly nint _sample;
    private readonly nint _head;

    public HeadMatrix(in Operand? operand)
    {
        if (operand is not { } given)
        {
            return;
        }

        ReadOnlySpan<long> strides = given.Layout.Strides;
        _first = (byte*)given.Address;
        _size = given.DType.SizeInBytes();
        (_sample, _head, Row, Column) = ((nint)strides[0], (nint)strides[1], (nint)strides[2], (nint)strides[3]);
    }

    /// <summary>A contiguous [samples, heads, rows, columns].</summary>
    public HeadMatrix(float* first, int heads, int rows, int columns)
    {
        _first = (byte*)first;
        (_size, Row, Column) = (sizeof(float), columns, 1);
        _head = (nint)rows * columns;
        _sample = heads * _head;
    }

    /// <summary>The distance between rows, in elements.</summary>
    public nint Row { get; }

    /// <summary>The distance between columns, in elements.</summary>
    public nint Column { get; }

    /// <summary>Whether there is none.</summary>
    public bool IsNull => _first == null;

    /// <summary>Row <paramref name="row"/> of the matrix of one sample and head.</summary>
    public float* Of(int sample, int head, int row = 0) => (float*)(_first + (((sample * _sample) + (head * _head) + (row * Row)) * _size));
}

/// <summary>What forward and backward have in common: sizes, operands and what hides keys.</summary>
internal unsafe struct AttentionProblem
{
    public int Samples, Heads, Queries, Keys, Depth, Width;

    public HeadMatrix Query, Key, Value, Mask;

    /// <summary>Whether false in the mask hides a key; else the mask is added to the scores.</summary>
    public bool IsBool;

    public bool Causal;

    public float Scale;

    /// <summary>[samples, heads, queries].</summary>
    public float* LogSumExp;

    /// <summary>The products of one sample with one head.</summary>
    public readonly int Products => Samples * Heads;

    public static AttentionProblem Of(in Operand query, in Operand key, in Operand value, in Operand? mask, bool causal, double scale, in Operand logSumExp) => new()
    {
        Samples = query.Shape[0],
        Heads = query.Shape[1],
        Queries = query.Shape[2],
        Keys = key.Shape[2],
        Depth = query.Shape[3],
        Width = value.Shape[3],
        Query = new HeadMatrix(query),
        Key = new HeadMatrix(key),
        Value = new HeadMatrix(value),
        Mask = new HeadMatrix(mask),
        IsBool = mask?.DType == DType.Bool,
        Causal = causal,
        Scale = (float)scale,
        LogSumExp = (float*)logSumExp.Address,
    };

    /// <summary>How many keys a query sees, the mask aside; those before it see no more.</summary>
    public readonly int Seen(int query) => Causal ? Math.Min(Keys, query + 1) : Keys;

    /// <summary>Applies the mask to products of a row or column of the matrix, and says what they are still to be multiplied by: exponentials do that in the instruction that subtracts.</summary>
    /// <param name="products">Neighbouring products of queries and keys.</param>
    /// <param name="count">How many.</param>
    /// <param name="sample">Whose.</param>
    /// <param name="head">Whose.</param>
    /// <param name="query">The first one's query.</param>
    /// <param name="key">The first one's key.</param>
    /// <param name="step">The distance of the mask's neighbours.</param>
    public readonly float Prepare(float* products, int count, int sample, int head, int query, int key, nint step)
    {
        // Otherwise the largest product is not the largest score, or -∞ does not stay.
        bool later = Scale > 0 && float.IsFinite(Scale) && (Mask.IsNull || IsBool);
        if (!later)
        {
            TensorPrimitives.Multiply(new ReadOnlySpan<float>(products, count), Scale, new Span<float>(products, count));
        }

        if (!Mask.IsNull)
        {
            Hide(products, count, MaskAt(sample, head, query, key), step);
        }

        return later ? Scale : 1;
    }

    /// <summary>Applies the mask to scores of a row or column of the matrix, from a query and key on.</summary>
    /// <param name="scores">Neighbouring numbers.</param>
    /// <param name="count">How many.</param>
    /// <param name="mask">The mask of the first; not null.</param>
    /// <param name="step">The distance between its neighbours.</param>
    private readonly void Hide(float* scores, int count, void* mask, nint step)
    {
        if (IsBool)
        {
            byte* shown = (byte*)mask;
            int i = step == 1 ? HideEights(scores, shown, count) : 0;
            for (; i < count; i++)
            {
                scores[i] = shown[i * step] != 0 ? scores[i] : float.NegativeInfinity;
            }
        }
        else
        {
            float* added = (float*)mask;
            if (step == 1)
            {
                TensorPrimitives.Add(new ReadOnlySpan<float>(scores, count), new ReadOnlySpan<float>(added, count), new Span<float>(scores, count));
                return;
            }

            for (int i = 0; i < count; i++)
            {
                scores[i] += added[i * step];
            }
        }
    }

    // Eight scores at a time; how many were done.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int HideEights(float* scores, byte* shown, int count)
    {
        int i = 0;
        for (; Vector256.IsHardwareAccelerated && i <= count - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector128<ushort> eight = Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)(shown + i)).AsByte());
            Vector256<uint> flags = Vector256.Create(Vector128.WidenLower(eight), Vector128.WidenUpper(eight));
            Vector256<float> isHidden = Vector256.Equals(flags, Vector256<uint>.Zero).AsSingle();
            Vector256.ConditionalSelect(isHidden, Vector256.Create(float.NegativeInfinity), Vector256.Load(scores + i)).Store(scores + i);
        }
        return i;
    }

    /// <summary>The mask at a query and key.</summary>
    public readonly void* MaskAt(int sample, int head, int query, int key)
    {
        byte* row = (byte*)Mask.Of(sample, head, query);
        return row + (key * Mask.Column * (IsBool ? 1 : sizeof(float)));
    }
}
