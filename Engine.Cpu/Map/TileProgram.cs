namespace Engine.Cpu;

/// <summary>One kernel call of a tile program: its arguments and results are entries First … First + Count − 1 of the slot list.</summary>
internal readonly unsafe struct TileStep(delegate*<byte**, nint*, nint, void> kernel, int first, int count, delegate*<byte**, nint*, nint, void> streamed = null)
{
    /// <summary>The kernel that writes past the caches, or null.</summary>
    public delegate*<byte**, nint*, nint, void> Streamed => streamed;

    public delegate*<byte**, nint*, nint, void> Kernel => kernel;

    public int First => first;

    public int Count => count;
}

/// <summary>The content of a source: an input tensor, the element numbers, or random numbers keyed by four parameters.</summary>
/// <param name="Kind">Input, Index or Random.</param>
/// <param name="Number">Which input, or the first parameter of a random key.</param>
/// <param name="LastUse">The last step that reads it.</param>
internal readonly record struct TileSource(ScalarOpcode Kind, int Number, int LastUse);

/// <summary>
/// A <see cref="MapProgram"/> made ready for the interpreter: kernels to call on tiles, with their values in numbered slots. Slots are,
/// in this order: uniforms (one value for the whole call), sources, temporaries (tile buffers, reused as soon as their value is dead)
/// and outputs.
/// </summary>
internal sealed class TileProgram
{
    /// <summary>The type in which the steps compute.</summary>
    public required DType ComputeType { get; init; }

    public required TileStep[] Steps { get; init; }

    /// <summary>The slot numbers of all steps.</summary>
    public required int[] Slots { get; init; }

    public required TileUniforms Uniforms { get; init; }

    public required TileSource[] Sources { get; init; }

    /// <summary>Number of tile buffers for values between steps.</summary>
    public required int Temporaries { get; init; }

    /// <summary>The slot of each output's value. Where values stay in tiles (reductions) it may be that of a source or uniform.</summary>
    public required int[] OutputSlots { get; init; }

    /// <summary>For each output in memory the step that writes it. An input in the same memory that is read later forbids writing in place.</summary>
    public required int[] DefiningSteps { get; init; }

    /// <summary>Rough work per element, an addition being 1.</summary>
    public required int Cost { get; init; }

    /// <summary>Whether the program does nothing but pass one of its inputs on.</summary>
    public required bool IsCopy { get; init; }

    /// <summary>Number of outputs in memory.</summary>
    public int Outputs => DefiningSteps.Length;

    public int FirstSource => Uniforms.Count;

    public int FirstTemporary => FirstSource + Sources.Length;

    public int FirstOutput => FirstTemporary + Temporaries;

    public int SlotCount => FirstOutput + Outputs;

    /// <summary>Whether any value is counted by element: the element's number, or a random one.</summary>
    public bool UsesIndex => Sources.Length > 0 && Sources[^1].Kind != ScalarOpcode.Input;
}
