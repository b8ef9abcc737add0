namespace Engine.Gpu;

/// <summary>Constants of cl.h, in its spelling.</summary>
internal static class ClConstants
{
    public const int CL_SUCCESS = 0;
    public const int CL_DEVICE_NOT_FOUND = -1;
    public const int CL_DEVICE_NOT_AVAILABLE = -2;
    public const int CL_MEM_OBJECT_ALLOCATION_FAILURE = -4;
    public const int CL_OUT_OF_RESOURCES = -5;
    public const int CL_OUT_OF_HOST_MEMORY = -6;
    public const int CL_PROFILING_INFO_NOT_AVAILABLE = -7;
    public const int CL_BUILD_PROGRAM_FAILURE = -11;
    public const int CL_INVALID_COMMAND_QUEUE = -36;
    public const int CL_INVALID_BUFFER_SIZE = -61;
    public const int CL_PLATFORM_NOT_FOUND_KHR = -1001;

    /// <summary>NVIDIA's code for a kernel that touched memory it does not own.</summary>
    public const int NVIDIA_ILLEGAL_ACCESS = -9999;

    public const uint CL_FALSE = 0;
    public const uint CL_TRUE = 1;

    public const uint CL_PLATFORM_VERSION = 0x0901;
    public const uint CL_PLATFORM_NAME = 0x0902;

    public const ulong CL_DEVICE_TYPE_CPU = 1 << 1;
    public const ulong CL_DEVICE_TYPE_GPU = 1 << 2;
    public const ulong CL_DEVICE_TYPE_ALL = 0xFFFFFFFF;

    public const uint CL_DEVICE_TYPE = 0x1000;
    public const uint CL_DEVICE_VENDOR_ID = 0x1001;
    public const uint CL_DEVICE_LOCAL_MEM_TYPE = 0x1022;
    public const uint CL_LOCAL = 1;
    public const uint CL_DEVICE_NUM_EUS_PER_SUB_SLICE_INTEL = 0x4254;
    public const uint CL_DEVICE_MAX_COMPUTE_UNITS = 0x1002;
    public const uint CL_DEVICE_MAX_WORK_GROUP_SIZE = 0x1004;
    public const uint CL_DEVICE_MAX_WORK_ITEM_SIZES = 0x1005;
    public const uint CL_DEVICE_MAX_MEM_ALLOC_SIZE = 0x1010;
    public const uint CL_DEVICE_MAX_PARAMETER_SIZE = 0x1017;
    public const uint CL_DEVICE_GLOBAL_MEM_SIZE = 0x101F;
    public const uint CL_DEVICE_LOCAL_MEM_SIZE = 0x1023;
    public const uint CL_DEVICE_ENDIAN_LITTLE = 0x1026;
    public const uint CL_DEVICE_AVAILABLE = 0x1027;
    public const uint CL_DEVICE_COMPILER_AVAILABLE = 0x1028;
    public const uint CL_DEVICE_NAME = 0x102B;
    public const uint CL_DEVICE_VENDOR = 0x102C;
    public const uint CL_DRIVER_VERSION = 0x102D;
    public const uint CL_DEVICE_VERSION = 0x102F;
    public const uint CL_DEVICE_MAX_NUM_SUB_GROUPS = 0x105C;
    public const uint CL_DEVICE_SUB_GROUP_SIZES_INTEL = 0x4108;
    public const uint CL_DEVICE_WAVEFRONT_WIDTH_AMD = 0x4043;
    public const uint CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE = 0x2033;
    public const uint CL_DEVICE_GENERIC_ADDRESS_SPACE_SUPPORT = 0x1069;
    public const ulong CL_DEVICE_ATOMIC_ORDER_ACQ_REL = 1 << 1;
    public const ulong CL_DEVICE_ATOMIC_SCOPE_DEVICE = 1 << 5;
    public const uint CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES = 0x1063;
    public const uint CL_DEVICE_EXTENSIONS = 0x1030;
    public const uint CL_DEVICE_PLATFORM = 0x1031;

    public const nint CL_CONTEXT_PLATFORM = 0x1084;

    public const uint CL_QUEUE_CONTEXT = 0x1090;
    public const uint CL_QUEUE_DEVICE = 0x1091;
    public const uint CL_QUEUE_PROPERTIES = 0x1093;
    public const ulong CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE = 1 << 0;
    public const ulong CL_QUEUE_PROFILING_ENABLE = 1 << 1;

    public const ulong CL_MEM_READ_WRITE = 1 << 0;
    public const uint CL_MEM_SIZE = 0x1102;
    public const uint CL_MEM_HOST_PTR = 0x1103;
    public const uint CL_MEM_CONTEXT = 0x1106;
    public const uint CL_MEM_OFFSET = 0x1108;
    public const ulong CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED = 1 << 1;

    public const uint CL_PROGRAM_BINARY_SIZES = 0x1165;
    public const uint CL_PROGRAM_BINARIES = 0x1166;
    public const uint CL_PROGRAM_BUILD_LOG = 0x1183;

    public const uint CL_KERNEL_WORK_GROUP_SIZE = 0x11B0;
    public const uint CL_KERNEL_LOCAL_MEM_SIZE = 0x11B2;

    public const uint CL_EVENT_COMMAND_EXECUTION_STATUS = 0x11D3;
    public const int CL_COMPLETE = 0;
    public const uint CL_PROFILING_COMMAND_END = 0x1283;
}
