// The job page-trace: how each page of a block access trace is used.
//
// Output `pages`: page,accesses,last,mean_distance, a line for each page at the end of the input, numbers as in
// number_format.h. A line of the trace is a request, its number that of the line, from 1; lines that are left out as
// bad input count as well, and all pages of a request share its number. `last` is the request that touched the page
// last; `mean_distance` is the mean number of requests from one access to the next, 0 for a page touched once.
//
// One trace is one file: requests of several files have no order among each other, so a job reads only one. One
// subtask reads it, whatever the parallelism, so the accesses of a page keep their order.
#pragma once

#include "runtime/jobs/job.h"

namespace spillway::runtime {

[[nodiscard]] Status BuildPageTrace(const JobParameters& parameters, StreamExecutionEnvironment& environment,
                                    BuiltJob* job);

inline constexpr JobDefinition kPageTraceJob{
    "page-trace", "how often and how far apart the pages of a block access trace are touched",
    "Reads one trace, a request a line: first_page page_count ignored request_number.\n"
    "A request touches page_count pages from first_page on; its number is that of its line.\n"
    "Writes CSV without a header:\n"
    "  pages/  page,accesses,last,mean_distance  (last request, mean requests from access to access; at the end)",
    false, &BuildPageTrace};

}  // namespace spillway::runtime
