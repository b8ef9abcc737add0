using System.Numerics;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>The loops of <see cref="RecurrentPrograms"/>: a program with one more output is not known, runs in tiles, and must give the same bits.</summary>
[TestFixtureSource(typeof(CpuKernelFixture), nameof(Widths))]
internal sealed class RecurrentProgramTests(SimdLevel level, int threads) : CpuKernelFixture(level, threads)
{
    private static readonly TestCaseData[] s_programs =
    [
        new TestCaseData(RecurrentPrograms.LstmForward).SetArgDisplayNames("LSTM"),
        new TestCaseData(RecurrentPrograms.LstmPredict).SetArgDisplayNames("LSTM for prediction"),
        new TestCaseData(RecurrentPrograms.LstmBackward).SetArgDisplayNames("LSTM backwards"),
        new TestCaseData(RecurrentPrograms.GruForward).SetArgDisplayNames("GRU"),
        new TestCaseData(RecurrentPrograms.GruPredict).SetArgDisplayNames("GRU for prediction"),
        new TestCaseData(RecurrentPrograms.GruBackward).SetArgDisplayNames("GRU backwards"),
    ];

    [TestCaseSource(nameof(s_programs))]
    public void Loop_LengthsAroundVectors_HasTheBitsOfTheTiles(MapProgram program)
    {
        foreach (int size in (int[])[0, 1, 7, 15, 16, 17, 33, 300])
        {
            Compare<float>(program, size, inPlace: false);
            Compare<float>(program, size, inPlace: true);
            Compare<double>(program, size, inPlace: false);
        }
    }

    private void Compare<T>(MapProgram program, int size, bool inPlace) where T : unmanaged, INumberBase<T>
    {
        const int Samples = 5;
        using TensorScope scope = TensorScope.Begin();
        MapProgram longer = MapProgram.Compile(program.InputCount, [.. program.Expressions, Expr.Input(0) + 1]);
        Tensor[] expected = Run(longer, false), actual = Run(program, inPlace);
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.That(actual[i].ToArray<T>(), Is.EqualTo(expected[i].ToArray<T>()), $"output {i} of [{Samples}, {size}] {typeof(T).Name}, in place {inPlace}");
        }

        // Operands are columns of wider matrices, as gates are; in place, the last output is in the memory of the last input.
        Tensor[] Run(MapProgram run, bool overLast)
        {
            Tensor[] inputs = [.. Enumerable.Range(0, run.InputCount).Select(i => Wide(i + 1))];
            Tensor[] outputs = [.. Enumerable.Range(0, run.OutputCount).Select(_ => Wide(0))];
            outputs = overLast ? [.. outputs[..^1], inputs[^1]] : outputs;
            Pointwise.Into(outputs, run, inputs);
            return outputs;
        }

        Tensor Wide(int seed)
        {
            double[] values = Normal(Samples * 3 * size, seed, deviation: 3);
            if (values.Length > 100 && seed > 0)
            {
                (values[size], values[size + 1], values[(2 * size) - 1]) = (double.NaN, double.PositiveInfinity, double.NegativeInfinity);
            }

            return Make<T>(Cpu, [Samples, 3 * size], values).Narrow(1, size, size);
        }
    }
}
