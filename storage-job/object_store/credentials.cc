#include "object_store/credentials.h"

#include <array>
#include <fstream>
#include <iterator>
#include <map>

#include "base/strings.h"

namespace hearth::object_store {
namespace {

constexpr const char* kAccessKey = "aws_access_key_id";
constexpr const char* kSecretKey = "aws_secret_access_key";
constexpr const char* kSessionToken = "aws_session_token";

tl::unexpected<Error> refused(std::string message) {
  return fail(ErrorCode::permission_denied, ErrorSource::storage, std::move(message));
}

}  // namespace

Result<Credentials> parse_credentials(std::string_view text) {
  std::map<std::string, std::map<std::string, std::string>> profiles;
  std::string profile = "default";
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      profile = trim(line.substr(1, line.find(']') - 1));
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    profiles[profile][std::string(trim(line.substr(0, equals)))] = trim(line.substr(equals + 1));
  }
  const auto found = profiles.size() == 1 ? profiles.begin() : profiles.find("default");
  if (found == profiles.end()) return refused("no profile [default]");
  for (const char* key : {kAccessKey, kSecretKey}) {
    if (found->second[key].empty()) return refused("profile [" + found->first + "] has no " + key);
  }
  return Credentials{found->second[kAccessKey], found->second[kSecretKey], found->second[kSessionToken]};
}

Result<Credentials> read_credentials(const std::string& path) {
  std::ifstream file(path);
  if (!file) return refused("cannot read the credentials in " + path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto credentials = parse_credentials(text);
  if (!credentials) return refused(path + ": " + credentials.error().message);
  return credentials;
}

std::string credentials_text(const Credentials& credentials) {
  std::string text = "[default]\n";
  for (const auto& [key, value] :
       {std::pair(kAccessKey, &credentials.access_key), std::pair(kSecretKey, &credentials.secret_key),
        std::pair(kSessionToken, &credentials.session_token)}) {
    if (!value->empty()) text += std::string(key) + " = " + *value + "\n";
  }
  return text;
}

}  // namespace hearth::object_store
