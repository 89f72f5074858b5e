// Runs the command in a folder of its own, and looks at what it leaves.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temporary_folder.h"

namespace spillway::cli {

using Words = std::vector<std::string>;
using Ended = ChildProcess::Ended;

class CommandTest : public testing::Test {
 protected:
  static Words Command(const Words& words);
  static Ended Run(const Words& words) { return ChildProcess::Run(Command(words)); }

  // run JOB with output, summary and `more`.
  [[nodiscard]] Words RunWords(const std::string& job, const Words& more) const;
  [[nodiscard]] Ended RunJob(const std::string& job, const Words& more) const { return Run(RunWords(job, more)); }

  [[nodiscard]] nlohmann::json Summary() const;
  // Of all committed files of one output, sorted.
  [[nodiscard]] std::vector<std::string> OutputLines(const std::string& output) const;
  // Computed here, apart from the program.
  [[nodiscard]] static std::string DigestOf(std::vector<std::string> lines);

  [[nodiscard]] std::filesystem::path output() const { return folder_ / "out"; }
  [[nodiscard]] std::string checkpoints() const { return (folder_ / "checkpoints").string(); }

  const runtime::TemporaryFolder folder_;
};

}  // namespace spillway::cli
