#include "base/fd.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace hearth {
namespace {

TEST(Fd, ClosesOnceAndMoves) {
  Fd fd(::open("/dev/null", O_RDONLY));
  const int number = fd.get();
  Fd other(std::move(fd));
  EXPECT_FALSE(fd);
  EXPECT_EQ(other.get(), number);
  other = Fd();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
  Fd kept(::open("/dev/null", O_RDONLY));
  const int released = kept.release();
  EXPECT_NE(::fcntl(released, F_GETFD), -1);
  ::close(released);
}

TEST(Files, ReadAndWriteWhole) {
  std::string pattern = (std::filesystem::temp_directory_path() / "hearth_fd_XXXXXX").string();
  const std::string directory = ::mkdtemp(pattern.data());
  const std::string path = directory + "/f";
  ASSERT_TRUE(write_file_atomically(path, "first", 0600));
  ASSERT_TRUE(write_file_atomically(path, "second", 0640));
  EXPECT_EQ(*read_file(path), "second");
  struct stat info {};
  ::stat(path.c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777u, 0640u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}), 1);
  EXPECT_EQ(read_file(path, 3).error().code, ErrorCode::limit);
  EXPECT_THAT(read_file(directory + "/none").error().message, ::testing::HasSubstr("none"));
  EXPECT_FALSE(write_file_atomically(directory + "/no/such", "x", 0600));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace hearth
