namespace Engine.Gpu;

/// <summary>The functions of OpenCL 1.2 that the driver calls, under their C names.</summary>
/// <remarks>Function pointers rather than imports, because a driver's own library offers them through a table only; see <see cref="ClLibrary"/>.</remarks>
internal sealed unsafe class ClApi
{
    public delegate* unmanaged<uint, nint*, uint*, int> clGetPlatformIDs;
    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> clGetPlatformInfo;
    public delegate* unmanaged<nint, ulong, uint, nint*, uint*, int> clGetDeviceIDs;
    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> clGetDeviceInfo;
    public delegate* unmanaged<nint, int> clRetainDevice;
    public delegate* unmanaged<nint, int> clReleaseDevice;
    public delegate* unmanaged<nint*, uint, nint*, nint, nint, int*, nint> clCreateContext;
    public delegate* unmanaged<nint, int> clRetainContext;
    public delegate* unmanaged<nint, int> clReleaseContext;
    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> clGetContextInfo;
    public delegate* unmanaged<nint, nint, ulong, int*, nint> clCreateCommandQueue;
    public delegate* unmanaged<nint, int> clRetainCommandQueue;
    public delegate* unmanaged<nint, int> clReleaseCommandQueue;
    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> clGetCommandQueueInfo;
    public delegate* unmanaged<nint, ulong, nuint, void*, int*, nint> clCreateBuffer;
    public delegate* unmanaged<nint, int> clRetainMemObject;
    public delegate* unmanaged<nint, int> clReleaseMemObject;
    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> clGetMemObjectInfo;
    public delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint> clCreateProgramWithSource;
    public delegate* unmanaged<nint, uint, nint*, nuint*, byte**, int*, int*, nint> clCreateProgramWithBinary;
    public delegate* unmanaged<nint, int> clReleaseProgram;
    public delegate* unmanaged<nint, uint, nint*, byte*, nint, nint, int> clBuildProgram;
    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> clGetProgramInfo;
    public delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int> clGetProgramBuildInfo;
    public delegate* unmanaged<nint, byte*, int*, nint> clCreateKernel;
    public delegate* unmanaged<nint, int> clReleaseKernel;
    public delegate* unmanaged<nint, uint, nuint, void*, int> clSetKernelArg;
    public delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int> clGetKernelWorkGroupInfo;
    public delegate* unmanaged<uint, nint*, int> clWaitForEvents;
    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> clGetEventInfo;
    public delegate* unmanaged<nint, int> clReleaseEvent;
    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> clGetEventProfilingInfo;
    public delegate* unmanaged<nint, int> clFlush;
    public delegate* unmanaged<nint, int> clFinish;
    public delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int> clEnqueueReadBuffer;
    public delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int> clEnqueueWriteBuffer;
    public delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int> clEnqueueCopyBuffer;
    public delegate* unmanaged<nint, nint, void*, nuint, nuint, nuint, uint, nint*, nint*, int> clEnqueueFillBuffer;
    public delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int> clEnqueueNDRangeKernel;
    public delegate* unmanaged<nint, uint, nint*, ulong, uint, nint*, nint*, int> clEnqueueMigrateMemObjects;
    public delegate* unmanaged<nint, uint, nint*, nint*, int> clEnqueueMarkerWithWaitList;

    /// <summary>Of OpenCL 2.1; null where the library is older. Only devices of that version may be asked.</summary>
    public delegate* unmanaged<nint, nint, uint, nuint, void*, nuint, void*, nuint*, int> clGetKernelSubGroupInfo;

    /// <summary>Whether the library can say how large the sub-groups of a kernel are.</summary>
    public bool HasSubGroupInfo => clGetKernelSubGroupInfo != null;

