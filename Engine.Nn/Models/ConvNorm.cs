namespace Engine.Nn;

/// <summary>What mobile networks are made of: a convolution without bias that keeps the image's size at stride 1, batch normalisation, an activation.</summary>
internal static class ConvNorm
{
    /// <summary>The layers 0, 1 and 2 of torchvision's Conv2dNormActivation.</summary>
    public static Sequential Make(
        int inChannels, int outChannels, int kernel, int stride, int groups, BatchNorm2d norm, Layer? activation, Generator? generator)
    {
        Sequential layers = [new Conv2d(inChannels, outChannels, kernel, stride, kernel / 2, 1, groups, bias: false, generator: generator), norm];
        if (activation is not null)
        {
            layers.Add(activation);
        }

        return layers;
    }

    /// <summary>The multiple of 8 next to a number of channels, not less than nine tenths of it.</summary>
    public static int Channels(string model, double channels, string parameter)
    {
        const int Unit = 8;
        if (!(channels is > 0 and < int.MaxValue - Unit))
        {
            throw new ArgumentOutOfRangeException(parameter, channels, $"{model}: there must be a positive number of channels, fewer than {int.MaxValue:N0}.");
        }

        int rounded = Math.Max(Unit, (int)(channels + (Unit / 2)) / Unit * Unit);
        return rounded < 0.9 * channels ? rounded + Unit : rounded;
    }

    /// <summary>The start values of torchvision's mobile networks: convolutions as He et al. do (by fan-out), linear layers normal with deviation 0.01, biases 0.</summary>
    public static void Start(Module model, Generator? generator)
    {
        HeStart.Apply(model, FanMode.FanOut, generator);
        foreach ((_, Module module) in model.NamedModules())
        {
            if (module is Linear linear)
            {
                Init.Normal(linear.Weight, std: 0.01, generator: generator);
                Init.Zeros(linear.Bias!);
            }
        }
    }
}
