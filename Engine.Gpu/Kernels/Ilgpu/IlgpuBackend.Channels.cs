namespace Engine.Gpu;

/// <summary>The common part of launches over the channels of [N, C, L].</summary>
internal sealed partial class IlgpuBackend
{
    /// <summary>Whether operands are all of a type that these kernels know, and near enough for 32 bits.</summary>
    private static bool AreCovered(DType dtype, params ReadOnlySpan<Operand?> operands) =>
        dtype is DType.Float32 or DType.Float64 && HaveType(dtype, operands) && StridedMemory.AreNear(operands);

    /// <summary>Adds the view of images, or one without elements. Returns where its elements are.</summary>
    private static ChannelSteps AddImages(ref IlgpuArguments arguments, in Operand? images, in Operand other)
    {
        if (images is not { } given)
        {
            arguments.AddEmptyView(other);
            return default;
        }

        StridedMemory memory = StridedMemory.Of(given);
        arguments.AddView(memory.Memory);
        ReadOnlySpan<long> strides = given.Layout.Strides;
        return new ChannelSteps(memory.Origin, (int)strides[0], (int)strides[1], (int)strides[2]);
    }

    /// <summary>Adds the view of a vector, or one without elements. Returns where its numbers are.</summary>
    private static VectorSteps AddVector(ref IlgpuArguments arguments, in Operand? vector, in Operand other)
    {
        if (vector is not { } given)
        {
            arguments.AddEmptyView(other);
            return default;
        }

        StridedMemory memory = StridedMemory.Of(given);
        arguments.AddView(memory.Memory);
        return new VectorSteps(memory.Origin, (int)given.Layout.Strides[0]);
    }
}
