// Files under `root` or `alias`: path resolution, opening on the thread pool, ranges and validators (RFC 9110 13, 14).
// Pure but for what is said to block, which therefore runs on the pool.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "config/settings.h"
#include "proxy/compressor.h"

namespace hearth::proxy {

// What the request asks of the file.
struct FileRequest {
  std::string path;        // in the file system
  bool directory = false;  // the URL ended in "/": try the index files
  std::vector<std::string> index;
  std::vector<Coding> codings;  // of these, in this order, "file.gz" or "file.zst" is sent instead, if it is there
  std::size_t block_size = 0;   // at most so much is read at once; 0 = as is best
  std::string range;
  std::string if_none_match;
  std::string if_modified_since;
  std::string if_range;
};

struct FileAnswer {
  int status = 404;  // 200, 206, 301 (a directory without "/"), 304, 403, 404, 416
  Fd fd;
  std::string name;          // of the file opened, for its media type
  std::uint64_t size = 0;    // of the whole file
  std::uint64_t offset = 0;  // of the part to send
  std::uint64_t length = 0;
  std::string etag;
  std::string last_modified;
  Coding coding = Coding::identity;
  bool varies = false;                     // with Accept-Encoding
  unsigned level = 0;                      // not 0: the file becomes `coding` on its way
  std::unique_ptr<Compressor> compressor;  // then, from the first block on
  bool complete = false;                   // it has given everything
  std::string block;                       // the bytes to send next
  std::size_t block_size = 0;

  bool compresses() const { return level != 0; }
  bool more() const { return compresses() ? !complete : length > 0; }  // after `block`
};

// One file of try_files.
struct TryPath {
  std::string uri;  // what the request is for if this is there
  std::string path;
  bool directory = false;
};
// The index of the first that exists, -1: none does. Blocks.
int first_existing(const std::vector<TryPath>& paths);

std::string file_path(const config::LocationSettings& settings, std::string_view normalized_path);
FileAnswer open_file(const FileRequest& request);  // blocks
// Reads the next block, at most 128 KiB, into answer.block; false on a read error or when the file has shrunk. Blocks.
bool read_block(FileAnswer& answer);
// The same for an answer that is compressed; `block` may come out empty before the end. The first time it takes the
// bytes that are in `block` already. Blocks.
bool compress_block(FileAnswer& answer);

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};
enum class RangeVerdict { whole, part, unsatisfiable };
// One range only; several, or what we do not understand, is answered with the whole file (RFC 9110 14.2 allows it).
RangeVerdict parse_range(std::string_view range, std::uint64_t size, ByteRange& out);

std::string_view media_type(const config::LocationSettings& settings, std::string_view name);

}  // namespace hearth::proxy
