namespace Engine.Backends;

/// <summary>
/// The pointwise part of a step of recurrent layers, forward and back, which backends know by what they compute. A gate's argument is the sum of a share from the input and one
/// from the hidden state.
/// </summary>
public static class RecurrentPrograms
{
    /// <summary>Gates of an LSTM: input i, forget f, candidate g, output o.</summary>
    public const int LstmGates = 4;

    /// <summary>Gates of a GRU: reset r, update z, candidate n.</summary>
    public const int GruGates = 3;

    /// <summary>
    /// Inputs: the input's shares of i, f, g, o, the hidden state's, the cell c. Outputs: i, f, g, o, <c>c' = σ(f)·c + σ(i)·tanh(g)</c>, <c>h' = σ(o)·tanh(c')</c>, the gates with
    /// their functions applied.
    /// </summary>
    public static MapProgram LstmForward { get; } = MakeLstm(keepsGates: true);

    /// <summary>As <see cref="LstmForward"/>, for prediction: outputs c' and h' only.</summary>
    public static MapProgram LstmPredict { get; } = MakeLstm(keepsGates: false);

    /// <summary>
    /// Inputs: the two parts of h's gradient, the cell's gradient, i, f, g, o, the cell before and after. Outputs: the gradients of the arguments of i, f, g, o, and of the cell before.
    /// </summary>
    public static MapProgram LstmBackward { get; } = MakeLstmBackward();

    /// <summary>
    /// Inputs: the input's shares of r, z, n, the hidden state's, the hidden state h. Outputs: r, z, n, the hidden state's share s of n, <c>h' = (1 − z)·n + z·h</c>
    /// where <c>n = tanh(share + r·s)</c>.
    /// </summary>
    public static MapProgram GruForward { get; } = MakeGru(keepsGates: true);

    /// <summary>As <see cref="GruForward"/>, for prediction: output h' only.</summary>
    public static MapProgram GruPredict { get; } = MakeGru(keepsGates: false);

    /// <summary>
    /// Inputs: the three parts of h's gradient, r, z, n, s, the hidden state before. Outputs: the gradients of the input's shares of r, z, n, of the hidden state's, and the part of the
    /// gradient of the state before that goes around the gates.
    /// </summary>
    public static MapProgram GruBackward { get; } = MakeGruBackward();

    private static MapProgram MakeLstm(bool keepsGates)
    {
        static Expr Share(int gate) => Expr.Input(gate) + Expr.Input(LstmGates + gate);
        Expr input = Expr.Sigmoid(Share(0)), forget = Expr.Sigmoid(Share(1)), candidate = Expr.Tanh(Share(2)), output = Expr.Sigmoid(Share(3));
        Expr cell = (forget * Expr.Input(2 * LstmGates)) + (input * candidate), hidden = output * Expr.Tanh(cell);
        return MapProgram.Compile((2 * LstmGates) + 1, keepsGates ? [input, forget, candidate, output, cell, hidden] : [cell, hidden]);
    }

    private static MapProgram MakeLstmBackward()
    {
        Expr dh = Expr.Input(0) + Expr.Input(1);
        Expr input = Expr.Input(3), forget = Expr.Input(4), candidate = Expr.Input(5), output = Expr.Input(6), before = Expr.Input(7), squashed = Expr.Tanh(Expr.Input(8));
        Expr dc = Expr.Input(2) + (dh * output * (1 - (squashed * squashed)));
        static Expr Slope(Expr sigmoid) => sigmoid * (1 - sigmoid);
        return MapProgram.Compile(
            9,
            dc * candidate * Slope(input),
            dc * before * Slope(forget),
            dc * input * (1 - (candidate * candidate)),
            dh * squashed * Slope(output),
            dc * forget);
    }

    private static MapProgram MakeGru(bool keepsGates)
    {
        Expr reset = Expr.Sigmoid(Expr.Input(0) + Expr.Input(3)), update = Expr.Sigmoid(Expr.Input(1) + Expr.Input(4)), share = Expr.Input(5);
        Expr candidate = Expr.Tanh(Expr.Input(2) + (reset * share)), next = ((1 - update) * candidate) + (update * Expr.Input(6));
        return MapProgram.Compile((2 * GruGates) + 1, keepsGates ? [reset, update, candidate, share, next] : [next]);
    }

    private static MapProgram MakeGruBackward()
    {
        Expr dh = Expr.Input(0) + Expr.Input(1) + Expr.Input(2);
        Expr reset = Expr.Input(3), update = Expr.Input(4), candidate = Expr.Input(5), share = Expr.Input(6), before = Expr.Input(7);
        Expr dn = dh * (1 - update) * (1 - (candidate * candidate));
        Expr dr = dn * share * reset * (1 - reset), dz = dh * (before - candidate) * update * (1 - update);
        return MapProgram.Compile(8, dr, dz, dn, dr, dz, dn * reset, dh * update);
    }
}
