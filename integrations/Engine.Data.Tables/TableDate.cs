using System.Globalization;

namespace Engine.Data.Tables;

/// <summary>Dates as numbers of days.</summary>
internal static class TableDate
{
    private const DateTimeStyles Styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;

    public static double Days(DateTime time) => (time - DateTime.UnixEpoch).TotalDays;

    /// <summary>Reads the ISO 8601 forms, which begin with the year: which part of 3/4 is the month no file says.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out double days)
    {
        if (text.Length >= 10 && text[4] == '-' && DateTime.TryParse(text, CultureInfo.InvariantCulture, Styles, out DateTime time))
        {
            days = Days(time);
            return true;
        }

        days = double.NaN;
        return false;
    }

    public static string Text(double days) => DateTime.UnixEpoch.AddDays(days).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);
}
