namespace Engine.Cpu;

/// <summary>The formula of an operation with one argument; <see cref="TileLoops"/> has the loop.</summary>
internal interface IUnaryOp
{
    static abstract V Invoke<V>(V a) where V : unmanaged, ISimd<V>;
}

/// <summary>The formula of an operation with two arguments.</summary>
internal interface IBinaryOp
{
    static abstract V Invoke<V>(V a, V b) where V : unmanaged, ISimd<V>;
}

/// <summary>The formula of an operation with three arguments.</summary>
internal interface ITernaryOp
{
    static abstract V Invoke<V>(V a, V b, V c) where V : unmanaged, ISimd<V>;
}

/// <summary>The formula of an operation with four arguments.</summary>
internal interface IQuaternaryOp
{
    static abstract V Invoke<V>(V a, V b, V c, V d) where V : unmanaged, ISimd<V>;
}
