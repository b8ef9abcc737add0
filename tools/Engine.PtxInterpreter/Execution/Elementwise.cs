using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.PtxInterpreter;

internal interface IUnary<TA, TD>
{
    static abstract TD Apply(TA a);
}

internal interface IBinary<TA, TB, TD>
{
    static abstract TD Apply(TA a, TB b);
}

internal interface ITernary<TA, TB, TC, TD>
{
    static abstract TD Apply(TA a, TB b, TC c);
}

internal interface IVectorBinary<T> : IBinary<T, T, T>
{
    static abstract Vector<T> Apply(Vector<T> a, Vector<T> b);
}

internal interface IVectorTernary<T> : ITernary<T, T, T, T>
{
    static abstract Vector<T> Apply(Vector<T> a, Vector<T> b, Vector<T> c);
}

/// <summary>d = f(a), thread by thread.</summary>
internal sealed unsafe class Unary<TA, TD, TOp>(int d, int a) : Operation
    where TA : unmanaged
    where TD : unmanaged
    where TOp : struct, IUnary<TA, TD>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        TD* to = (TD*)(block.Frame + d);
        TA* from = (TA*)(block.Frame + a);
        int* list = block.List;
        int end = block.Count;
        if (list == null)
        {
            end += block.Start;
            for (int i = block.Start; i < end; i++)
            {
                to[i] = TOp.Apply(from[i]);
            }
        }
        else
        {
            for (int j = 0; j < end; j++)
            {
                int i = list[j];
                to[i] = TOp.Apply(from[i]);
            }
        }
    }
}

/// <summary>d = f(a, b), thread by thread.</summary>
internal sealed unsafe class Binary<TA, TB, TD, TOp>(int d, int a, int b) : Operation
    where TA : unmanaged
    where TB : unmanaged
    where TD : unmanaged
    where TOp : struct, IBinary<TA, TB, TD>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        TD* to = (TD*)(block.Frame + d);
        TA* left = (TA*)(block.Frame + a);
        TB* right = (TB*)(block.Frame + b);
        int* list = block.List;
        int end = block.Count;
        if (list == null)
        {
            end += block.Start;
            for (int i = block.Start; i < end; i++)
            {
                to[i] = TOp.Apply(left[i], right[i]);
            }
        }
        else
        {
            for (int j = 0; j < end; j++)
            {
                int i = list[j];
                to[i] = TOp.Apply(left[i], right[i]);
            }
        }
    }
}

/// <summary>d = f(a, b, c), thread by thread.</summary>
internal sealed unsafe class Ternary<TA, TB, TC, TD, TOp>(int d, int a, int b, int c) : Operation
    where TA : unmanaged
    where TB : unmanaged
    where TC : unmanaged
    where TD : unmanaged
    where TOp : struct, ITernary<TA, TB, TC, TD>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        TD* to = (TD*)(block.Frame + d);
        TA* first = (TA*)(block.Frame + a);
        TB* second = (TB*)(block.Frame + b);
        TC* third = (TC*)(block.Frame + c);
        int* list = block.List;
        int end = block.Count;
        if (list == null)
        {
            end += block.Start;
            for (int i = block.Start; i < end; i++)
            {
                to[i] = TOp.Apply(first[i], second[i], third[i]);
            }
        }
        else
        {
            for (int j = 0; j < end; j++)
            {
                int i = list[j];
                to[i] = TOp.Apply(first[i], second[i], third[i]);
            }
        }
    }
}

/// <summary>d = f(a, b), a vector of threads at a time where they lie side by side.</summary>
internal sealed unsafe class VectorBinary<T, TOp>(int d, int a, int b) : Operation
    where T : unmanaged
    where TOp : struct, IVectorBinary<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        T* to = (T*)(block.Frame + d);
        T* left = (T*)(block.Frame + a);
        T* right = (T*)(block.Frame + b);
        int* list = block.List;
        int end = block.Count;
        if (list == null)
        {
            int i = block.Start;
            end += i;
            for (; i <= end - Vector<T>.Count; i += Vector<T>.Count)
            {
                Vector.Store(TOp.Apply(Vector.Load(left + i), Vector.Load(right + i)), to + i);
            }

            for (; i < end; i++)
            {
                to[i] = TOp.Apply(left[i], right[i]);
            }
        }
        else
        {
            for (int j = 0; j < end; j++)
            {
                int i = list[j];
                to[i] = TOp.Apply(left[i], right[i]);
            }
        }
    }
}

/// <summary>d = f(a, b, c), a vector of threads at a time where they lie side by side.</summary>
internal sealed unsafe class VectorTernary<T, TOp>(int d, int a, int b, int c) : Operation
    where T : unmanaged
    where TOp : struct, IVectorTernary<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Block block)
    {
        T* to = (T*)(block.Frame + d);
        T* first = (T*)(block.Frame + a);
        T* second = (T*)(block.Frame + b);
        T* third = (T*)(block.Frame + c);
        int* list = block.List;
        int end = block.Count;
        if (list == null)
        {
            int i = block.Start;
            end += i;
            for (; i <= end - Vector<T>.Count; i += Vector<T>.Count)
            {
                Vector.Store(TOp.Apply(Vector.Load(first + i), Vector.Load(second + i), Vector.Load(third + i)), to + i);
            }

            for (; i < end; i++)
            {
                to[i] = TOp.Apply(first[i], second[i], third[i]);
            }
        }
        else
        {
            for (int j = 0; j < end; j++)
            {
                int i = list[j];
                to[i] = TOp.Apply(first[i], second[i], third[i]);
            }
        }
    }
}

/// <summary>d = a: bits of any type.</summary>
internal sealed unsafe class Move<T>(int d, int a) : Operation
    where T : unmanaged
{
    public override void Execute(Block block)
    {
        T* to = (T*)(block.Frame + d);
        T* from = (T*)(block.Frame + a);
        if (block.List == null)
        {
            new ReadOnlySpan<T>(from + block.Start, block.Count).CopyTo(new Span<T>(to + block.Start, block.Count));
        }
        else
        {
            for (int j = 0; j < block.Count; j++)
            {
                to[block.List[j]] = from[block.List[j]];
            }
        }
    }
}
