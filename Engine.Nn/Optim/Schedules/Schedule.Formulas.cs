namespace Engine.Nn;

public sealed partial class Schedule
{
    /// <summary>α(t) = α₀.</summary>
    public static Schedule Constant(double rate)
    {
        Hyper.NotNegative(rate);
        return new Schedule("constant", _ => rate);
    }

    /// <summary>A staircase, α(t) = α₀·γ^⌊t/size⌋.</summary>
    public static Schedule Step(double rate, int size, double gamma = 0.1)
    {
        Hyper.NotNegative(rate);
        Hyper.Count(size);
        Hyper.NotNegative(gamma);
        return new Schedule("step", t => rate * Math.Pow(gamma, t / size));
    }

    /// <summary>A staircase by hand, α(t) = α₀·γ^(number of milestones ≤ t).</summary>
    public static Schedule MultiStep(double rate, ReadOnlySpan<int> milestones, double gamma = 0.1)
    {
        Hyper.NotNegative(rate);
        Hyper.NotNegative(gamma);
        int[] passed = milestones.ToArray();
        return new Schedule("multistep", t => rate * Math.Pow(gamma, passed.Count(m => m <= t)));
    }

    /// <summary>α(t) = α₀·γᵗ: α₀·0.95ᵗ, say. <see cref="NaturalExponential"/> takes k of γ = e^(−k).</summary>
    public static Schedule Exponential(double rate, double gamma)
    {
        Hyper.NotNegative(rate);
        Hyper.NotNegative(gamma);
        return new Schedule("exponential", t => rate * Math.Pow(gamma, t));
    }

    /// <summary>α(t) = α₀·e^(−k·t).</summary>
    public static Schedule NaturalExponential(double rate, double decay)
    {
        Hyper.NotNegative(rate);
        Hyper.NotNegative(decay);
        return new Schedule("natural exponential", t => rate * Math.Exp(-decay * t));
    }

    /// <summary>Half a wave, α(t) = α₁ + (α₀ − α₁)·(1 + cos(π·t/steps))/2, then α₁. Loshchilov and Hutter, 2017.</summary>
    /// <remarks>
    /// After its end it stays at α₁; PyTorch's <c>CosineAnnealingLR</c> climbs again there, a trap for runs longer than planned. For waves that
    /// start again see <see cref="CosineRestarts"/>.
    /// </remarks>
    public static Schedule Cosine(double rate, int steps, double minimum = 0)
    {
        Hyper.NotNegative(rate);
        Hyper.Count(steps);
        Hyper.NotNegative(minimum);
        return new Schedule("cosine", t => Descend(rate, minimum, Math.Min(t, steps) / (double)steps));
    }

    /// <summary>
    /// Half waves that start again from α₀: α(t) = α₁ + (α₀ − α₁)·(1 + cos(π·s/T))/2 at s steps into a period of T = first, first·growth,
    /// first·growth² … steps. Loshchilov and Hutter, 2017.
    /// </summary>
    public static Schedule CosineRestarts(double rate, int first, int growth = 1, double minimum = 0)
    {
        Hyper.NotNegative(rate);
        Hyper.Count(first);
        Hyper.Count(growth);
        Hyper.NotNegative(minimum);
        return new Schedule("cosine with restarts", t =>
        {
            long period = first, since = t;
            if (growth == 1)
            {
                since %= period;
            }

            while (since >= period)
            {
                since -= period;
                period *= growth;
            }

            return Descend(rate, minimum, since / (double)period);
        });
    }

    /// <summary>A straight line, α(t) = α₀·(f₀ + (f₁ − f₀)·t/steps), then α₀·f₁.</summary>
    public static Schedule Linear(double rate, int steps, double startFactor = 1, double endFactor = 0)
    {
        Hyper.NotNegative(rate);
        Hyper.Count(steps);
        Hyper.NotNegative(startFactor);
        Hyper.NotNegative(endFactor);
        return new Schedule("linear", t => rate * (startFactor + ((endFactor - startFactor) * Math.Min(t, steps) / steps)));
    }

    /// <summary>α(t) = α₀·(1 − t/steps)^power, then 0.</summary>
    public static Schedule Polynomial(double rate, int steps, double power = 1)
    {
        Hyper.NotNegative(rate);
        Hyper.Count(steps);
        Hyper.Positive(power);
        return new Schedule("polynomial", t => rate * Math.Pow(1 - (Math.Min(t, steps) / (double)steps), power));
    }

    /// <summary>
    /// One cycle: up from maximum/divisor to the maximum in the first part of the steps, then down to maximum/(divisor·finalDivisor), both
    /// along half a cosine wave (or a straight line). Smith and Topin, 2018.
    /// </summary>
    /// <param name="maximum">The rate at the top.</param>
    /// <param name="steps">The length of the cycle; at its last step, number steps − 1, the lowest rate is reached, which stays.</param>
    /// <param name="rise">The part of the steps that goes up.</param>
    /// <param name="divisor">How far below the top the cycle starts.</param>
    /// <param name="finalDivisor">How far below its start the cycle ends.</param>
    /// <param name="linear">Whether to go along straight lines.</param>
    /// <remarks>
    /// PyTorch's <c>OneCycleLR</c>: the top lies at time rise·steps − 1, a fraction as a rule. Where that is before time 0 (rise·steps &lt; 1, a
    /// cycle of few steps) the first step is already on the way down. A way up that takes no time at all (rise·steps = 1), where PyTorch
    /// divides by 0, begins at the top.
    /// </remarks>
    public static Schedule OneCycle(double maximum, int steps, double rise = 0.3, double divisor = 25, double finalDivisor = 1e4, bool linear = false)
    {
        Hyper.NotNegative(maximum);
        Hyper.Count(steps);
        Hyper.Fraction(rise);
        Hyper.Positive(divisor);
        Hyper.Positive(finalDivisor);
        double start = maximum / divisor;
        double end = start / finalDivisor;
        double top = (rise * steps) - 1;
        double last = steps - 1;
        return new Schedule("one cycle", t =>
        {
            double time = Math.Min(t, last);
            return time <= top
                ? Between(start, maximum, top > 0 ? time / top : 1)
                : Between(maximum, end, (time - top) / (last - top));
        });

        double Between(double from, double to, double part) => linear ? from + ((to - from) * part) : Descend(from, to, part);
    }

    /// <summary>α(t) = α₀/(1 + k·t).</summary>
    public static Schedule InverseTime(double rate, double decay)
    {
        Hyper.NotNegative(rate);
        Hyper.NotNegative(decay);
        return new Schedule("inverse time", t => rate / (1 + (decay * t)));
    }

    /// <summary>α(t) = α₀·k/√(t + 1): the notes' α₀·k/√t with t counted from 1.</summary>
    public static Schedule InverseSqrt(double rate, double factor = 1)
    {
        Hyper.NotNegative(rate);
        Hyper.NotNegative(factor);
        return new Schedule("inverse square root", t => rate * factor / Math.Sqrt(t + 1.0));
    }

    /// <summary>Half a cosine wave from one value to another.</summary>
    private static double Descend(double from, double to, double part) => to + ((from - to) * (1 + Math.Cos(Math.PI * part)) / 2);
}
