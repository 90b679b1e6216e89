// JobAccess: how a storage job reaches the archives of one workspace (SPEC section 11): its URLs and environment and,
// where archives are kept in a directory, the folder that is mounted into it. The job sees no other workspace's
// archives there.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "orchestrator/settings.h"

namespace hearth::object_store {
struct Credentials;
}

namespace hearth::orchestrator {

// Where a job sees the directory of a file store; its keys there begin with kJobFolder.
inline constexpr const char* kJobMount = "/archives";
inline constexpr const char* kJobFolder = "archives/";

inline constexpr const char* kJobCaFile = "/ca-bundle.pem";
inline constexpr const char* kJobCredentialsFile = "/credentials";

enum class JobNetwork { none, bridge, host };

struct JobAccess {
  std::vector<std::string> environment;  // "NAME=value"; no secrets: everybody who may ask the engine sees them
  std::string folder;                    // on this machine; empty for a bucket
  std::string mount;                     // where the job sees it
  std::string ca_file;                   // on this machine, to be mounted at kJobCaFile
  std::string credentials_file;          // on this machine, readable by its owner only, for kJobCredentialsFile
  unsigned group = 0;                    // the job's: the folder's, so that Hearth can remove what a job wrote
  JobNetwork network = JobNetwork::none;
};

// `operation` writes or restores `archive_key`; RESTORE_* are set when `restoring`. Makes the workspace's folder in a
// directory, keeps a copy of a bucket's credentials for the job in data_dir: blocks on files. invalid_argument: the key is not below
// "<prefix>/<deployment>/<workspace>/". `previous_key` (may be empty) is what archiving compares with: where it lies
// elsewhere, because the configuration changed, it is left out.
Result<JobAccess> job_access(const OrchestratorSettings& settings, const Uuid& workspace, const Uuid& operation,
                             const std::string& archive_key, bool restoring, const std::string& previous_key = {});

// settings.directory, or its default below data_dir. Absolute.
std::string archive_directory(const OrchestratorSettings& settings);

// Of a bucket: from the file that is named, else from this process's environment. Error{permission_denied}: there are
// none.
Result<object_store::Credentials> archive_credentials(const ArchiveSettings& settings);

// The rest of AWS_* as storage-job and object_store::s3_options() understand them.
std::vector<std::string> archive_environment(const ArchiveSettings& settings);

}  // namespace hearth::orchestrator
