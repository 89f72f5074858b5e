// The job vm-noise: statistics, alerts and hourly averages of the benchmark readings of virtual machines.
//
// Its three outputs, CSV without a header, numbers as in number_format.h:
//   statistics       vm,test,count,mean,sd,min,max,last: a line for each (vm, test) at the end of the input. The
//   standard
//                    deviation is that of a sample (divided by count - 1; 0 for a single reading), by Welford's method;
//                    `last` is the reading that came last.
//   alerts           time,vm,test,value,mean,sd,count: a line for each reading more than 4 standard deviations off the
//                    mean of the at least 30 readings before it; mean, sd and count are those before it.
//   window-averages  start,region,type,test,count,average: of each hour (UTC) with readings, once the hour is over.
// Readings may lie up to a minute back in time; those further back miss windows that are written already and are
// counted.
#pragma once

#include "runtime/jobs/job.h"

namespace spillway::runtime {

[[nodiscard]] Status BuildVmNoise(const JobParameters& parameters, StreamExecutionEnvironment& environment,
                                  BuiltJob* job);

inline constexpr JobDefinition kVmNoiseJob{
    "vm-noise", "statistics, alerts and hourly averages of benchmark readings of virtual machines",
    "Reads CSV without a header: start_time,vm,suite,test,unit,value,runtime_s\n"
    "with start_time as YYYY-MM-DD HH:MM:SS.mmm (UTC) and vm as life/region/type/id.\n"
    "Writes CSV without a header:\n"
    "  statistics/       vm,test,count,mean,sd,min,max,last   (sd of a sample; at the end of the input)\n"
    "  alerts/           time,vm,test,value,mean,sd,count     (more than 4 sd off, after 30 readings)\n"
    "  window-averages/  start,region,type,test,count,average (hourly)",
    false, &BuildVmNoise};

}  // namespace spillway::runtime
