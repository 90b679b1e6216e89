#include "proxy/gather.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hearth::proxy {
namespace {

class GatherTest : public ::testing::Test {
 protected:
  GatherTest() {
    int fds[2];
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
    EXPECT_EQ(socket_.adopt(Fd(fds[0])), 0);
    peer_ = Fd(fds[1]);
  }
  std::string flushed() {
    EXPECT_EQ(gather_.flush(socket_), 0);
    std::string out(1 << 20, '\0');
    const ssize_t n = ::read(peer_.get(), out.data(), out.size());
    out.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return out;
  }
  Loop loop_;
  Socket socket_{loop_};
  Fd peer_;
  Gather gather_;
};

TEST_F(GatherTest, KeepsTheOrderOfTextAndBorrowedBytes) {
  const std::string large(2000, 'L');
  gather_.text() += "head ";
  gather_.borrow("small ");
  gather_.borrow(large);
  gather_.text() += " middle ";
  gather_.borrow(large);
  gather_.text() += " end";
  EXPECT_FALSE(gather_.empty());
  EXPECT_EQ(flushed(), "head small " + large + " middle " + large + " end");
  EXPECT_TRUE(gather_.empty());
  EXPECT_EQ(flushed(), "");
  gather_.text() += "again";
  EXPECT_EQ(flushed(), "again");
}

TEST_F(GatherTest, CopiesWhenThePartsRunOut) {
  const std::string piece(600, 'p');
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    const std::string number = std::to_string(i) + ":";
    gather_.text() += number;
    gather_.borrow(piece);
    expected += number + piece;
  }
  EXPECT_EQ(flushed(), expected);
}

TEST_F(GatherTest, ClearForgets) {
  gather_.text() += "x";
  gather_.borrow(std::string_view("y"));
  gather_.clear();
  EXPECT_TRUE(gather_.empty());
  gather_.release();
  gather_.text() += "z";
  EXPECT_EQ(flushed(), "z");
}

}  // namespace
}  // namespace hearth::proxy
