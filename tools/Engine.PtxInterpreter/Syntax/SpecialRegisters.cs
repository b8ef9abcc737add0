namespace Engine.PtxInterpreter;

/// <summary>The special registers that the interpreter has; all are .u32.</summary>
internal static class SpecialRegisters
{
    public static readonly string[] All =
    [
        "%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z",
        "%ctaid.x", "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z",
        "%laneid", "%warpid", "%dynamic_smem_size",
    ];

    public static bool IsKnown(string name) => Array.IndexOf(All, name) >= 0;
}
