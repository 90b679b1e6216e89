#include "proxy/compressor.h"

#include <zlib.h>
#include <zstd.h>

namespace hearth::proxy {

namespace {

constexpr std::size_t kStep = 64 * 1024;

class Gzip final : public Compressor {
 public:
  Gzip() = default;
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() override { deflateEnd(&stream_); }

  bool begin(unsigned level) {
    constexpr int kGzipWindow = 15 + 16;  // 32 KiB, with gzip's header and checksum
    return deflateInit2(&stream_, static_cast<int>(level), Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }

  bool add(std::string_view input, bool last, std::string& out) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    for (;;) {
      const std::size_t before = out.size();
      out.resize(before + kStep);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = kStep;
      const int status = deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
      out.resize(before + kStep - stream_.avail_out);
      if (status == Z_STREAM_END) return true;
      if (status != Z_OK && status != Z_BUF_ERROR) return false;
      if (!last && stream_.avail_in == 0 && stream_.avail_out > 0) return true;
    }
  }

 private:
  z_stream stream_{};
};

class Zstd final : public Compressor {
 public:
  bool begin(unsigned level, std::uint64_t size) {
    if (context_ == nullptr) return false;
    // The window stays within the 8 MiB that every client takes (RFC 9659): larger ones begin behind level 19.
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, static_cast<int>(level));
    return ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(context_.get(), size)) == 0;
  }

  bool add(std::string_view input, bool last, std::string& out) override {
    ZSTD_inBuffer from{input.data(), input.size(), 0};
    for (;;) {
      const std::size_t before = out.size();
      out.resize(before + kStep);
      ZSTD_outBuffer to{out.data() + before, kStep, 0};
      const std::size_t left = ZSTD_compressStream2(context_.get(), &to, &from, last ? ZSTD_e_end : ZSTD_e_continue);
      out.resize(before + to.pos);
      if (ZSTD_isError(left) != 0) return false;
      if (last ? left == 0 : from.pos == from.size && to.pos < kStep) return true;
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_{ZSTD_createCCtx()};
};

}  // namespace

std::string_view name(Coding coding) {
  return coding == Coding::gzip ? "gzip" : coding == Coding::zstd ? "zstd" : "identity";
}

std::unique_ptr<Compressor> Compressor::make(Coding coding, unsigned level, std::uint64_t size) {
  if (coding == Coding::gzip) {
    auto gzip = std::make_unique<Gzip>();
    if (gzip->begin(level)) return gzip;
  } else if (coding == Coding::zstd) {
    auto zstd = std::make_unique<Zstd>();
    if (zstd->begin(level, size)) return zstd;
  }
  return nullptr;
}

}  // namespace hearth::proxy
