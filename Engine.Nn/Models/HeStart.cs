namespace Engine.Nn;

/// <summary>The start values of torchvision's networks.</summary>
internal static class HeStart
{
    /// <summary>Convolutions normal with √(2/fan), their biases 0 (He et al. 2015); other layers keep theirs.</summary>
    public static void Apply(Module model, FanMode mode, Generator? generator)
    {
        foreach ((_, Module module) in model.NamedModules())
        {
            if (module is Conv2d convolution)
            {
                Init.KaimingNormal(convolution.Weight, mode: mode, nonlinearity: Nonlinearity.Relu, generator: generator);
                if (convolution.Bias is { } bias)
                {
                    Init.Zeros(bias);
                }
            }
        }
    }
}
