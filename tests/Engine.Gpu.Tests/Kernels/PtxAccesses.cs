namespace Engine.Gpu.Tests;

/// <summary>The instructions of a kernel's text that touch global memory.</summary>
internal static class PtxAccesses
{
    /// <summary>How many move vectors of four, and how many single elements.</summary>
    public static (int VectorLoads, int Loads, int VectorStores, int Stores) Of(IKernelDefinition definition)
    {
        string[] lines = PtxRenderer.Render(definition.Build(PtxTarget.Ampere), PtxTarget.Ampere).Text.Split('\n');
        int Count(string access, bool vectors) => lines.Count(line => line.Contains(access, StringComparison.Ordinal) && line.Contains(".v4.", StringComparison.Ordinal) == vectors);
        return (Count("ld.global", true), Count("ld.global", false), Count("st.global", true), Count("st.global", false));
    }
}
