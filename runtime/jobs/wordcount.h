// The job wordcount: how often each word comes in text files, or among generated words.
//
// Output `counts`: word,count, a line for each word at the end of the input. Words as in words.h; one longer than
// kWordBytesMax is bad input: reported with file and line, and left out.
#pragma once

#include <cstddef>

#include "runtime/jobs/job.h"

namespace spillway::runtime {

inline constexpr size_t kWordBytesMax = 1024;

[[nodiscard]] Status BuildWordcount(const JobParameters& parameters, StreamExecutionEnvironment& environment,
                                    BuiltJob* job);

inline constexpr JobDefinition kWordcountJob{
    "wordcount", "how often each word comes in text files, or among generated words",
    "Reads text, or makes words with --generate N --distinct K [--seed S]. A word is a run of\n"
    "letters, digits and underscores.\n"
    "Writes CSV without a header:\n"
    "  counts/  word,count  (at the end of the input)",
    true, &BuildWordcount};

}  // namespace spillway::runtime
