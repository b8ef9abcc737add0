using ILGPU;

namespace Engine.Gpu;

/// <summary>The arguments of a launch with their types.</summary>
internal interface IKernelArguments
{
    /// <summary>Writes them one after another.</summary>
    void Write(ref LaunchWriter writer);

    /// <summary>A delegate to a method whose parameters are an index and these.</summary>
    Type IndexedDelegate(Type index);

    /// <summary>The method as a function of the index alone, the arguments bound.</summary>
    Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct;

    /// <summary>A delegate to a method whose parameters are these alone.</summary>
    Type GroupedDelegate { get; }

    /// <summary>Such a method as a function of nothing, the arguments bound.</summary>
    Action Bind(Delegate kernel);
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1>(T1 a1) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1>) : typeof(Action<Index3D, T1>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1>)kernel;
        T1 b1 = a1;
        return index => call(index, b1);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1>)kernel;
        T1 b1 = a1;
        return () => call(b1);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2>(T1 a1, T2 a2) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1, T2>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1, T2>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1, T2>) : typeof(Action<Index3D, T1, T2>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1, T2>)kernel;
        T1 b1 = a1; T2 b2 = a2;
        return index => call(index, b1, b2);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1, T2>)kernel;
        T1 b1 = a1; T2 b2 = a2;
        return () => call(b1, b2);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3>(T1 a1, T2 a2, T3 a3) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1, T2, T3>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1, T2, T3>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1, T2, T3>) : typeof(Action<Index3D, T1, T2, T3>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1, T2, T3>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3;
        return index => call(index, b1, b2, b3);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1, T2, T3>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3;
        return () => call(b1, b2, b3);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4>(T1 a1, T2 a2, T3 a3, T4 a4) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1, T2, T3, T4>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1, T2, T3, T4>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1, T2, T3, T4>) : typeof(Action<Index3D, T1, T2, T3, T4>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1, T2, T3, T4>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4;
        return index => call(index, b1, b2, b3, b4);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1, T2, T3, T4>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4;
        return () => call(b1, b2, b3, b4);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1, T2, T3, T4, T5>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
        writer.Add(a5);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1, T2, T3, T4, T5>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1, T2, T3, T4, T5>) : typeof(Action<Index3D, T1, T2, T3, T4, T5>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1, T2, T3, T4, T5>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5;
        return index => call(index, b1, b2, b3, b4, b5);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1, T2, T3, T4, T5>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5;
        return () => call(b1, b2, b3, b4, b5);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1, T2, T3, T4, T5, T6>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
        writer.Add(a5);
        writer.Add(a6);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1, T2, T3, T4, T5, T6>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1, T2, T3, T4, T5, T6>) : typeof(Action<Index3D, T1, T2, T3, T4, T5, T6>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1, T2, T3, T4, T5, T6>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6;
        return index => call(index, b1, b2, b3, b4, b5, b6);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1, T2, T3, T4, T5, T6>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6;
        return () => call(b1, b2, b3, b4, b5, b6);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1, T2, T3, T4, T5, T6, T7>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
        writer.Add(a5);
        writer.Add(a6);
        writer.Add(a7);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1, T2, T3, T4, T5, T6, T7>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1, T2, T3, T4, T5, T6, T7>) : typeof(Action<Index3D, T1, T2, T3, T4, T5, T6, T7>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1, T2, T3, T4, T5, T6, T7>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7;
        return index => call(index, b1, b2, b3, b4, b5, b6, b7);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1, T2, T3, T4, T5, T6, T7>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7;
        return () => call(b1, b2, b3, b4, b5, b6, b7);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1, T2, T3, T4, T5, T6, T7, T8>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
        writer.Add(a5);
        writer.Add(a6);
        writer.Add(a7);
        writer.Add(a8);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1, T2, T3, T4, T5, T6, T7, T8>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1, T2, T3, T4, T5, T6, T7, T8>) : typeof(Action<Index3D, T1, T2, T3, T4, T5, T6, T7, T8>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7; T8 b8 = a8;
        return index => call(index, b1, b2, b3, b4, b5, b6, b7, b8);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1, T2, T3, T4, T5, T6, T7, T8>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7; T8 b8 = a8;
        return () => call(b1, b2, b3, b4, b5, b6, b7, b8);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1, T2, T3, T4, T5, T6, T7, T8, T9>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
        writer.Add(a5);
        writer.Add(a6);
        writer.Add(a7);
        writer.Add(a8);
        writer.Add(a9);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1, T2, T3, T4, T5, T6, T7, T8, T9>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1, T2, T3, T4, T5, T6, T7, T8, T9>) : typeof(Action<Index3D, T1, T2, T3, T4, T5, T6, T7, T8, T9>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7; T8 b8 = a8; T9 b9 = a9;
        return index => call(index, b1, b2, b3, b4, b5, b6, b7, b8, b9);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1, T2, T3, T4, T5, T6, T7, T8, T9>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7; T8 b8 = a8; T9 b9 = a9;
        return () => call(b1, b2, b3, b4, b5, b6, b7, b8, b9);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
        writer.Add(a5);
        writer.Add(a6);
        writer.Add(a7);
        writer.Add(a8);
        writer.Add(a9);
        writer.Add(a10);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>) : typeof(Action<Index3D, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7; T8 b8 = a8; T9 b9 = a9; T10 b10 = a10;
        return index => call(index, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7; T8 b8 = a8; T9 b9 = a9; T10 b10 = a10;
        return () => call(b1, b2, b3, b4, b5, b6, b7, b8, b9, b10);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
        writer.Add(a5);
        writer.Add(a6);
        writer.Add(a7);
        writer.Add(a8);
        writer.Add(a9);
        writer.Add(a10);
        writer.Add(a11);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>) : typeof(Action<Index3D, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7; T8 b8 = a8; T9 b9 = a9; T10 b10 = a10; T11 b11 = a11;
        return index => call(index, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7; T8 b8 = a8; T9 b9 = a9; T10 b10 = a10; T11 b11 = a11;
        return () => call(b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12) : IKernelArguments
{
    public Type GroupedDelegate => typeof(Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>);

    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
        writer.Add(a5);
        writer.Add(a6);
        writer.Add(a7);
        writer.Add(a8);
        writer.Add(a9);
        writer.Add(a10);
        writer.Add(a11);
        writer.Add(a12);
    }

    public Type IndexedDelegate(Type index) => index == typeof(Index1D) ? typeof(Action<Index1D, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>) : index == typeof(Index2D) ? typeof(Action<Index2D, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>) : typeof(Action<Index3D, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>);

    public Action<TIndex> Bind<TIndex>(Delegate kernel)
        where TIndex : struct
    {
        var call = (Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7; T8 b8 = a8; T9 b9 = a9; T10 b10 = a10; T11 b11 = a11; T12 b12 = a12;
        return index => call(index, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12);
    }

    public Action Bind(Delegate kernel)
    {
        var call = (Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>)kernel;
        T1 b1 = a1; T2 b2 = a2; T3 b3 = a3; T4 b4 = a4; T5 b5 = a5; T6 b6 = a6; T7 b7 = a7; T8 b8 = a8; T9 b9 = a9; T10 b10 = a10; T11 b11 = a11; T12 b12 = a12;
        return () => call(b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12);
    }
}
