#include "object_store/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"
#include "base/encoding.h"

namespace hearth::object_store {

void Digest::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Digest::Digest(Algorithm algorithm) : context_(EVP_MD_CTX_new()) {
  const EVP_MD* md = algorithm == Algorithm::sha256 ? EVP_sha256() : EVP_md5();
  HEARTH_CHECK(context_ && EVP_DigestInit_ex(context_.get(), md, nullptr) == 1);
}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::update(std::string_view bytes) {
  HEARTH_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string Digest::raw() const {
  const std::unique_ptr<evp_md_ctx_st, Free> copy(EVP_MD_CTX_new());
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HEARTH_CHECK(copy && EVP_MD_CTX_copy_ex(copy.get(), context_.get()) == 1);
  HEARTH_CHECK(EVP_DigestFinal_ex(copy.get(), out, &size) == 1);
  return std::string(reinterpret_cast<const char*>(out), size);
}

std::string Digest::hex() const {
  const std::string bytes = raw();
  return to_hex(bytes.data(), bytes.size());
}

std::string sha256_hex(std::string_view bytes) {
  Digest digest(Digest::Algorithm::sha256);
  digest.update(bytes);
  return digest.hex();
}

std::string md5_raw(std::string_view bytes) {
  Digest digest(Digest::Algorithm::md5);
  digest.update(bytes);
  return digest.raw();
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HEARTH_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                    reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out, &size) != nullptr);
  return std::string(reinterpret_cast<const char*>(out), size);
}

}  // namespace hearth::object_store
