using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Engine.Gpu;

/// <summary>The changes to ILGPU's text that our drivers need.</summary>
internal static partial class IlgpuText
{
    /// <summary>The text with the size of its groups, from which the driver's compiler knows how many registers a work-item may have.</summary>
    public static string Adapt(string text, GroupShape group, GpuApi api) => api == GpuApi.OpenCl ? AdaptOpenCl(text, group) : AdaptPtx(text, group);

    private static string AdaptPtx(string text, GroupShape group)
    {
        // ILGPU takes the index of a kernel over an extent for the same in all work-items and promises so at branches that part. A card may rely on it.
        text = UniformPromise().Replace(text, "$1");
        int entry = text.IndexOf(".visible .entry", StringComparison.Ordinal);
        int end = text.IndexOf(')', entry) + 1;
        return string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, end)}\n.reqntid {group.X}, {group.Y}, {group.Z}{text.AsSpan(end)}");
    }

    private static string AdaptOpenCl(string text, GroupShape group)
    {
        // Pointers to the launch's shared memory stand outside of all functions, where OpenCL C 1.2 has constants only.
        StringBuilder pointers = new();
        text = SharedPointer().Replace(text, match =>
        {
            pointers.AppendLine(match.Value);
            return string.Empty;
        });

        // ILGPU's barriers name global memory only. What work-items wrote to shared memory need not be seen behind such a barrier.
        text = GlobalBarrier().Replace(text, "$1(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)");
        int kernel = text.IndexOf("kernel void ", StringComparison.Ordinal);
        int body = text.IndexOf('{', kernel) + 1;
        return string.Create(
            CultureInfo.InvariantCulture,
            // 1.2 has the barrier under its old name only. PoCL renames the new one there as well, and would warn of each kernel on standard error.
            $"#if __OPENCL_C_VERSION__ < 200\n#undef work_group_barrier\n#define work_group_barrier barrier\n#endif\n{text.AsSpan(0, kernel)}__attribute__((reqd_work_group_size({group.X}, {group.Y}, {group.Z}))) {text.AsSpan(kernel, body - kernel)}\n{pointers}{text.AsSpan(body)}");
    }

    [GeneratedRegex(@"(?<=\s)(bra|brx\.idx|call|ret)\.uni\b")]
    private static partial Regex UniformPromise();

    [GeneratedRegex(@"\b(work_group_barrier|barrier)\s*\(\s*CLK_GLOBAL_MEM_FENCE\s*\)")]
    private static partial Regex GlobalBarrier();

    [GeneratedRegex(@"^(?:local [^;{}()]*\* shared_var_\w+|int shared_var_len_\w+);[^\S\n]*$", RegexOptions.Multiline)]
    private static partial Regex SharedPointer();
}
