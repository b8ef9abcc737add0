using Engine;
using Engine.Nn;

namespace FashionMnistSample;

/// <summary>The optimizers to choose from, each with a learning rate that suits this task.</summary>
internal static class Optimizers
{
    private static readonly OrderedDictionary<string, (double LearningRate, Func<IReadOnlyList<Tensor>, double, Optimizer> Create)> s_rows = new()
    {
        ["adam"] = (1e-3, static (parameters, rate) => new Adam(parameters, rate)),
        ["adamw"] = (1e-3, static (parameters, rate) => new AdamW(parameters, rate)),
        ["sgd"] = (0.1, static (parameters, rate) => new Sgd(parameters, rate)),
        ["momentum"] = (0.05, static (parameters, rate) => new Sgd(parameters, rate, momentum: 0.9)),
        ["nesterov"] = (0.05, static (parameters, rate) => new Sgd(parameters, rate, momentum: 0.9, nesterov: true)),
        ["rmsprop"] = (1e-3, static (parameters, rate) => new RmsProp(parameters, rate)),
        ["adagrad"] = (1e-2, static (parameters, rate) => new Adagrad(parameters, rate)),
        ["adadelta"] = (1, static (parameters, rate) => new Adadelta(parameters, rate)),
        ["adamax"] = (2e-3, static (parameters, rate) => new Adamax(parameters, rate)),
        ["nadam"] = (2e-3, static (parameters, rate) => new NAdam(parameters, rate)),
        ["radam"] = (1e-3, static (parameters, rate) => new RAdam(parameters, rate)),
    };

    public static IReadOnlyCollection<string> Names => s_rows.Keys;

    /// <summary>0 for a name that is not in the table; the parser refuses it with a message of its own.</summary>
    public static double DefaultLearningRate(string name) => s_rows.TryGetValue(name, out var row) ? row.LearningRate : 0;

    public static Optimizer Create(string name, IReadOnlyList<Tensor> parameters, double learningRate) => s_rows[name].Create(parameters, learningRate);
}
