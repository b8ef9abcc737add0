namespace Engine.Gpu;

/// <summary>An update that the kernels in ILGPU's language know, as it is recognised in its program.</summary>
/// <param name="IsAdaptive">Whether it is of Adam's kind, with a mean and a mean square; else of gradient descent's.</param>
/// <param name="States">State tensors of a parameter.</param>
/// <param name="Options">Of <see cref="OptimizerOptions"/>.</param>
/// <param name="IsConditional">Whether a condition is the last input.</param>
internal sealed record OptimizerUpdate(bool IsAdaptive, int States, int Options = 0, bool IsConditional = false)
{
    private static readonly Dictionary<MapProgram, OptimizerUpdate> s_known = WithConditions(new()
    {
        [OptimizerPrograms.Sgd] = new(IsAdaptive: false, States: 0),
        [OptimizerPrograms.SgdMomentum] = new(IsAdaptive: false, States: 1),
        [OptimizerPrograms.SgdNesterov] = new(IsAdaptive: false, States: 1, OptimizerOptions.IsNesterov),
        [OptimizerPrograms.Adam] = new(IsAdaptive: true, States: 2),
        [OptimizerPrograms.AmsGrad] = new(IsAdaptive: true, States: 3),
        [OptimizerPrograms.NAdam] = new(IsAdaptive: true, States: 2, OptimizerOptions.AddsGradient),
        [OptimizerPrograms.RAdam] = new(IsAdaptive: true, States: 2, OptimizerOptions.IsRectified),
    });

    /// <summary>The update that a program is, or null. Programs are compared by their code: an optimizer of the user's may have the same.</summary>
    public static OptimizerUpdate? Of(MapProgram program) => s_known.GetValueOrDefault(program);

    private static Dictionary<MapProgram, OptimizerUpdate> WithConditions(Dictionary<MapProgram, OptimizerUpdate> updates)
    {
        foreach ((MapProgram program, OptimizerUpdate update) in updates.ToArray())
        {
            updates.Add(OptimizerPrograms.Conditional(program), update with { IsConditional = true });
        }

        return updates;
    }
}
