namespace Engine.Nn;

/// <summary>Calls that change a module as a whole and return it under its own type: <c>LeNet5 net = new LeNet5().To(device).Eval();</c></summary>
public static class ModuleExtensions
{
    /// <summary>Puts the module and all below it into training mode, or into evaluation mode if <paramref name="mode"/> is false.</summary>
    public static T Train<T>(this T module, bool mode = true)
        where T : Module
    {
        ArgumentNullException.ThrowIfNull(module);
        module.SetTraining(mode);
        return module;
    }

    /// <summary>Puts the module and all below it into evaluation mode: nothing is dropped, running statistics are used and kept.</summary>
    public static T Eval<T>(this T module)
        where T : Module => module.Train(mode: false);

    /// <summary>Moves all parameters, their gradients and buffers to a device. Optimizers that hold the parameters go on with them.</summary>
    public static T To<T>(this T module, Device device)
        where T : Module
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(device);
        module.Transform(tensor => tensor.On(device).AsParameter());
        return module;
    }

    /// <summary>Converts all floating-point parameters, their gradients and buffers to another floating-point type; integers stay.</summary>
    /// <exception cref="ArgumentException">The type is not floating-point.</exception>
    public static T To<T>(this T module, DType dtype)
        where T : Module
    {
        ArgumentNullException.ThrowIfNull(module);
        if (!dtype.IsFloatingPoint())
        {
            throw new ArgumentException($"To: a module's parameters are floating-point; {dtype.ShortName()} is not.", nameof(dtype));
        }

        module.Transform(tensor => tensor.DType.IsFloatingPoint() ? tensor.As(dtype) : tensor);
        return module;
    }

    /// <summary>Excludes all parameters from training: no gradient flows to them, and optimizers skip them.</summary>
    public static T Freeze<T>(this T module)
        where T : Module => module.RequireGrad(false);

    /// <summary>Includes all parameters in training.</summary>
    public static T Unfreeze<T>(this T module)
        where T : Module => module.RequireGrad(true);

    private static T RequireGrad<T>(this T module, bool value)
        where T : Module
    {
        ArgumentNullException.ThrowIfNull(module);
        foreach (Tensor parameter in module.Parameters)
        {
            parameter.RequiresGrad = value;
            if (!value)
            {
                parameter.ClearGrad();
            }
        }

        return module;
    }
}
