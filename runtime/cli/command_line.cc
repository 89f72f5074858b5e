#include "runtime/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "runtime/cli/exit_codes.h"
#include "runtime/cli/plugin_commands.h"
#include "runtime/cli/run_command.h"
#include "runtime/config/job_configuration.h"
#include "runtime/config/spillway_options.h"

namespace spillway::cli {
namespace {

std::string KeyLines(const std::vector<OptionDescriptor>& options) {
  std::string text;
  for (const OptionDescriptor& option : options) {
    text += fmt::format("  {}\n      {}{}\n", option.key, option.help,
                        option.default_value.empty() ? "" : fmt::format("; default {}", option.default_value));
  }
  return text;
}

std::string KeysHelp() {
  std::string text = "Configuration keys, for -D and --conf (sizes as 24MiB, durations as 200ms):\n";
  text += KeyLines(runtime::RuntimeOptions());
  text += fmt::format("  of the backend {}:\n", runtime::kSpillwayBackend);
  text += KeyLines(runtime::SpillwayOptions());
  text += "  and those of other backends: 'spillway plugin info BACKEND' lists them.\n\n";
  return text + kExitCodesHelp;
}

void AddRun(CLI::App* app, RunOptions* options) {
  app->add_option("job", options->job, "the job; 'spillway jobs' lists them")->type_name("JOB")->required();
  app->add_option("--input", options->inputs, "files and folders to read, plain or zstd")->type_name("FILE");
  app->add_option("--output", options->output, "directory for the output")->type_name("DIR")->required();
  app->add_option("--backend", options->backend, "state backend: name, or path of a library")->type_name("NAME|PATH");
  app->add_option("--parallelism", options->parallelism, "subtasks of each operator")->type_name("N");
  app->add_option("--conf", options->configuration_file, "configuration file")->type_name("FILE.yaml");
  app->add_option("-D", options->assignments, "a setting; counts more than the file")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app->add_option("--restore", options->restore, "resume from the latest checkpoint, or from that directory")
      ->type_name("latest|PATH");
  app->add_option("--summary", options->summary, "write the summary as JSON")->type_name("FILE.json");
  app->add_flag("--strict", options->strict, "end the job at bad input, instead of counting it");
  app->add_option("--generate", options->generate, "wordcount: make so many words instead of reading")->type_name("N");
  app->add_option("--distinct", options->distinct, "wordcount: out of so many different ones")->type_name("K");
  app->add_option("--seed", options->seed, "wordcount: which words (default 1)")->type_name("S");
  app->footer(KeysHelp());
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  // A reader that goes away (`spillway run … | head`) must not end a job.
  std::signal(SIGPIPE, SIG_IGN);

  CLI::App app("Spillway: stream jobs with keyed state behind a plugin ABI", "spillway");
  app.set_version_flag("--version", std::string("spillway ") + SPILLWAY_VERSION);
  app.require_subcommand(1);
  app.footer(kExitCodesHelp);

  RunOptions run_options;
  CLI::App* run = app.add_subcommand("run", "run a job");
  AddRun(run, &run_options);
  CLI::App* jobs = app.add_subcommand("jobs", "list the jobs");

  CLI::App* plugin = app.add_subcommand("plugin", "look at a backend plugin");
  plugin->require_subcommand(1);
  std::string plugin_name;
  std::string theme;
  CLI::App* info = plugin->add_subcommand("info", "what a plugin is and can do");
  CLI::App* verify = plugin->add_subcommand("verify", "run the conformance kit on a plugin");
  for (CLI::App* command : {info, verify}) {
    command->add_option("plugin", plugin_name, "name, or path of a library")->type_name("PLUGIN")->required();
  }
  verify->add_option("--theme", theme, "only this theme of the kit")->type_name("THEME");

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "spillway: {}; 'spillway --help' tells more\n", error.what());
    return kBadUsage;
  }
  run_options.command_line.assign(argv, argv + argc);
  if (run->parsed()) return RunJobCommand(run_options);
  if (jobs->parsed()) return JobsCommand();
  if (info->parsed()) return PluginInfoCommand(plugin_name);
  return PluginVerifyCommand(plugin_name, theme);
}

}  // namespace spillway::cli
