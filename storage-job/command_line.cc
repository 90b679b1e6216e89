#include "command_line.h"

#include <CLI/CLI.hpp>
#include <array>

namespace hearth::storage_job {
namespace {

struct Values {
  Settings settings;
  unsigned retry_seconds = 300;
  unsigned stall_seconds = 30;
  std::string progress = "auto";
};

constexpr const char* kFooter =
    "Exit codes: 0 done, 2 usage, 10 storage unreachable, 11 denied, 12 archive missing, 13 archive corrupt,\n"
    "14 disk full, 15 extraction refused, 16 source unreadable, 143 terminated, 1 anything else.\n"
    "Credentials never come from flags: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, or a file that\n"
    "AWS_SHARED_CREDENTIALS_FILE names;\n"
    "also AWS_ENDPOINT_URL, AWS_REGION, AWS_CA_BUNDLE, AWS_S3_ADDRESSING_STYLE (auto, path, virtual).";

void add_common(CLI::App& command, Values& values) {
  command.add_option("--url", values.settings.archive_url, "s3://bucket/key or file:///path [ARCHIVE_URL]");
  command.add_option("--retry-seconds", values.retry_seconds,
                     "how long a failing storage call is tried again [STORAGE_RETRY_SECONDS]");
  command.add_option("--stall-seconds", values.stall_seconds,
                     "a connection slower than 1 KiB/s for so long is given up [STORAGE_STALL_SECONDS]");
  command.add_option("--progress", values.progress, "bar on stderr: auto (when it is a terminal), always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

void add_volume(CLI::App& command, Values& values) {
  command.add_option("--data-dir", values.settings.data_dir, "the volume [DATA_DIR]");
  command.add_option("--marker-url", values.settings.marker_url, "the restore marker [RESTORE_MARKER_URL]");
}

void add_archive(CLI::App& command, Values& values) {
  Settings& settings = values.settings;
  command.add_option(
      "--previous-url", settings.previous_url,
      "the current archive, in the same store: when nothing changed since it was written, or since the\n"
      "volume was restored from it (--marker-url knows), the store copies it, the copy is read back, and\n"
      "nothing is uploaded; on any doubt all is archived [PREVIOUS_ARCHIVE_URL]");
  command.add_option("--level", settings.level, "zstd level [ZSTD_LEVEL]")->check(CLI::Range(1, 19));
  command.add_option("--threads", settings.threads,
                     "compressing threads, 0: one per processor, at most 8 [ZSTD_THREADS]");
  command.add_option("--verify-below", settings.verify_below,
                     "read back archives up to so many bytes before they count [VERIFY_BELOW]");
  command.add_option("--frame-size", settings.frame_size, "bytes of tar in one zstd frame")
      ->check(CLI::Range(1ull << 20, 1ull << 30));
}

void add_restore(CLI::App& command, Values& values) {
  command.add_option("--op-id", values.settings.restore_op_id, "the restore's id, kept in the marker [RESTORE_OP_ID]");
  command.add_option("--max-bytes", values.settings.max_bytes, "refuse archives with more content [RESTORE_MAX_BYTES]");
  command.add_option("--max-entries", values.settings.max_entries,
                     "refuse archives with more entries [RESTORE_MAX_ENTRIES]");
}

// Each variable becomes the default of its flag; a wrong number is an error as it is on the command line.
Outcome<void> take_environment(CLI::App& command, const object_store::Environment& environment) {
  constexpr std::array<std::pair<const char*, const char*>, 13> kVariables = {
      {{"ARCHIVE_URL", "--url"},
       {"DATA_DIR", "--data-dir"},
       {"RESTORE_MARKER_URL", "--marker-url"},
       {"RESTORE_OP_ID", "--op-id"},
       {"PREVIOUS_ARCHIVE_URL", "--previous-url"},
       {"ZSTD_LEVEL", "--level"},
       {"ZSTD_THREADS", "--threads"},
       {"VERIFY_BELOW", "--verify-below"},
       {"STORAGE_RETRY_SECONDS", "--retry-seconds"},
       {"STORAGE_STALL_SECONDS", "--stall-seconds"},
       {"STORAGE_PROGRESS", "--progress"},
       {"RESTORE_MAX_BYTES", "--max-bytes"},
       {"RESTORE_MAX_ENTRIES", "--max-entries"}}};
  for (const auto& [variable, flag] : kVariables) {
    CLI::Option* option = command.get_option_no_throw(flag);
    const auto value = environment(variable);
    if (option == nullptr || option->count() > 0 || !value || value->empty()) continue;
    try {
      option->add_result(*value);
      option->run_callback();
    } catch (const CLI::Error& error) {
      return fail_with(Exit::usage, std::string(variable) + ": " + error.what());
    }
  }
  return {};
}

Outcome<void> finish(Values& values, const object_store::Environment& environment, bool terminal) {
  if (values.settings.archive_url.empty()) return fail_with(Exit::usage, "ARCHIVE_URL (or --url) is needed");
  if (!values.settings.marker_url.empty() || !values.settings.previous_url.empty())
    for (const std::string& url : {values.settings.marker_url, values.settings.previous_url})
      if (auto parsed = url.empty() ? object_store::Location{} : object_store::parse_url(url); !parsed)
        return fail_with(parsed.error());
  auto options = object_store::s3_options(environment);
  if (!options) return fail_with(options.error());
  values.settings.s3 = std::move(*options);
  values.settings.s3.transport.retry_budget = std::chrono::seconds(values.retry_seconds);
  values.settings.s3.transport.stall_timeout = std::chrono::seconds(values.stall_seconds);
  values.settings.bar = values.progress == "always" || (values.progress == "auto" && terminal);
  return {};
}

}  // namespace

Outcome<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                        const object_store::Environment& environment, bool terminal) {
  Values values;
  CLI::App app("Archives a volume to object storage and restores it.", "storage-job");
  app.set_version_flag("--version", "storage-job " HEARTH_VERSION);
  app.footer(kFooter);
  app.require_subcommand(1);
  struct Known {
    Command command;
    CLI::App* app;
  };
  const std::array<Known, 4> known = {{{Command::archive, app.add_subcommand("archive", "volume to storage")},
                                       {Command::restore, app.add_subcommand("restore", "storage to volume")},
                                       {Command::verify, app.add_subcommand("verify", "read an archive end to end")},
                                       {Command::list, app.add_subcommand("list", "say what an archive holds")}}};
  for (const Known& one : known) add_common(*one.app, values);
  add_volume(*known[0].app, values);
  add_volume(*known[1].app, values);
  add_archive(*known[0].app, values);
  add_restore(*known[1].app, values);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::CallForVersion& version) {
    return fail_with(Exit::done, version.what());
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    return fail_with(Exit::done, (chosen.empty() ? &app : chosen.front())->help());
  } catch (const CLI::Error& error) {
    return fail_with(Exit::usage, error.what());
  }
  for (const Known& one : known) {
    if (!one.app->parsed()) continue;
    if (auto taken = take_environment(*one.app, environment); !taken) return tl::unexpected(taken.error());
    if (auto done = finish(values, environment, terminal); !done) return tl::unexpected(done.error());
    if (one.command == Command::restore && values.settings.marker_url.empty() != values.settings.restore_op_id.empty())
      return fail_with(Exit::usage, "RESTORE_OP_ID and RESTORE_MARKER_URL belong together");
    return CommandLine{one.command, std::move(values.settings)};
  }
  return fail_with(Exit::usage, "no command");
}

}  // namespace hearth::storage_job
