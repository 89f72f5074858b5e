// Makes a system call fail for the calling thread, and for it alone, as a container's seccomp profile would.
//
// For good: run it in a thread of its own.
#pragma once

namespace spillway::spill {

// False where the kernel does not let us.
[[nodiscard]] bool RefuseSystemCall(long number, int error);

}  // namespace spillway::spill
