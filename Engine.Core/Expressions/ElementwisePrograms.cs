namespace Engine.Backends;

/// <summary>Programs of functions of one element or of two.</summary>
internal static class ElementwisePrograms
{
    public static readonly MapProgram Neg = Programs.Unary(static x => -x);
    public static readonly MapProgram Abs = Programs.Unary(Expr.Abs);
    public static readonly MapProgram Sign = Programs.Unary(Expr.Sign);
    public static readonly MapProgram Square = Programs.Unary(Expr.Square);
    public static readonly MapProgram Sqrt = Programs.Unary(Expr.Sqrt);
    public static readonly MapProgram Rsqrt = Programs.Unary(Expr.Rsqrt);
    public static readonly MapProgram Reciprocal = Programs.Unary(Expr.Reciprocal);
    public static readonly MapProgram Exp = Programs.Unary(Expr.Exp);
    public static readonly MapProgram Expm1 = Programs.Unary(Expr.Expm1);
    public static readonly MapProgram Log = Programs.Unary(Expr.Log);
    public static readonly MapProgram Log1p = Programs.Unary(Expr.Log1p);
    public static readonly MapProgram Sin = Programs.Unary(Expr.Sin);
    public static readonly MapProgram Cos = Programs.Unary(Expr.Cos);
    public static readonly MapProgram Tan = Programs.Unary(Expr.Tan);
    public static readonly MapProgram Tanh = Programs.Unary(Expr.Tanh);
    public static readonly MapProgram Erf = Programs.Unary(Expr.Erf);
    public static readonly MapProgram Floor = Programs.Unary(Expr.Floor);
    public static readonly MapProgram Ceil = Programs.Unary(Expr.Ceil);
    public static readonly MapProgram Round = Programs.Unary(Expr.Round);
    public static readonly MapProgram Truncate = Programs.Unary(Expr.Trunc);
    public static readonly MapProgram IsNaN = Programs.Unary(Expr.IsNaN);
    public static readonly MapProgram Not = Programs.Unary(Expr.Not);
    public static readonly MapProgram Mod = Programs.Binary(Expr.Mod);
    public static readonly MapProgram ModScalar = Programs.UnaryScalar(Expr.Mod);
    public static readonly MapProgram FloorDiv = Programs.Binary(Expr.FloorDiv);
    public static readonly MapProgram Pow = Programs.Binary(Expr.Pow);
    public static readonly MapProgram PowScalar = Programs.UnaryScalar(Expr.Pow);
    public static readonly MapProgram Maximum = Programs.Binary(Expr.Max);
    public static readonly MapProgram Minimum = Programs.Binary(Expr.Min);
    public static readonly MapProgram And = Programs.Binary(Expr.And);
    public static readonly MapProgram Or = Programs.Binary(Expr.Or);
    public static readonly MapProgram Less = Programs.Binary(Expr.Less);
    public static readonly MapProgram LessEqual = Programs.Binary(Expr.LessEqual);
    public static readonly MapProgram Equal = Programs.Binary(Expr.Equal);
    public static readonly MapProgram NotEqual = Programs.Binary(Expr.NotEqual);
    public static readonly MapProgram LessScalar = Programs.UnaryScalar(Expr.Less);
    public static readonly MapProgram LessEqualScalar = Programs.UnaryScalar(Expr.LessEqual);
    public static readonly MapProgram GreaterScalar = Programs.UnaryScalar(static (x, p) => Expr.Less(p, x));
    public static readonly MapProgram GreaterEqualScalar = Programs.UnaryScalar(static (x, p) => Expr.LessEqual(p, x));
    public static readonly MapProgram EqualScalar = Programs.UnaryScalar(Expr.Equal);
    public static readonly MapProgram NotEqualScalar = Programs.UnaryScalar(Expr.NotEqual);
    public static readonly MapProgram AddWhole = Programs.UnaryWhole(static (x, p) => x + p);
    public static readonly MapProgram MulWhole = Programs.UnaryWhole(static (x, p) => x * p);
    public static readonly MapProgram WholeSub = Programs.UnaryWhole(static (x, p) => p - x);
    public static readonly MapProgram ModWhole = Programs.UnaryWhole(Expr.Mod);
    public static readonly MapProgram LessWhole = Programs.UnaryWhole(Expr.Less);
    public static readonly MapProgram LessEqualWhole = Programs.UnaryWhole(Expr.LessEqual);
    public static readonly MapProgram GreaterWhole = Programs.UnaryWhole(static (x, p) => Expr.Less(p, x));
    public static readonly MapProgram GreaterEqualWhole = Programs.UnaryWhole(static (x, p) => Expr.LessEqual(p, x));
    public static readonly MapProgram EqualWhole = Programs.UnaryWhole(Expr.Equal);
    public static readonly MapProgram NotEqualWhole = Programs.UnaryWhole(Expr.NotEqual);
    public static readonly MapProgram ClampWhole = Programs.Unary(static x => Expr.Clamp(x, Programs.Whole(0), Programs.Whole(2)));
    public static readonly MapProgram Clamp = Programs.Unary(static x => Expr.Clamp(x, Expr.Parameter(0), Expr.Parameter(1)));
}
