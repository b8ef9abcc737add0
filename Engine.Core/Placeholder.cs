namespace Engine; internal static class PlaceholderCore { }
