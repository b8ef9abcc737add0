namespace Engine.Tests.Golden;

internal static partial class GoldenOps
{
    private static Dictionary<string, GoldenOp> Elementwise() => new()
    {
        ["add"] = One(c => c["a"] + c["b"]),
        ["sub"] = One(c => c["a"] - c["b"]),
        ["mul"] = One(c => c["a"] * c["b"]),
        ["div"] = One(c => c["a"] / c["b"]),
        ["maximum"] = One(c => Tensor.Maximum(c["a"], c["b"])),
        ["minimum"] = One(c => Tensor.Minimum(c["a"], c["b"])),
        ["pow"] = One(c => c["a"].Pow(c["b"])),
        ["exp"] = One(c => c["x"].Exp()),
        ["log"] = One(c => c["x"].Log()),
        ["sqrt"] = One(c => c["x"].Sqrt()),
        ["abs"] = One(c => c["x"].Abs()),
        ["neg"] = One(c => -c["x"]),
        ["square"] = One(c => c["x"].Square()),
        ["sin"] = One(c => c["x"].Sin()),
        ["cos"] = One(c => c["x"].Cos()),
        ["tanh"] = One(c => c["x"].Tanh()),
        ["sigmoid"] = One(c => c["x"].Sigmoid()),
        ["relu"] = One(c => c["x"].Relu()),
        ["leaky_relu"] = One(c => c["x"].LeakyRelu(c.Case.Double("negative_slope"))),
        ["elu"] = One(c => c["x"].Elu()),
        ["selu"] = One(c => c["x"].Selu()),
        ["gelu"] = One(c => c["x"].Gelu()),
        ["gelu_tanh"] = One(c => c["x"].GeluTanh()),
        ["silu"] = One(c => c["x"].Silu()),
        ["softplus"] = One(c => c["x"].Softplus()),
        ["hardswish"] = One(c => c["x"].HardSwish()),
        ["mish"] = One(c => c["x"].Mish()),
        ["erf"] = One(c => c["x"].Erf()),
        ["reciprocal"] = One(c => c["x"].Reciprocal()),
        ["rsqrt"] = One(c => c["x"].Rsqrt()),
        ["log1p"] = One(c => c["x"].Log1p()),
        ["expm1"] = One(c => c["x"].Expm1()),
        ["clamp"] = One(c => c["x"].Clamp(c.Case.Double("min"), c.Case.Double("max"))),
        ["where"] = One(c => Tensor.Where(c["cond"], c["a"], c["b"])),
    };
}
