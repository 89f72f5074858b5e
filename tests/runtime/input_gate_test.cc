#include "runtime/channel/input_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "runtime/channel/barrier_aligner.h"
#include "runtime/channel/watermark_merger.h"

namespace spillway::runtime {
namespace {

using Outcome = InputGate::Outcome;

int64_t NextWatermark(InputGate& gate, size_t* channel) {
  StreamElement element;
  EXPECT_EQ(gate.Next(std::nullopt, &element, channel), Outcome::kElement);
  return element.watermark;
}

TEST(InputGate, KeepsTheOrderOfEachChannelAndTakesTurns) {
  InputGate gate(2, 8);
  for (int64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(gate.sender(0)->Send(StreamElement::OfWatermark(i)));
    ASSERT_TRUE(gate.sender(1)->Send(StreamElement::OfWatermark(100 + i)));
  }
  std::vector<std::pair<size_t, int64_t>> seen;
  for (int i = 0; i < 6; ++i) {
    size_t channel = 9;
    const int64_t watermark = NextWatermark(gate, &channel);
    seen.push_back({channel, watermark});
  }
  const std::vector<std::pair<size_t, int64_t>> expected = {{0, 0}, {1, 100}, {0, 1}, {1, 101}, {0, 2}, {1, 102}};
  EXPECT_EQ(seen, expected);
  EXPECT_TRUE(gate.WouldWait());
}

TEST(InputGate, ABlockedChannelIsNotReadUntilAllAreUnblocked) {
  InputGate gate(2, 8);
  ASSERT_TRUE(gate.sender(0)->Send(StreamElement::OfWatermark(1)));
  gate.Block(0);
  EXPECT_TRUE(gate.WouldWait());
  ASSERT_TRUE(gate.sender(1)->Send(StreamElement::OfWatermark(2)));
  size_t channel = 9;
  EXPECT_EQ(NextWatermark(gate, &channel), 2);
  EXPECT_EQ(channel, 1U);
  EXPECT_TRUE(gate.WouldWait());
  gate.UnblockAll();
  EXPECT_EQ(NextWatermark(gate, &channel), 1);
}

TEST(InputGate, ASenderWaitsWhileItsChannelIsFull) {
  InputGate gate(1, 2);
  std::atomic<int> sent{0};
  std::thread sender([&] {
    for (int64_t i = 0; i < 100; ++i) {
      ASSERT_TRUE(gate.sender(0)->Send(StreamElement::OfWatermark(i)));
      sent.fetch_add(1);
    }
  });
  for (int64_t i = 0; i < 100; ++i) {
    size_t channel = 9;
    const int received_before = static_cast<int>(i);
    EXPECT_LE(sent.load(), received_before + 2);
    EXPECT_EQ(NextWatermark(gate, &channel), i);
  }
  sender.join();
}

TEST(InputGate, CancelWakesAWaitingSenderAndTheReader) {
  InputGate gate(2, 1);
  ASSERT_TRUE(gate.sender(0)->Send(StreamElement::OfWatermark(1)));
  gate.Block(0);
  std::atomic<bool> accepted{true};
  std::thread sender([&] { accepted = gate.sender(0)->Send(StreamElement::OfWatermark(2)); });
  std::thread reader([&] {
    StreamElement element;
    size_t channel = 9;
    EXPECT_EQ(gate.Next(std::nullopt, &element, &channel), Outcome::kCancelled);
  });
  gate.Cancel();
  sender.join();
  reader.join();
  EXPECT_FALSE(accepted);
  EXPECT_FALSE(gate.sender(1)->Send(StreamElement::OfWatermark(3)));
}

TEST(InputGate, WakeAndTheEndOfTheTimeGiveNothing) {
  InputGate gate(1, 1);
  StreamElement element;
  size_t channel = 9;
  gate.Wake();
  EXPECT_EQ(gate.Next(std::nullopt, &element, &channel), Outcome::kNothing);
  EXPECT_EQ(gate.Next(std::chrono::milliseconds(1), &element, &channel), Outcome::kNothing);
}

TEST(BarrierAligner, IsCompleteWhenEveryChannelHasBroughtTheBarrier) {
  BarrierAligner aligner(3);
  for (uint64_t id = 1; id <= 2; ++id) {
    EXPECT_FALSE(aligner.Arrived(2, {id, BarrierKind::kPeriodic})->has_value());
    EXPECT_FALSE(aligner.Arrived(0, {id, BarrierKind::kPeriodic})->has_value());
    const auto complete = aligner.Arrived(1, {id, BarrierKind::kPeriodic});
    ASSERT_TRUE(complete.ok() && complete->has_value());
    EXPECT_EQ((*complete)->checkpoint_id, id);
  }
}

TEST(BarrierAligner, RefusesAnotherBarrierAndTheSameTwice) {
  BarrierAligner aligner(2);
  ASSERT_TRUE(aligner.Arrived(0, {1, BarrierKind::kPeriodic}).ok());
  EXPECT_EQ(aligner.Arrived(1, {2, BarrierKind::kPeriodic}).status().code(), StatusCode::kInternal);
  EXPECT_EQ(aligner.Arrived(0, {1, BarrierKind::kPeriodic}).status().code(), StatusCode::kInternal);
}

TEST(WatermarkMerger, TheLeastInputCountsAndNeverGoesBack) {
  WatermarkMerger merger(2);
  EXPECT_EQ(merger.Watermark(0, 10).watermark, std::nullopt);
  EXPECT_EQ(merger.Watermark(1, 5).watermark, 5);
  EXPECT_EQ(merger.Watermark(1, 3).watermark, std::nullopt);
  EXPECT_EQ(merger.Watermark(1, 30).watermark, 10);
}

TEST(WatermarkMerger, IdleInputsHoldNobodyBack) {
  WatermarkMerger merger(2);
  merger.Watermark(0, 10);
  EXPECT_EQ(merger.Idle(1, true).watermark, 10);
  const WatermarkMerger::Change all_idle = merger.Idle(0, true);
  EXPECT_EQ(all_idle.idle, true);
  EXPECT_EQ(all_idle.watermark, std::nullopt);
  const WatermarkMerger::Change again = merger.Idle(1, false);
  EXPECT_EQ(again.idle, false);
  EXPECT_EQ(again.watermark, std::nullopt);
  EXPECT_EQ(merger.Watermark(1, 20).watermark, 20);
}

TEST(WatermarkMerger, WhenAllAreIdleTheGreatestCounts) {
  WatermarkMerger merger(2);
  EXPECT_EQ(merger.Watermark(0, 10).watermark, std::nullopt);
  EXPECT_EQ(merger.Idle(0, true).watermark, std::nullopt);  // the other one may still have earlier records
  const WatermarkMerger::Change all_idle = merger.Idle(1, true);
  EXPECT_EQ(all_idle.idle, true);
  EXPECT_EQ(all_idle.watermark, 10);
}

TEST(WatermarkMerger, EndedInputsHoldNobodyBackAndTheEndNeedsAll) {
  WatermarkMerger merger(3);
  merger.Watermark(0, kWatermarkAfterAll);
  merger.Watermark(1, 7);
  EXPECT_EQ(merger.Watermark(2, 9).watermark, 7);
  EXPECT_EQ(merger.Watermark(1, kWatermarkAfterAll).watermark, 9);
  EXPECT_EQ(merger.Idle(2, true).idle, true);
  EXPECT_EQ(merger.Watermark(2, kWatermarkAfterAll).watermark, kWatermarkAfterAll);
}

}  // namespace
}  // namespace spillway::runtime
