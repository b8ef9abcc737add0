namespace Engine.Backends;

/// <summary>The parameters of programs that draw random numbers, by number. A draw is <see cref="DrawLength"/> of them, as <see cref="Generator.Next"/> writes them.</summary>
internal static class RandomParameters
{
    /// <summary>The parameters of one <see cref="Expr.Random"/>.</summary>
    public const int DrawLength = 4;

    /// <summary>Those of <see cref="Programs.Uniform"/>.</summary>
    internal static class Uniform
    {
        /// <summary>The draw.</summary>
        public const int Draw = 0;

        /// <summary>The smallest number.</summary>
        public const int Low = Draw + DrawLength;

        /// <summary>The distance to the first number that is too large.</summary>
        public const int Width = Low + 1;

        /// <summary>How many there are.</summary>
        public const int Count = Width + 1;
    }

    /// <summary>Those of <see cref="Programs.Normal"/>.</summary>
    internal static class Normal
    {
        /// <summary>The draw of the first uniform number.</summary>
        public const int Draw = 0;

        /// <summary>The draw of the second uniform number.</summary>
        public const int SecondDraw = Draw + DrawLength;

        /// <summary>The mean.</summary>
        public const int Mean = SecondDraw + DrawLength;

        /// <summary>The standard deviation.</summary>
        public const int Std = Mean + 1;

        /// <summary>How many there are.</summary>
        public const int Count = Std + 1;
    }

    /// <summary>Those of <see cref="Programs.Dropout"/>.</summary>
    internal static class Dropout
    {
        /// <summary>The draw, from which the mask follows.</summary>
        public const int Draw = 0;

        /// <summary>The probability with which an element becomes 0.</summary>
        public const int Probability = Draw + DrawLength;

        /// <summary>The factor of the others.</summary>
        public const int Scale = Probability + 1;

        /// <summary>How many there are.</summary>
        public const int Count = Scale + 1;
    }
}
