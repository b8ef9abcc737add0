namespace Engine.Tests.Golden;

internal static partial class GoldenOps
{
    private static Dictionary<string, GoldenOp> Shapes() => new()
    {
        ["permute"] = One(c => c["x"].Permute(c.Case.Ints("axes"))),
        ["concat"] = One(c => Tensor.Concat([.. c.Case.Inputs.Select(name => c[name])], c.Case.Int("axis"))),
        ["pad"] = One(c => c["x"].Pad(
            [.. c.Case.Attributes.GetProperty("pads").EnumerateArray().Select(pair => (pair[0].GetInt32(), pair[1].GetInt32()))], c.Case.Double("value"))),
        ["slice"] = One(Slice),
        ["gather"] = One(c => c["x"].Gather(c.Case.Int("axis"), c["index"])),
        ["embedding"] = One(c => c["weight"].Embedding(c["index"])),
    };

    private static Tensor Slice(GoldenInputs c)
    {
        int[] starts = c.Case.Ints("starts"), stops = c.Case.Ints("stops"), steps = c.Case.Ints("steps");
        Tensor y = c["x"];
        for (int axis = 0; axis < starts.Length; axis++)
        {
            y = y.Slice(axis, starts[axis], stops[axis], steps[axis]);
        }
        return y;
    }
}
