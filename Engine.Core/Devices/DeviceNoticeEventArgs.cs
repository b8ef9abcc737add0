namespace Engine;

/// <summary>Something about a device that its user may want to know or change; see <see cref="Device.Notice"/>.</summary>
public sealed class DeviceNoticeEventArgs : EventArgs
{
    internal DeviceNoticeEventArgs(Device device, string message) => (Device, Message) = (device, message);

    /// <summary>The device.</summary>
    public Device Device { get; }

    /// <summary>The notice, in a sentence or two.</summary>
    public string Message { get; }
}
