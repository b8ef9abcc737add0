namespace Engine.Gpu.Tests;

/// <summary>Hand-written modules, without what is the same in all of them.</summary>
internal static class PtxText
{
    /// <summary>Registers that every kernel here may use.</summary>
    public const string Registers = """
        .reg .pred %p<8>;
        .reg .b16 %h<16>;
        .reg .b32 %r<32>;
        .reg .b64 %rd<16>;
        .reg .f32 %f<16>;
        .reg .f64 %fd<16>;
        """;

    /// <summary>A module with one entry, <c>k</c>.</summary>
    public static string Module(string body, string parameters = "", int groupSize = 32, string version = "7.0", string target = "sm_80", string variables = "") => $$"""
        .version {{version}}
        .target {{target}}
        .address_size 64
        {{variables}}
        .visible .entry k({{parameters}})
        .reqntid {{groupSize}}, 1, 1
        {
        {{Registers}}
        {{body}}
            ret;
        }
        """;

    /// <summary>A body that begins with a buffer <c>x</c> in %rd0, %tid.x in %r0 and the address of the thread's 32-bit element in %rd1.</summary>
    public static string OverBuffer(string body, int groupSize = 32, string variables = "") => Module($"""
        ld.param.u64 %rd0, [x];
        cvta.to.global.u64 %rd0, %rd0;
        mov.u32 %r0, %tid.x;
        mad.wide.u32 %rd1, %r0, 4, %rd0;
        {body}
        """, ".param .u64 x", groupSize, variables: variables);
}
