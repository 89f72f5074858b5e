#include "runtime/cli/resume_command.h"

#include <gtest/gtest.h>

namespace spillway::cli {
namespace {

TEST(ResumeCommand, IsTheSameWithAnotherRestore) {
  EXPECT_EQ(ResumeCommand({"bin/spillway", "run", "vm-noise", "--output", "/out"}, "latest"),
            "bin/spillway run vm-noise --output /out --restore latest");
  EXPECT_EQ(ResumeCommand({"spillway", "run", "--restore", "/c/chk-7", "vm-noise"}, "latest"),
            "spillway run vm-noise --restore latest");
  EXPECT_EQ(ResumeCommand({"spillway", "run", "vm-noise", "--restore=latest", "--strict"}, "my checkpoints/chk-7"),
            "spillway run vm-noise --strict --restore 'my checkpoints/chk-7'");
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
