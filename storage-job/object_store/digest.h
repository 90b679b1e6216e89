// Running digests over libcrypto. One thread each.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace hearth::object_store {

class Digest {
 public:
  enum class Algorithm { sha256, md5 };
  explicit Digest(Algorithm algorithm);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;

  void update(std::string_view bytes);
  std::string raw() const;  // of what came so far; more may follow
  std::string hex() const;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string sha256_hex(std::string_view bytes);
std::string md5_raw(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // raw

}  // namespace hearth::object_store
