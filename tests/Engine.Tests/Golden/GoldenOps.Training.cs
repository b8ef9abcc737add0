using Engine.Nn;
using Engine.Tests.Reference;

namespace Engine.Tests.Golden;

internal static partial class GoldenOps
{
    private const int ScheduleLength = 30;

    private static Dictionary<string, GoldenOp> Training() => new()
    {
        ["optimizer"] = One(Trajectory),
        ["lr_schedule"] = One(Rates),
        ["clip_grad_norm"] = Clip,
    };

    /// <summary>The parameter after each step with a given gradient.</summary>
    private static Tensor Trajectory(GoldenInputs c)
    {
        Tensor parameter = c["param"].WithGrad(), gradients = c["grads"];
        Optimizer optimizer = MakeOptimizer(c.Case, parameter);
        var path = new List<Tensor>();
        for (int step = 0; step < gradients.Shape[0]; step++)
        {
            parameter.SetGrad(gradients.Select(0, step).Clone());
            optimizer.Step();
            path.Add(parameter.Detach().Clone());
        }

        return Tensor.Stack([.. path]);
    }

    private static Optimizer MakeOptimizer(GoldenCase c, Tensor parameter)
    {
        double rate = c.Double("lr"), decay = c.Double("weight_decay", 0), momentum = c.Double("momentum", 0);
        return c.Text("kind") switch
        {
            "SGD" => new Sgd([parameter], rate, momentum, c.Double("dampening", 0), decay, c.Bool("nesterov", false)),
            "Adagrad" => new Adagrad([parameter], rate, weightDecay: decay),
            "RMSprop" => new RmsProp([parameter], rate, c.Double("alpha"), weightDecay: decay, momentum: momentum, centered: c.Bool("centered", false)),
            "Adadelta" => new Adadelta([parameter], rate, weightDecay: decay),
            "Adam" => new Adam([parameter], rate, weightDecay: decay, amsgrad: c.Bool("amsgrad", false)),
            "AdamW" => new AdamW([parameter], rate, weightDecay: decay),
            "Adamax" => new Adamax([parameter], rate, weightDecay: decay),
            // The cases are PyTorch 1.13's.
            "NAdam" => new NAdam([parameter], rate, weightDecay: decay) { RepeatsMomentum = true },
            "RAdam" => new RAdam([parameter], rate, weightDecay: decay),
            string other => throw new InvalidDataException($"Optimizer {other}."),
        };
    }

    private static Tensor Rates(GoldenInputs c)
    {
        Schedule schedule = MakeSchedule(c.Case);
        double[] rates = [.. Enumerable.Range(0, ScheduleLength).Select(schedule.At)];
        return Tensor.From<double>(rates, ReferenceDevice.Shared);
    }

    private static Schedule MakeSchedule(GoldenCase c)
    {
        double rate = c.Double("base_lr");
        return c.Text("kind") switch
        {
            "step" => Schedule.Step(rate, c.Int("step_size"), c.Double("gamma")),
            "multistep" => Schedule.MultiStep(rate, c.Ints("milestones"), c.Double("gamma")),
            "exponential" => Schedule.Exponential(rate, c.Double("gamma")),
            "cosine" => Schedule.Cosine(rate, c.Int("t_max"), c.Double("eta_min")),
            "cosine_restarts" => Schedule.CosineRestarts(rate, c.Int("t_0"), c.Int("t_mult"), c.Double("eta_min")),
            "linear" => Schedule.Linear(rate, c.Int("total"), c.Double("start_factor"), c.Double("end_factor")),
            "polynomial" => Schedule.Polynomial(rate, c.Int("total"), c.Double("power")),
            "onecycle" => Schedule.OneCycle(
                c.Double("max_lr"), c.Int("total"), c.Double("pct_start"), c.Double("div_factor"), c.Double("final_div_factor"), c.Text("anneal") == "linear"),
            "inverse_time" => Schedule.InverseTime(rate, c.Double("decay")),
            "inverse_sqrt" => Schedule.InverseSqrt(rate),
            string other => throw new InvalidDataException($"Schedule {other}."),
        };
    }

    /// <summary>The clipped gradients, then the norm before.</summary>
    private static Dictionary<string, Tensor> Clip(GoldenInputs c)
    {
        Tensor[] parameters = [.. c.Case.Inputs.Select(name => c[name].ZerosLike().WithGrad())];
        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i].SetGrad(c[c.Case.Inputs[i]].Clone());
        }
        Tensor norm = parameters.ClipGradNorm(c.Case.Double("max_norm"));
        Dictionary<string, Tensor> outputs = parameters.Select((p, i) => (Name: $"{i}", p.Grad)).ToDictionary(o => o.Name, o => o.Grad!);
        outputs[$"{parameters.Length}"] = norm;
        return outputs;
    }
}
