#include "runtime/state/spill_figures.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace spillway::runtime {
namespace {

spw_metric Metric(const char* name, double value, spw_metric_kind kind = SPW_METRIC_GAUGE) {
  return {name, "", value, kind, 0};
}

std::vector<spw_metric> OfSpilling(double scale, const char* engine) {
  return {Metric("spilled_write_bytes", 100 * scale, SPW_METRIC_COUNTER),
          Metric("spilled_read_bytes", 10 * scale, SPW_METRIC_COUNTER),
          Metric("entries_resident", 7 * scale),
          Metric("entries_spilled", 3 * scale),
          Metric("cold_sync_reads", 2 * scale, SPW_METRIC_COUNTER),
          Metric("stall_ms", scale, SPW_METRIC_COUNTER),
          Metric("io_engine_uring", engine == std::string("uring") ? 1 : 0),
          Metric("io_engine_pread", engine == std::string("pread") ? 1 : 0),
          Metric("something_else", 5)};
}

TEST(SpillFigures, AreSummedOverInstances) {
  SpillFigures sum;
  EXPECT_EQ(sum.io_engine, "none");
  AddSpill(ReadSpill(OfSpilling(1, "uring")), 0, &sum);
  AddSpill(ReadSpill(OfSpilling(10, "uring")), 0, &sum);
  EXPECT_EQ(sum.io_engine, "uring");
  EXPECT_EQ(sum.write_bytes, 1100u);
  EXPECT_EQ(sum.read_bytes, 110u);
  EXPECT_EQ(sum.entries_resident, 77u);
  EXPECT_EQ(sum.entries_spilled, 33u);
  EXPECT_EQ(sum.cold_sync_reads, 22u);
  EXPECT_EQ(sum.stall_ms, 11u);
}

TEST(SpillFigures, WhatIsNotExportedIsZero) {
  SpillFigures sum;
  AddSpill(ReadSpill({}), 0, &sum);
  EXPECT_EQ(sum.io_engine, "none");
  EXPECT_EQ(sum.write_bytes, 0u);
  EXPECT_EQ(sum.entries_resident, 0u);
}

TEST(SpillFigures, EntriesOfABackendThatKeepsAllInMemoryAreResident) {
  SpillFigures sum;
  AddSpill(ReadSpill({}), 42, &sum);
  EXPECT_EQ(sum.entries_resident, 42u);
  AddSpill(ReadSpill(OfSpilling(1, "pread")), 1000, &sum);
  EXPECT_EQ(sum.entries_resident, 49u) << "what a backend says itself counts";
}

TEST(SpillFigures, EnginesThatDifferAreMixed) {
  SpillFigures sum;
  AddSpill(ReadSpill(OfSpilling(1, "pread")), 0, &sum);
  EXPECT_EQ(sum.io_engine, "pread");
  AddSpill(ReadSpill({}), 0, &sum);
  EXPECT_EQ(sum.io_engine, "pread") << "an instance without an engine says nothing";
  AddSpill(ReadSpill(OfSpilling(1, "uring")), 0, &sum);
  EXPECT_EQ(sum.io_engine, "mixed");
  AddSpill(ReadSpill(OfSpilling(1, "uring")), 0, &sum);
  EXPECT_EQ(sum.io_engine, "mixed");
}

TEST(SpillFigures, FiguresThatAreNoCountsAreIgnored) {
  const std::vector<spw_metric> metrics{
      Metric("spilled_write_bytes", -1), Metric("spilled_read_bytes", std::numeric_limits<double>::quiet_NaN()),
      Metric("stall_ms", 1e300), Metric("entries_spilled", 5, 99), Metric(nullptr, 5)};
  SpillFigures sum;
  AddSpill(ReadSpill(metrics), 0, &sum);
  EXPECT_EQ(sum.write_bytes, 0u);
  EXPECT_EQ(sum.read_bytes, 0u);
  EXPECT_EQ(sum.stall_ms, 0u);
  EXPECT_EQ(sum.entries_spilled, 0u) << "of an unknown kind";
}

}  // namespace
}  // namespace spillway::runtime
