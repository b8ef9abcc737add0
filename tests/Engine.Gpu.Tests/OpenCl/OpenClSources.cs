namespace Engine.Gpu.Tests;

/// <summary>Kernels written by hand, in the form that the renderer gives them: each buffer is a base and an offset in bytes.</summary>
internal static class OpenClSources
{
    /// <summary>y[i] = factor · x[i] + i, for i below the count.</summary>
    public static KernelSource Scale(int groupSize = 64) => new(
        "scale",
        $$"""
        __kernel __attribute__((reqd_work_group_size({{groupSize}}, 1, 1)))
        void scale(__global uchar* x_base, long x_offset, __global uchar* y_base, long y_offset, float factor, long count)
        {
            __global const float* x = (__global const float*)(x_base + x_offset);
            __global float* y = (__global float*)(y_base + y_offset);
            long i = get_global_id(0);
            if (i < count) y[i] = factor * x[i] + (float)i;
        }
        """,
        groupSize,
        0);

    /// <summary>x[i] = x[i] + 1.</summary>
    public static KernelSource Increment { get; } = new(
        "increment",
        """
        __kernel __attribute__((reqd_work_group_size(64, 1, 1)))
        void increment(__global uchar* x_base, long x_offset)
        {
            __global int* x = (__global int*)(x_base + x_offset);
            x[get_global_id(0)] += 1;
        }
        """,
        64,
        0);

    /// <summary>Writes the coordinates of each group to its place in a three-dimensional grid.</summary>
    public static KernelSource Coordinates { get; } = new(
        "coordinates",
        """
        __kernel __attribute__((reqd_work_group_size(8, 1, 1)))
        void coordinates(__global uchar* x_base, long x_offset)
        {
            __global int* x = (__global int*)(x_base + x_offset);
            size_t group = (get_group_id(2) * get_num_groups(1) + get_group_id(1)) * get_num_groups(0) + get_group_id(0);
            x[group * 8 + get_local_id(0)] = (int)(get_group_id(0) + 10 * get_group_id(1) + 100 * get_group_id(2) + 1000 * get_local_id(0));
        }
        """,
        8,
        0);
}
