namespace Engine.Gpu;

/// <summary>The words of OpenCL C for a shuffle between the work-items of a sub-group.</summary>
internal enum SubGroupDialect : byte
{
    /// <summary>There are none.</summary>
    None,

    /// <summary>Those of <c>cl_khr_subgroup_shuffle</c>, in OpenCL C 2.0. The driver chooses the size of sub-groups.</summary>
    Khronos20,

    /// <summary>The same in OpenCL C 3.0.</summary>
    Khronos30,

    /// <summary>Those of <c>cl_intel_subgroups</c>, in OpenCL C 1.2, with a size that the kernel asks for (<c>cl_intel_required_subgroup_size</c>).</summary>
    Intel,
}