    /// <summary>
    /// Fills the table. <paramref name="find"/> gets a function's name and its place in the dispatch table of the installable client
    /// driver interface (cl_icd.h), and gives its address.
    /// </summary>
    /// <exception cref="EntryPointNotFoundException">Thrown by <paramref name="find"/>: the library is older than OpenCL 1.2.</exception>
    public ClApi(Func<string, int, nint> find)
    {
        clGetPlatformIDs = (delegate* unmanaged<uint, nint*, uint*, int>)find("clGetPlatformIDs", 0);
        clGetPlatformInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)find("clGetPlatformInfo", 1);
        clGetDeviceIDs = (delegate* unmanaged<nint, ulong, uint, nint*, uint*, int>)find("clGetDeviceIDs", 2);
        clGetDeviceInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)find("clGetDeviceInfo", 3);
        clRetainDevice = (delegate* unmanaged<nint, int>)find("clRetainDevice", 94);
        clReleaseDevice = (delegate* unmanaged<nint, int>)find("clReleaseDevice", 95);
        clCreateContext = (delegate* unmanaged<nint*, uint, nint*, nint, nint, int*, nint>)find("clCreateContext", 4);
        clRetainContext = (delegate* unmanaged<nint, int>)find("clRetainContext", 6);
        clReleaseContext = (delegate* unmanaged<nint, int>)find("clReleaseContext", 7);
        clGetContextInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)find("clGetContextInfo", 8);
        clCreateCommandQueue = (delegate* unmanaged<nint, nint, ulong, int*, nint>)find("clCreateCommandQueue", 9);
        clRetainCommandQueue = (delegate* unmanaged<nint, int>)find("clRetainCommandQueue", 10);
        clReleaseCommandQueue = (delegate* unmanaged<nint, int>)find("clReleaseCommandQueue", 11);
        clGetCommandQueueInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)find("clGetCommandQueueInfo", 12);
        clCreateBuffer = (delegate* unmanaged<nint, ulong, nuint, void*, int*, nint>)find("clCreateBuffer", 14);
        clRetainMemObject = (delegate* unmanaged<nint, int>)find("clRetainMemObject", 17);
        clReleaseMemObject = (delegate* unmanaged<nint, int>)find("clReleaseMemObject", 18);
        clGetMemObjectInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)find("clGetMemObjectInfo", 20);
        clCreateProgramWithSource = (delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint>)find("clCreateProgramWithSource", 26);
        clCreateProgramWithBinary = (delegate* unmanaged<nint, uint, nint*, nuint*, byte**, int*, int*, nint>)find("clCreateProgramWithBinary", 27);
        clReleaseProgram = (delegate* unmanaged<nint, int>)find("clReleaseProgram", 29);
        clBuildProgram = (delegate* unmanaged<nint, uint, nint*, byte*, nint, nint, int>)find("clBuildProgram", 30);
        clGetProgramInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)find("clGetProgramInfo", 32);
        clGetProgramBuildInfo = (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int>)find("clGetProgramBuildInfo", 33);
        clCreateKernel = (delegate* unmanaged<nint, byte*, int*, nint>)find("clCreateKernel", 34);
        clReleaseKernel = (delegate* unmanaged<nint, int>)find("clReleaseKernel", 37);
        clSetKernelArg = (delegate* unmanaged<nint, uint, nuint, void*, int>)find("clSetKernelArg", 38);
        clGetKernelWorkGroupInfo = (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int>)find("clGetKernelWorkGroupInfo", 40);
        clWaitForEvents = (delegate* unmanaged<uint, nint*, int>)find("clWaitForEvents", 41);
        clGetEventInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)find("clGetEventInfo", 42);
        clReleaseEvent = (delegate* unmanaged<nint, int>)find("clReleaseEvent", 44);
        clGetEventProfilingInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)find("clGetEventProfilingInfo", 45);
        clFlush = (delegate* unmanaged<nint, int>)find("clFlush", 46);
        clFinish = (delegate* unmanaged<nint, int>)find("clFinish", 47);
        clEnqueueReadBuffer = (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)find("clEnqueueReadBuffer", 48);
        clEnqueueWriteBuffer = (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)find("clEnqueueWriteBuffer", 49);
        clEnqueueCopyBuffer = (delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int>)find("clEnqueueCopyBuffer", 50);
        clEnqueueFillBuffer = (delegate* unmanaged<nint, nint, void*, nuint, nuint, nuint, uint, nint*, nint*, int>)find("clEnqueueFillBuffer", 102);
        clEnqueueNDRangeKernel = (delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int>)find("clEnqueueNDRangeKernel", 59);
        clEnqueueMigrateMemObjects = (delegate* unmanaged<nint, uint, nint*, ulong, uint, nint*, nint*, int>)find("clEnqueueMigrateMemObjects", 104);
        clEnqueueMarkerWithWaitList = (delegate* unmanaged<nint, uint, nint*, nint*, int>)find("clEnqueueMarkerWithWaitList", 105);
    }
}
