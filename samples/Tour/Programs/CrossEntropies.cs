using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Cross-entropy, relative entropy and entropy by hand and by the engine, and why losses take logits.</summary>
internal sealed class CrossEntropies : TourProgram
{
    public override string Name => "cross-entropy";

    public override string Subject => "Cross-entropy 交叉熵 and relative entropy 相对熵: one-hot targets, class numbers, logits";

    public override void Run(Tour tour)
    {
        Report report = new(Subject);
        double[] p = [0.7, 0.2, 0.1], q = [0.5, 0.25, 0.25];
        Tensor target = Row(p), logits = Row(q).Log();
        double crossEntropy = Losses.CrossEntropy(logits, target).Item();
        double entropy = -p.Sum(static v => v * Math.Log(v));
        double divergence = Losses.KlDiv(logits, target, Reduction.BatchMean).Item();
        tour.Print($"p = (0.7, 0.2, 0.1), q = (0.5, 0.25, 0.25): H(p, q) = {crossEntropy:F4}, KL = {divergence:F4}, H(p) = {entropy:F4}");
        tour.Notice($"H(p, q) − KL = {crossEntropy - divergence:F4}: they differ by the entropy of p, which no q can change.");

        // A one-hot target has entropy 0, and only its class's term is left.
        Tensor hot = Row([1, 0, 0]), number = Tensor.From<long>([0]);
        tour.Print($"one-hot: {Losses.CrossEntropy(logits, hot).Item():F4}, KL {Losses.KlDiv(logits, hot, Reduction.BatchMean).Item():F4}, class number: {Losses.CrossEntropy(logits, number).Item():F4}, −ln 0.5 = {-Math.Log(0.5):F4}");
        tour.Notice("With a one-hot target both are −ln q of the true class; the sparse form takes the class number itself.");
        report.AddTable("p = (0.7, 0.2, 0.1), q = (0.5, 0.25, 0.25)", ["target", "H(p, q)", "KL", "H(p)"],
            [["p", crossEntropy, divergence, entropy], ["one-hot", Losses.CrossEntropy(logits, hot).Item(), Losses.KlDiv(logits, hot, Reduction.BatchMean).Item(), 0.0]]);

        // The minimum over q is at q = p: two classes, p = 0.3.
        double[] share = [.. Enumerable.Range(1, 99).Select(static i => i / 100.0)];
        double[] over = [.. share.Select(static s => -(0.3 * Math.Log(s)) - (0.7 * Math.Log(1 - s)))];
        double own = -(0.3 * Math.Log(0.3)) - (0.7 * Math.Log(0.7));
        report.AddLines("Two classes, p = (0.3, 0.7), as q changes", "q of the first class",
            [new("cross-entropy", share, over), new("relative entropy", share, [.. over.Select(h => h - own)])], caption: "Both are least at q = p: there the cross-entropy is the entropy of p and the relative entropy 0.");

        // From logits: ln Σ eᶻ − z_t with the largest z taken out first. By way of probabilities: e^z overflows, and the logarithm meets 0.
        double[] sizes = [1, 10, 40, 100, 200, 1000];
        List<IReadOnlyList<object?>> rows = [];
        tour.Print("logits (z, 0): loss of the first and of the second class");
        foreach (double z in sizes)
        {
            Tensor pair = Row([z, 0]), exp = pair.Exp(), naive = -(exp / exp.Sum()).Log();
            double[] safe = [.. Enumerable.Range(0, 2).Select(c => Losses.CrossEntropy(pair, Tensor.From<long>([c])).Item())];
            rows.Add([z, safe[0], safe[1], naive[0, 0].Item(), naive[0, 1].Item()]);
            tour.Print($"  z = {z,4}: from logits {safe[0],5:F3} and {safe[1],8:F3}; by exp, sum and ln {naive[0, 0].Item(),5:F3} and {naive[0, 1].Item(),8:F3}");
        }

        report.AddTable("Loss of either class at the logits (z, 0)", ["z", "from logits: first", "second", "by exp, sum and ln: first", "second "], rows);
        tour.Notice("In float32 e^z overflows from z = 89 on: the losses, 0 and z, become no number and infinite. From logits they are right.");

        // The gradient is the simplest there is.
        Tensor leaf = Row([2, 1, 0]).WithGrad();
        Losses.CrossEntropy(leaf, target).Backward();
        tour.Print($"gradient at logits (2, 1, 0): ({Text(leaf.Grad!)}); softmax − p: ({Text(leaf.Softmax(1) - target)})");
        tour.Notice("The gradient to the logits is softmax(z) − p.");
        double smoothed = Losses.CrossEntropy(logits, number, labelSmoothing: 0.1).Item();
        tour.Print($"label smoothing 0.1: {smoothed:F4} = the cross-entropy with 0.9·one-hot + 0.1/3: {Losses.CrossEntropy(logits, (hot * 0.9) + (0.1 / 3)).Item():F4}");
        report.Save(tour.ReportPath(this));
    }

    private static Tensor Row(double[] values) => Tensor.From<float>([.. values.Select(static v => (float)v)], [1, values.Length]);

    private static string Text(Tensor row) => string.Join(", ", row.Detach().ToArray<float>().Select(static v => v.ToString("F4")));
}
