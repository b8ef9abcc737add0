using Engine.Nn;

namespace FashionMnistSample;

/// <summary>The optimizers to choose from, each with a learning rate that suits this task.</summary>
internal static class Optimizers
{
    private static readonly OrderedDictionary<string, (double LearningRate, Func<IReadOnlyList<ParameterGroup>, double, Optimizer> Create)> s_rows = new()
    {
        ["adam"] = (1e-3, static (groups, rate) => new Adam(groups, rate)),
        ["adamw"] = (1e-3, static (groups, rate) => new AdamW(groups, rate)),
        ["sgd"] = (0.1, static (groups, rate) => new Sgd(groups, rate)),
        ["momentum"] = (0.05, static (groups, rate) => new Sgd(groups, rate, momentum: 0.9)),
        ["nesterov"] = (0.05, static (groups, rate) => new Sgd(groups, rate, momentum: 0.9, nesterov: true)),
        ["rmsprop"] = (1e-3, static (groups, rate) => new RmsProp(groups, rate)),
        ["adagrad"] = (1e-2, static (groups, rate) => new Adagrad(groups, rate)),
        ["adadelta"] = (1, static (groups, rate) => new Adadelta(groups, rate)),
        ["adamax"] = (2e-3, static (groups, rate) => new Adamax(groups, rate)),
        ["nadam"] = (2e-3, static (groups, rate) => new NAdam(groups, rate)),
        ["radam"] = (1e-3, static (groups, rate) => new RAdam(groups, rate)),
        ["lion"] = (3e-4, static (groups, rate) => new Lion(groups, rate)),
        ["lamb"] = (1e-2, static (groups, rate) => new Lamb(groups, rate)),
        ["adafactor"] = (1e-2, static (groups, rate) => new Adafactor(groups, rate)),
        ["rprop"] = (1e-4, static (groups, rate) => new Rprop(groups, rate, maximumStep: 1e-2)),
        ["asgd"] = (0.1, static (groups, rate) => new Asgd(groups, rate)),
    };

    public static IReadOnlyCollection<string> Names => s_rows.Keys;

    /// <summary>0 for a name that is not in the table; the parser refuses it with a message of its own.</summary>
    public static double DefaultLearningRate(string name) => s_rows.TryGetValue(name, out var row) ? row.LearningRate : 0;

    public static Optimizer Create(string name, IReadOnlyList<ParameterGroup> groups, double learningRate) => s_rows[name].Create(groups, learningRate);
}
