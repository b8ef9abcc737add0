namespace Engine.Tests.Golden;

internal static partial class GoldenOps
{
    private static Dictionary<string, GoldenOp> Normalizations() => new()
    {
        ["batch_norm_train"] = c => new()
        {
            ["0"] = c["x"].BatchNorm(
                c["weight"], c["bias"], c["running_mean"], c["running_var"], training: true, c.Case.Double("momentum"), c.Case.Double("eps")),
            ["1"] = c["running_mean"],
            ["2"] = c["running_var"],
        },
        ["batch_norm_eval"] = One(c => c["x"].BatchNorm(
            c["weight"], c["bias"], c["running_mean"], c["running_var"], training: false, eps: c.Case.Double("eps"))),
        ["layer_norm"] = One(c => c["x"].LayerNorm(c["weight"], c["bias"], c.Case.Int("axes"), c.Case.Double("eps"))),
        ["group_norm"] = One(c => c["x"].GroupNorm(c.Case.Int("groups"), c["weight"], c["bias"], c.Case.Double("eps"))),
    };
}
