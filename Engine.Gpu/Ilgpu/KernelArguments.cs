namespace Engine.Gpu;

/// <summary>The arguments of a launch with their types.</summary>
internal interface IKernelArguments
{
    /// <summary>Writes them one after another.</summary>
    void Write(ref LaunchWriter writer);

    /// <summary>The method as a function of the index alone, the arguments bound.</summary>
    Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct;

    /// <summary>A method without an index, the arguments bound.</summary>
    Action Bind(MethodDelegates method);
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1>(T1 a1) : IKernelArguments
{
    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
    }

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1> call = method.As<Action<TIndex, T1>>();
        T1 b1 = a1;
        return index => call(index, b1);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1> call = method.As<Action<T1>>();
        T1 b1 = a1;
        return () => call(b1);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2>(T1 a1, T2 a2) : IKernelArguments
{
    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
    }

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1, T2> call = method.As<Action<TIndex, T1, T2>>();
        (T1 b1, T2 b2) = (a1, a2);
        return index => call(index, b1, b2);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1, T2> call = method.As<Action<T1, T2>>();
        (T1 b1, T2 b2) = (a1, a2);
        return () => call(b1, b2);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3>(T1 a1, T2 a2, T3 a3) : IKernelArguments
{
    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
    }

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1, T2, T3> call = method.As<Action<TIndex, T1, T2, T3>>();
        (T1 b1, T2 b2, T3 b3) = (a1, a2, a3);
        return index => call(index, b1, b2, b3);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1, T2, T3> call = method.As<Action<T1, T2, T3>>();
        (T1 b1, T2 b2, T3 b3) = (a1, a2, a3);
        return () => call(b1, b2, b3);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4>(T1 a1, T2 a2, T3 a3, T4 a4) : IKernelArguments
{
    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
    }

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1, T2, T3, T4> call = method.As<Action<TIndex, T1, T2, T3, T4>>();
        (T1 b1, T2 b2, T3 b3, T4 b4) = (a1, a2, a3, a4);
        return index => call(index, b1, b2, b3, b4);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1, T2, T3, T4> call = method.As<Action<T1, T2, T3, T4>>();
        (T1 b1, T2 b2, T3 b3, T4 b4) = (a1, a2, a3, a4);
        return () => call(b1, b2, b3, b4);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5) : IKernelArguments
{
    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
        writer.Add(a5);
    }

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1, T2, T3, T4, T5> call = method.As<Action<TIndex, T1, T2, T3, T4, T5>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5) = (a1, a2, a3, a4, a5);
        return index => call(index, b1, b2, b3, b4, b5);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1, T2, T3, T4, T5> call = method.As<Action<T1, T2, T3, T4, T5>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5) = (a1, a2, a3, a4, a5);
        return () => call(b1, b2, b3, b4, b5);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6) : IKernelArguments
{
    public void Write(ref LaunchWriter writer)
    {
        writer.Add(a1);
        writer.Add(a2);
        writer.Add(a3);
        writer.Add(a4);
        writer.Add(a5);
        writer.Add(a6);
    }

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1, T2, T3, T4, T5, T6> call = method.As<Action<TIndex, T1, T2, T3, T4, T5, T6>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6) = (a1, a2, a3, a4, a5, a6);
        return index => call(index, b1, b2, b3, b4, b5, b6);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1, T2, T3, T4, T5, T6> call = method.As<Action<T1, T2, T3, T4, T5, T6>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6) = (a1, a2, a3, a4, a5, a6);
        return () => call(b1, b2, b3, b4, b5, b6);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7) : IKernelArguments
{
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

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7> call = method.As<Action<TIndex, T1, T2, T3, T4, T5, T6, T7>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7) = (a1, a2, a3, a4, a5, a6, a7);
        return index => call(index, b1, b2, b3, b4, b5, b6, b7);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1, T2, T3, T4, T5, T6, T7> call = method.As<Action<T1, T2, T3, T4, T5, T6, T7>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7) = (a1, a2, a3, a4, a5, a6, a7);
        return () => call(b1, b2, b3, b4, b5, b6, b7);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8) : IKernelArguments
{
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

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8> call = method.As<Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7, T8 b8) = (a1, a2, a3, a4, a5, a6, a7, a8);
        return index => call(index, b1, b2, b3, b4, b5, b6, b7, b8);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1, T2, T3, T4, T5, T6, T7, T8> call = method.As<Action<T1, T2, T3, T4, T5, T6, T7, T8>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7, T8 b8) = (a1, a2, a3, a4, a5, a6, a7, a8);
        return () => call(b1, b2, b3, b4, b5, b6, b7, b8);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9) : IKernelArguments
{
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

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9> call = method.As<Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7, T8 b8, T9 b9) = (a1, a2, a3, a4, a5, a6, a7, a8, a9);
        return index => call(index, b1, b2, b3, b4, b5, b6, b7, b8, b9);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1, T2, T3, T4, T5, T6, T7, T8, T9> call = method.As<Action<T1, T2, T3, T4, T5, T6, T7, T8, T9>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7, T8 b8, T9 b9) = (a1, a2, a3, a4, a5, a6, a7, a8, a9);
        return () => call(b1, b2, b3, b4, b5, b6, b7, b8, b9);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10) : IKernelArguments
{
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

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> call = method.As<Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7, T8 b8, T9 b9, T10 b10) = (a1, a2, a3, a4, a5, a6, a7, a8, a9, a10);
        return index => call(index, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> call = method.As<Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7, T8 b8, T9 b9, T10 b10) = (a1, a2, a3, a4, a5, a6, a7, a8, a9, a10);
        return () => call(b1, b2, b3, b4, b5, b6, b7, b8, b9, b10);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11) : IKernelArguments
{
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

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> call = method.As<Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7, T8 b8, T9 b9, T10 b10, T11 b11) = (a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11);
        return index => call(index, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> call = method.As<Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7, T8 b8, T9 b9, T10 b10, T11 b11) = (a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11);
        return () => call(b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11);
    }
}

/// <inheritdoc/>
internal readonly struct KernelArguments<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12) : IKernelArguments
{
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

    public Action<TIndex> Bind<TIndex>(MethodDelegates method)
        where TIndex : struct
    {
        Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> call = method.As<Action<TIndex, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7, T8 b8, T9 b9, T10 b10, T11 b11, T12 b12) = (a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12);
        return index => call(index, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12);
    }

    public Action Bind(MethodDelegates method)
    {
        Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> call = method.As<Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>>();
        (T1 b1, T2 b2, T3 b3, T4 b4, T5 b5, T6 b6, T7 b7, T8 b8, T9 b9, T10 b10, T11 b11, T12 b12) = (a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12);
        return () => call(b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12);
    }
}
