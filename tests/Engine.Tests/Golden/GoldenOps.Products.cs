namespace Engine.Tests.Golden;

internal static partial class GoldenOps
{
    private static Dictionary<string, GoldenOp> Products() => new()
    {
        ["matmul"] = One(c => c["a"].MatMul(c["b"])),
        ["linear"] = One(c => c["x"].Linear(c["weight"], c.Find("bias"))),
        ["conv1d"] = One(c => c["x"].Conv1d(
            c["weight"], c.Find("bias"), c.Case.Int("stride"), c.Case.Int("padding"), c.Case.Int("dilation"), c.Case.Int("groups"))),
        ["conv2d"] = One(c => c["x"].Conv2d(
            c["weight"], c.Find("bias"), c.Case.Size("stride"), c.Case.Size("padding"), c.Case.Size("dilation"), c.Case.Int("groups"))),
        ["conv_transpose2d"] = One(c => c["x"].ConvTranspose2d(
            c["weight"], c.Find("bias"), stride: c.Case.Size("stride"), padding: c.Case.Size("padding"), outputPadding: c.Case.Size("output_padding"))),
        ["max_pool2d"] = One(c => c["x"].MaxPool2d(c.Case.Size("kernel"), c.Case.Size("stride"), c.Case.Size("padding"))),
        ["avg_pool2d"] = One(c => c["x"].AvgPool2d(
            c.Case.Size("kernel"), c.Case.Size("stride"), c.Case.Size("padding"), c.Case.Bool("count_include_pad"))),
        ["adaptive_avg_pool2d"] = One(c => c["x"].AdaptiveAvgPool2d(c.Case.Size("output"))),
        ["scaled_dot_product_attention"] = One(c => Tensor.ScaledDotProductAttention(c["q"], c["k"], c["v"], isCausal: c.Case.Bool("causal"))),
    };
}
