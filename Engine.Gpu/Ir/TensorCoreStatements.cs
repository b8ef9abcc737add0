namespace Engine.Gpu;

/// <summary>A matrix multiply-accumulate of one warp; element types of A and B, accumulators are Float32.</summary>
internal enum MmaShape : byte
{
    /// <summary>16×8×8, tf32: A 4 registers, B 2, C and D 4 floats.</summary>
    M16N8K8Tf32,

    /// <summary>16×8×16, half: A 4 registers of two float16 or bfloat16, B 2, C and D 4 floats.</summary>
    M16N8K16Float16,

    /// <summary>16×8×16, bfloat16, laid out as half.</summary>
    M16N8K16BFloat16,
}

/// <summary>D = A·B + C over a warp; CUDA with compute capability 80.</summary>
internal sealed class MmaStatement(MmaShape shape, Value[] a, Value[] b, Value[] c, Value[] results) : Statement
{
    /// <summary>Sizes and types.</summary>
    public MmaShape Shape { get; } = shape;

    /// <summary>This lane's part of A, UInt32 registers.</summary>
    public Value[] A { get; } = a;

    /// <summary>This lane's part of B, UInt32 registers.</summary>
    public Value[] B { get; } = b;

    /// <summary>This lane's part of C.</summary>
    public Value[] C { get; } = c;

    /// <summary>This lane's part of D.</summary>
    public Value[] Results { get; } = results;
}

/// <summary>Loads four 8×8 matrices of 16-bit elements from shared memory, one row address a lane; CUDA.</summary>
internal sealed class LoadMatrixStatement(Memory memory, Value index, int offset, bool transposed, Value[] results) : Statement
{
    /// <summary>Shared memory.</summary>
    public Memory Memory { get; } = memory;

    /// <summary>Where this lane's row begins, in elements of the memory.</summary>
    public Value Index { get; } = index;

    /// <summary>Added to the index.</summary>
    public int Offset { get; } = offset;

    /// <summary>Whether each matrix is handed out transposed.</summary>
    public bool Transposed { get; } = transposed;

    /// <summary>Four UInt32 registers of two elements.</summary>
    public Value[] Results { get; } = results;
}

/// <summary>Starts copying 4, 8 or 16 bytes from global to shared memory; zeros where the condition does not hold. CUDA with compute capability 80.</summary>
internal sealed class CopyAsyncStatement(Memory shared, Value sharedIndex, int sharedOffset, Memory global, Value globalIndex, int globalOffset, int bytes, Value? condition) : Statement
{
    /// <summary>To where.</summary>
    public Memory Shared { get; } = shared;

    /// <summary>In elements.</summary>
    public Value SharedIndex { get; } = sharedIndex;

    /// <summary>Added to the index.</summary>
    public int SharedOffset { get; } = sharedOffset;

    /// <summary>From where.</summary>
    public Memory Global { get; } = global;

    /// <summary>In elements.</summary>
    public Value GlobalIndex { get; } = globalIndex;

    /// <summary>Added to the index.</summary>
    public int GlobalOffset { get; } = globalOffset;

    /// <summary>4, 8 or 16.</summary>
    public int Bytes { get; } = bytes;

    /// <summary>Whether to read; else zeros are written.</summary>
    public Value? Condition { get; } = condition;
}

/// <summary>Closes a group of asynchronous copies.</summary>
internal sealed class CommitAsyncStatement : Statement;

/// <summary>Waits until at most so many groups of asynchronous copies are under way; a barrier must follow before others read.</summary>
internal sealed class WaitAsyncStatement(int groupsInFlight) : Statement
{
    /// <summary>How many may still be under way.</summary>
    public int GroupsInFlight { get; } = groupsInFlight;
}
