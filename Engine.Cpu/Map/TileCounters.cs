namespace Engine.Cpu;

/// <summary>The four words under which a program draws random numbers: see <see cref="Philox"/>.</summary>
internal readonly unsafe record struct RandomKey(uint Key0, uint Key1, uint Stream0, uint Stream1)
{
    /// <summary>Reads the words from four consecutive parameters.</summary>
    public static RandomKey From(double* parameters) => new((uint)parameters[0], (uint)parameters[1], (uint)parameters[2], (uint)parameters[3]);
}

/// <summary>Fills tiles with values that follow from the element's number: the number itself, or a random one.</summary>
internal static unsafe class TileCounters
{
    /// <summary>tile[i] = start + i·step.</summary>
    public static void FillIndex(DType compute, long start, long step, byte* tile, nint count)
    {
        switch (compute)
        {
            case DType.Float32: for (nint i = 0; i < count; i++) { ((float*)tile)[i] = start + (i * step); } break;
            case DType.Float64: for (nint i = 0; i < count; i++) { ((double*)tile)[i] = start + (i * step); } break;
            case DType.Int32: for (nint i = 0; i < count; i++) { ((int*)tile)[i] = (int)(start + (i * step)); } break;
            default: for (nint i = 0; i < count; i++) { ((long*)tile)[i] = start + (i * step); } break;
        }
    }

    /// <summary>tile[i] = the uniform number of element start + i·step.</summary>
    public static void FillUniform(DType compute, RandomKey key, long start, long step, byte* tile, nint count)
    {
        if (compute == DType.Float32 && step == 1)
        {
            PhiloxVectors.FillUniform(key, start, (float*)tile, count);
            return;
        }

        for (nint i = 0; i < count; i++)
        {
            float value = Philox.Uniform(key.Key0, key.Key1, key.Stream0, key.Stream1, start + (i * step));
            if (compute == DType.Float32)
            {
                ((float*)tile)[i] = value;
            }
            else
            {
                ((double*)tile)[i] = value;
            }
        }
    }
}
