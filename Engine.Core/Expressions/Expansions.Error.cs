using static Engine.Expr;

namespace Engine.Backends;

// The complement and the inverse of the error function.
internal static partial class Expansions
{
    // (1 + 2a)·exp(a²)·erfc a in (a − 4)/(a + 4) for a from 1/2 to 28: relative error below 7e-19.
    private static readonly double[] s_erfc =
    [
        1.2329951186255526, -0.1396211168405625, 0.015379652102619901, 0.06809705425468844, -0.1010390660363143,
        0.09373283499853434, -0.06633036581196795, 0.03716751553379472, -0.016197734061059108, 0.00503197001856426,
        -0.0007577732634973155, -0.00019925696553927866, 0.00015062155590137163, -2.4398057333996413E-05, -1.1221668942295945E-05,
        5.706494720146254E-06, 2.9313186423696087E-07, -8.195085083459565E-07, 7.540467350144586E-08, 1.03256669073015E-07,
        -1.8406671051403966E-08, -9.652213521087604E-09, 1.9717656765049794E-09,
    ];

    // erfinv(x)/x with w = −ln(1 − x²): in w − 3.125 for w up to 6.25.
    private static readonly double[] s_inverseNear =
    [
        1.6536545626831027, 0.24015818242558834, -0.006033670871426851, -0.0007407025341546431, 0.00018673420801981186,
        -1.3882523393957488E-05, -1.365469175878561E-06, 4.234788168222536E-07, -2.907039127564656E-08, -4.1126604371687994E-09,
        1.0512233770538552E-09, -5.414303283671874E-11, -1.2978805371334722E-11, 2.6305268305565836E-12, -8.071925901587377E-14,
        -4.0020030957190466E-14, 6.521333445485464E-15, -3.940189694095707E-17, -1.2215636428013848E-16, 1.5510788196685776E-17,
        6.075045121775426E-19, -3.4734798984226885E-19, 1.9992623174568568E-20, 3.1940164973842913E-21, -3.593207125520146E-22,
    ];

    // In √w − 3.25 for w up to 16.
    private static readonly double[] s_inverseMiddle =
    [
        3.0838856104922208, 1.0052589676941652, 0.005370914553555198, -0.0037512085082123323, 0.0024914420979471443,
        -0.0016882755359215894, 0.0009532893418050362, -0.0003550378055135354, 2.4031510235364306E-05, 6.828703776893515E-05,
        -4.732066306784221E-05, 1.2465489259130158E-05, 2.932506836362572E-06, -3.987380034536231E-06, 1.4817780790020438E-06,
        -2.377704895593201E-08, -2.4577232732874956E-07, 1.26183951796196E-07, -2.0683850998976666E-08, -1.1049928286342808E-08,
        7.597728589881476E-09, -1.436904245683093E-09,
    ];

    // In √w − 5 up to the largest number below 1.
    private static readonly double[] s_inverseFar =
    [
        4.849906401408584, 1.0103004648645448, -0.00013871931837976058, -0.00021503011979896695, 7.599527808453348E-05,
        -1.9681771200029937E-05, 4.526052677374611E-06, -9.930254619973146E-07, 2.2905186398873614E-07, -6.757287439629199E-08,
        2.9022126162284648E-08, -1.5213339405299244E-08, 7.813651585150769E-09, -3.5346002345878164E-09, 1.3268760622028454E-09,
        -3.803919053379205E-10, 6.030331373353612E-11, 1.4550522152866869E-11, -1.600173594284448E-11, 5.917290031876797E-12,
        -8.864750363590286E-13,
    ];

    // Beyond, erfc is 0 in float64.
    private const double ErfcIsZero = 28;

    /// <summary>
    /// 1 − erf x where nothing cancels, exp(−a²) times a smooth function elsewhere. a² is taken apart, since the exponential magnifies its rounding: h is
    /// a with few binary digits.
    /// </summary>
    public static Expr Erfc(Expr x)
    {
        Expr a = Min(Abs(x), ErfcIsZero), h = Round(a * 16) * (1.0 / 16);
        Expr power = Exp(-(h * h)) * Exp((h - a) * (h + a));
        Expr tail = power * Polynomial((a - 4) / (a + 4), s_erfc) / (1 + 2 * a);
        return Where(x < 0.5, 1 - Erf(x), tail);
    }

    /// <summary>x times a polynomial in w = −ln(1 − x²), or in √w where x is close to ±1.</summary>
    public static Expr Erfinv(Expr x)
    {
        Expr w = -Log((1 - x) * (1 + x)), root = Sqrt(w);
        Expr ratio = Where(
            w < 6.25, Polynomial(w - 3.125, s_inverseNear), Where(w < 16, Polynomial(root - 3.25, s_inverseMiddle), Polynomial(root - 5, s_inverseFar)));
        return Where(Equal(Abs(x), 1), x * double.PositiveInfinity, x * ratio);
    }
}
