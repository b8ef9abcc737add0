namespace Engine.Gpu;

/// <summary>The units that multiply the factors of a tile.</summary>
internal enum TileMath : byte
{
    /// <summary>Each work-item for itself, in the type of the sums.</summary>
    Fma,

    /// <summary>Tensor cores, factors rounded to tf32.</summary>
    Tf32,

    /// <summary>Tensor cores, factors in float16.</summary>
    Float16,

    /// <summary>Tensor cores, factors in bfloat16.</summary>
    BFloat16,
}

/// <summary>How factors of tensor cores come from global to shared memory.</summary>
internal enum TileFlow : byte
{
    /// <summary>As float32, through registers.</summary>
    Converted,

    /// <summary>As half precision, through registers.</summary>
    Carried,

    /// <summary>Sixteen bytes at a time, past the registers, several slices ahead.</summary>
    Asynchronous,

    /// <summary>Likewise, where warpgroups may multiply too: factors are in the units' format, and if that has 32 bits neighbours along the depth are neighbours in memory.</summary>
    Warpgroups,
}

/// <summary>The units that multiply a tile, and the way of the factors to them.</summary>
/// <param name="Math">The units that multiply.</param>
/// <param name="Flow">With tensor cores: how factors come to shared memory.</param>
internal readonly record struct TileFactors(TileMath Math, TileFlow Flow)
{
    /// <summary>The way for operands of one element type: asynchronous where both are read in vectors of 16 bytes that need no conversion before they are stored.</summary>
    public static TileFactors Of(TileMath math, DType element, TileAccess left, TileAccess right)
    {
        bool isFormat = math == TileMath.Tf32 || (math.IsHalf && element == math.HalfType);
        int width = 16 / element.SizeInBytes();
        return isFormat && left.Width == width && right.Width == width ? new TileFactors(math, TileFlow.Asynchronous)
            : new TileFactors(math, isFormat && math.IsHalf ? TileFlow.Carried : TileFlow.Converted);
    }
}

/// <summary>Facts about <see cref="TileMath"/>.</summary>
internal static class TileMaths
{
    extension(TileMath math)
    {
        /// <summary>Whether factors take 16 bits in shared memory.</summary>
        public bool IsHalf => math is TileMath.Float16 or TileMath.BFloat16;

        /// <summary>The element type of factors of 16 bits.</summary>
        public DType HalfType => math == TileMath.Float16 ? DType.Float16 : DType.BFloat16;

        /// <summary>Depth of one matrix instruction.</summary>
        public int Step => math.IsHalf ? 16 : 8;

        /// <summary>The matrix instruction.</summary>
        public MmaShape Shape => math switch
        {
            TileMath.Float16 => MmaShape.M16N8K16Float16,
            TileMath.BFloat16 => MmaShape.M16N8K16BFloat16,
            _ => MmaShape.M16N8K8Tf32,
        };

        /// <summary>The suffix in the names of kernels.</summary>
        public string Suffix => math switch
        {
            TileMath.Tf32 => "_tf32",
            TileMath.Float16 => "_f16",
            TileMath.BFloat16 => "_bf16",
            _ => string.Empty,
        };
    }

    /// <summary>What a device's mode means for matrix products.</summary>
    public static MathMode ForProducts(this MathMode mode) => mode == MathMode.Tf32Convolutions ? MathMode.Strict : mode;

    /// <summary>What a device's mode means for convolutions.</summary>
    public static MathMode ForConvolutions(this MathMode mode) => mode == MathMode.Tf32Convolutions ? MathMode.Tf32 : mode;

    /// <summary>The units that may multiply two operands: tensor cores where they lose no digits, or as far as the device's mode allows.</summary>
    /// <param name="target">The device.</param>
    /// <param name="mode">The mode that the host allows.</param>
    /// <param name="left">Elements of one operand.</param>
    /// <param name="right">Elements of the other.</param>
    /// <param name="compute">The type of the sums.</param>
    public static TileMath Choose(GpuTarget target, MathMode mode, DType left, DType right, DType compute) =>
        !target.HasTensorCores || compute != DType.Float32 || left != right ? TileMath.Fma : left switch
        {
            DType.Float16 => TileMath.Float16,
            DType.BFloat16 => TileMath.BFloat16,
            DType.Float32 => mode switch
            {
                MathMode.Tf32 => TileMath.Tf32,
                MathMode.BFloat16 => TileMath.BFloat16,
                MathMode.Float16 => TileMath.Float16,
                _ => TileMath.Fma,
            },
            _ => TileMath.Fma,
        };
}
