using static Engine.PtxInterpreter.PtxType;

namespace Engine.PtxInterpreter;

/// <summary>Roots, reciprocals, the approximate functions, and tests of floating-point numbers.</summary>
internal sealed partial class KernelCompiler
{
    private Operation SquareRoot()
    {
        string rounding = _modifiers.Expect("rn", "approx");
        bool flushes = _modifiers.Take("ftz");
        PtxType type = rounding == "rn" && !flushes ? _modifiers.Type(F32, F64) : _modifiers.Type(F32);
        (int d, int a) = Two(type);
        return type == F64 ? new Unary<double, double, SquareRootDouble>(d, a) : Function<SquareRootSingle>(flushes, d, a);
    }

    private Operation Reciprocal()
    {
        string rounding = _modifiers.Expect("rn", "approx");
        bool flushes = _modifiers.Take("ftz");

        // Of doubles there is .rn without .ftz and .approx with it.
        PtxType type = (rounding == "approx") == flushes ? _modifiers.Type(F32, F64) : _modifiers.Type(F32);
        (int d, int a) = Two(type);
        return type == F64
            ? flushes ? new Unary<double, double, FlushedFunction<double, Reciprocal<double>>>(d, a) : new Unary<double, double, Reciprocal<double>>(d, a)
            : Function<Reciprocal<float>>(flushes, d, a);
    }

    private Operation ReciprocalSquareRoot()
    {
        _modifiers.Expect("approx");
        bool flushes = _modifiers.Take("ftz");
        PtxType type = _modifiers.Type(F32, F64);
        (int d, int a) = Two(type);
        return type == F64
            ? flushes ? new Unary<double, double, FlushedFunction<double, ReciprocalSquareRootDouble>>(d, a) : new Unary<double, double, ReciprocalSquareRootDouble>(d, a)
            : Function<ReciprocalSquareRootSingle>(flushes, d, a);
    }

    private Operation ApproximateFunction()
    {
        _modifiers.Expect("approx");
        bool flushes = _modifiers.Take("ftz");
        PtxType type = _instruction.Opcode == "ex2" ? _modifiers.Type(F16, F32) : _modifiers.Type(F32);
        (int d, int a) = Two(type);
        if (type == F16)
        {
            Require(70, 75, type.Name());
            return flushes ? new Unary<Half, Half, FlushedFunction<Half, PowerOfTwoHalf>>(d, a) : new Unary<Half, Half, PowerOfTwoHalf>(d, a);
        }

        return _instruction.Opcode switch
        {
            "ex2" => Function<PowerOfTwo>(flushes, d, a),
            "lg2" => Function<BinaryLogarithm>(flushes, d, a),
            "sin" => Function<ApproximateSine>(flushes, d, a),
            _ => Function<ApproximateCosine>(flushes, d, a),
        };
    }

    private Operation Tanh()
    {
        _modifiers.Expect("approx");
        PtxType type = _modifiers.Type(F16, F32);
        (int d, int a) = Two(type);
        Require(70, 75);
        return type == F16 ? new Unary<Half, Half, HyperbolicTangentHalf>(d, a) : Function<HyperbolicTangent>(flushes: false, d, a);
    }

    private static Operation Function<TOp>(bool flushes, int d, int a)
        where TOp : struct, IUnary<float, float> =>
        flushes ? new Unary<float, float, FlushedFunction<float, TOp>>(d, a) : new Unary<float, float, TOp>(d, a);

    private Operation CopySign()
    {
        PtxType type = _modifiers.Type(F32, F64);
        (int d, int a, int b) = Three(type);
        return type == F32 ? new Binary<float, float, float, CopySignSingle>(d, a, b) : new Binary<double, double, double, CopySignDouble>(d, a, b);
    }

    private Operation TestProperty()
    {
        string property = _modifiers.Expect("finite", "infinite", "number", "notanumber", "normal", "subnormal");
        PtxType type = _modifiers.Type(F32, F64);
        _modifiers.End(2);
        int a = Read(1, type);
        int d = Write(0, Pred);
        return type == F32 ? TestProperty<float>(property, d, a) : TestProperty<double>(property, d, a);
    }

    private static Operation TestProperty<T>(string property, int d, int a)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T> => property switch
        {
            "finite" => new Unary<T, byte, IsFinite<T>>(d, a),
            "infinite" => new Unary<T, byte, IsInfinite<T>>(d, a),
            "number" => new Unary<T, byte, IsNumber<T>>(d, a),
            "notanumber" => new Unary<T, byte, IsNotANumber<T>>(d, a),
            "normal" => new Unary<T, byte, IsNormal<T>>(d, a),
            _ => new Unary<T, byte, IsSubnormal<T>>(d, a),
        };
}
