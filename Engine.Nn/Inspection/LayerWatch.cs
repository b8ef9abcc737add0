using static Engine.Expr;

namespace Engine.Nn;

/// <summary>One step that a <see cref="LayerMonitor"/> looks at: its hooks while the step runs, then the statistics until they are read.</summary>
internal sealed class LayerWatch : IDisposable
{
    // Where the slope of tanh, and of a sigmoid, is below 6 % of the steepest.
    private static readonly (double Low, double High) s_tanh = (-0.97, 0.97);
    private static readonly (double Low, double High) s_sigmoid = (0.015, 0.985);

    private static readonly ReduceProgram s_change = ReduceProgram.Create(
        MapProgram.Compile(2, Square(Input(0) - Input(1)), Square(Input(1))), [Combiner.Sum, Combiner.Sum], MapProgram.Compile(2, Input(0), Input(1)));

    private readonly List<HookHandle> _hooks = [];
    private readonly List<Seen> _seen = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _step;

    /// <summary>Puts the hooks into place and keeps the weights as they are before the step.</summary>
    public LayerWatch(Module model)
    {
        foreach ((string name, Module module) in model.NamedModules())
        {
            if (module is Layer layer && !module.NamedChildren().Any(static child => child.Module is Layer))
            {
                Seen seen = new(name, layer);
                _hooks.Add(layer.RegisterForwardHook((_, _, y) => See(seen, y)));
            }
        }
    }

    /// <summary>Ends the step: no hooks any more, weights and their gradients looked at. Nothing waits for the device.</summary>
    public void End(long step)
    {
        _step = step;
        RemoveHooks();
        foreach (Seen seen in _seen)
        {
            seen.End();
        }
    }

    /// <summary>Waits for the device.</summary>
    public (LayerObservation Observation, Dictionary<string, bool[]> ZeroUnits) Read()
    {
        Dictionary<string, bool[]> zeroUnits = [];
        List<LayerFigures> layers = [];
        foreach (Seen seen in _seen)
        {
            layers.Add(seen.Read());
            zeroUnits[seen.Name] = seen.ZeroUnits;
        }

        return (new LayerObservation(_step, layers), zeroUnits);
    }

    public void Dispose()
    {
        RemoveHooks();
        foreach (Seen seen in _seen)
        {
            seen.Dispose();
        }
    }

    private void RemoveHooks()
    {
        foreach (HookHandle hook in _hooks)
        {
            hook.Dispose();
        }

        _hooks.Clear();
    }

    private void See(Seen seen, Tensor y)
    {
        // Others may be predicting with the model meanwhile, and this thread may do so within the step.
        if (Environment.CurrentManagedThreadId != _thread || InferenceScope.IsActive || !y.DType.IsFloatingPoint())
        {
            return;
        }

        // The order is that of the last calls.
        _ = _seen.Remove(seen);
        _seen.Add(seen);
        seen.Take(y);
    }

    /// <summary>One layer's statistics.</summary>
    private sealed class Seen(string name, Layer layer) : IDisposable
    {
        private StatisticsProbe? _activation;
        private StatisticsProbe? _gradient;
        private StatisticsProbe? _weight;
        private StatisticsProbe? _weightGradient;
        private Tensor? _parameter;
        private Tensor? _before;
        private Tensor[]? _change;

        public string Name => name;

        public bool[] ZeroUnits { get; private set; } = [];

        public void Take(Tensor y)
        {
            _activation?.Dispose();
            _activation = new StatisticsProbe(y, UnitAxis(y), Range());
            TakeWeight();
            if (y.RequiresGrad)
            {
                _ = y.RegisterHook(gradient =>
                {
                    _gradient?.Dispose();
                    _gradient = new StatisticsProbe(gradient);
                });
            }
        }

        public void End()
        {
            if (_parameter is not { } parameter || _before is not { } before)
            {
                return;
            }

            if (parameter.Grad is { } gradient)
            {
                _weightGradient = new StatisticsProbe(gradient);
            }

            if (parameter.Device == before.Device && parameter.DType == before.DType && parameter.Shape == before.Shape)
            {
                using TensorScope outside = TensorScope.Suspend();
                using Tensor after = parameter.Detach();
                DType type = after.DType.ComputeType();
                _change = [Tensor.Zeros(Shape.Scalar, type, after.Device), Tensor.Zeros(Shape.Scalar, type, after.Device)];
                Reductions.Into(s_change, AxisSet.All(after.Rank), [after, before], _change, []);
            }

            before.Dispose();
            _before = null;
        }

        public LayerFigures Read()
        {
            TensorStatistics activation = _activation!.Read();
            ZeroUnits = _activation.IsZero;
            double ratio = _change is null ? double.NaN : Math.Sqrt(_change[0].Item()) / Math.Sqrt(_change[1].Item());
            return new LayerFigures(
                name,
                layer.GetType().Name,
                activation,
                _gradient?.Read(),
                _weight?.Read(),
                _weightGradient?.Read(),
                ratio,
                ZeroUnits.Length,
                ZeroUnits.Count(static zero => zero),
                _activation.SaturatedShare);
        }

        public void Dispose()
        {
            _activation?.Dispose();
            _gradient?.Dispose();
            _weight?.Dispose();
            _weightGradient?.Dispose();
            _before?.Dispose();
            foreach (Tensor sum in _change ?? [])
            {
                sum.Dispose();
            }
        }

        private void TakeWeight()
        {
            if (_parameter is not null)
            {
                return;
            }

            _parameter = layer.Parameters.Where(static p => p is { ElementCount: > 0 } && p.DType.IsFloatingPoint()).MaxBy(static p => p.ElementCount);
            if (_parameter is { } parameter)
            {
                using TensorScope outside = TensorScope.Suspend();
                using GradMode.Scope mode = GradMode.Off();
                _before = parameter.Clone();
                _weight = new StatisticsProbe(_before);
            }
        }

        private (double Low, double High)? Range() => layer switch
        {
            Tanh => s_tanh,
            Sigmoid => s_sigmoid,
            _ => null,
        };

        /// <summary>Features lie along the last axis, channels along axis 1.</summary>
        private int? UnitAxis(Tensor y) => y.Rank switch
        {
            < 2 => null,
            3 when layer is not (Conv1d or BatchNorm) => 2,
            _ => 1,
        };
    }
}
