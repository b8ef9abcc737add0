namespace Engine.Nn;

public abstract partial class Optimizer
{
    /// <summary>The parameters that one step updates alike, in one call of the backend. Used again by the next step.</summary>
    private sealed class Update(MapProgram program, TensorRule? rule)
    {
        private readonly PointwiseGroup _items = new(program);
        private readonly List<Slot> _slots = [];
        private readonly List<Slot> _others = [];
        private Tensor _like = null!;

        /// <summary>The program that is computed.</summary>
        public MapProgram Program { get; } = program;

        /// <summary>Whose settings hold.</summary>
        public ParameterGroup Group { get; private set; } = null!;

        /// <summary>How many updates these parameters have had.</summary>
        public long Steps { get; private set; }

        /// <summary>All parameters.</summary>
        public IReadOnlyList<Slot> Slots => _slots;

        /// <summary>Where they are.</summary>
        public Device Device => _like.Device;

        /// <summary>The type in which they are updated.</summary>
        public DType ComputeType => _like.DType.ComputeType();

        /// <summary>Starts anew with the settings of a slot.</summary>
        public void Begin(Slot slot)
        {
            _items.Clear();
            _slots.Clear();
            _others.Clear();
            (Group, Steps, _like) = (slot.Group, slot.Steps, slot.Parameter);
        }

        /// <summary>Whether a slot has the same hyper-parameters, element type and device.</summary>
        public bool Takes(Slot slot) =>
            slot.Group == Group && slot.Steps == Steps && slot.Parameter.DType == _like.DType && slot.Parameter.Device == _like.Device;

        /// <summary>Adds a slot whose gradient is in place.</summary>
        public void Add(Slot slot)
        {
            _slots.Add(slot);
            if (rule is null && _items.TryAdd(slot.Outputs, Inputs(slot)))
            {
                Forget(slot);
            }
            else
            {
                _others.Add(slot);
            }
        }

        /// <summary>Counts this step.</summary>
        public void CountStep()
        {
            Steps++;
            foreach (Slot slot in _slots)
            {
                slot.Steps = Steps;
            }
        }

        /// <summary>Updates all parameters with hyper-parameters by value.</summary>
        public void Run(ReadOnlySpan<double> hyper)
        {
            _items.Run(hyper);
            foreach (Slot slot in _others)
            {
                if (rule is null)
                {
                    Pointwise.Into(slot.Outputs, Program, Inputs(slot), hyper);
                }
                else
                {
                    Apply(rule, new TensorUpdate(slot.Outputs, slot.Inputs[1], slot.Inputs[^1], hyper, null));
                }

                Forget(slot);
            }
        }

        /// <summary>Updates all parameters with hyper-parameters in device memory.</summary>
        public void Run(Tensor hyper)
        {
            _items.Run(hyper);
            foreach (Slot slot in _others)
            {
                if (rule is null)
                {
                    Pointwise.Into(slot.Outputs, Program, Inputs(slot), hyper);
                }
                else
                {
                    Apply(rule, new TensorUpdate(slot.Outputs, slot.Inputs[1], slot.Inputs[^1], [], hyper));
                }

                Forget(slot);
            }
        }

        private static void Apply(TensorRule rule, TensorUpdate update)
        {
            if (update.Parameter.ElementCount == 0)
            {
                return;
            }

            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope mode = GradMode.Off();
            rule(update);
        }

        /// <summary>With the condition where the program has one.</summary>
        private ReadOnlySpan<Tensor> Inputs(Slot slot) => slot.Inputs.AsSpan(0, Program.InputCount);

        /// <summary>Holds on to nothing between steps.</summary>
        private static void Forget(Slot slot) => slot.Inputs[1] = slot.Inputs[^1] = null!;
    }
}
