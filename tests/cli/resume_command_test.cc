#include "runtime/cli/resume_command.h"

#include <gtest/gtest.h>

namespace spillway::cli {
namespace {

TEST(ResumeCommand, IsTheSameWithRestoreLatest) {
  EXPECT_EQ(ResumeCommand({"bin/spillway", "run", "vm-noise", "--output", "/out"}),
            "bin/spillway run vm-noise --output /out --restore latest");
  EXPECT_EQ(ResumeCommand({"spillway", "run", "--restore", "/c/chk-7", "vm-noise"}),
            "spillway run vm-noise --restore latest");
  EXPECT_EQ(ResumeCommand({"spillway", "run", "vm-noise", "--restore=latest", "--strict"}),
            "spillway run vm-noise --strict --restore latest");
}

TEST(ResumeCommand, QuotesForTheShell) {
  EXPECT_EQ(ShellQuoted("a-b/c.d_e=f,g:h@i%+0"), "a-b/c.d_e=f,g:h@i%+0");
  EXPECT_EQ(ShellQuoted(""), "''");
  EXPECT_EQ(ShellQuoted("my file"), "'my file'");
  EXPECT_EQ(ShellQuoted("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellQuoted("$(rm)"), "'$(rm)'");
}

}  // namespace
}  // namespace spillway::cli
