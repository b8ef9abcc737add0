namespace Engine;

/// <summary>How exactly a device multiplies float32 numbers in matrix products and convolutions; see <see cref="Device.MathMode"/>.</summary>
public enum MathMode : byte
{
    /// <summary>In float32: nothing is rounded before it is multiplied.</summary>
    Strict,

    /// <summary>Factors may be rounded to tf32: the range of float32 with a 10-bit fraction.</summary>
    Tf32,

    /// <summary>Factors may be rounded to bfloat16: the range of float32 with a 7-bit fraction.</summary>
    BFloat16,

    /// <summary>Factors may be rounded to float16: a 10-bit fraction; numbers beyond 65 504 become infinite.</summary>
    Float16,

    /// <summary>Factors of convolutions may be rounded to tf32, those of matrix products are not: PyTorch's default on CUDA.</summary>
    Tf32Convolutions,
}
