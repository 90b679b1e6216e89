#include "object_store/credentials.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "object_store/open_store.h"

namespace hearth::object_store {
namespace {

TEST(Credentials, AreThoseOfTheDefaultProfile) {
  const auto read = parse_credentials(
      "# mine\n[work]\naws_access_key_id=W\naws_secret_access_key=X\n\n[default]\r\naws_access_key_id = A\r\n"
      "aws_secret_access_key = B=\r\naws_session_token=T\r\nregion=x\r\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->access_key, "A");
  EXPECT_EQ(read->secret_key, "B=");
  EXPECT_EQ(read->session_token, "T");
  EXPECT_EQ(parse_credentials("[only]\naws_access_key_id=A\naws_secret_access_key=B\n")->session_token, "");
  for (const char* text : {"", "[default]\naws_access_key_id=A\n", "rubbish", "[a]\nx=1\n[b]\nx=1\n"})
    EXPECT_FALSE(parse_credentials(text)) << text;
}

TEST(Credentials, AreWrittenAsTheyAreRead) {
  for (const std::string& token : {std::string(), std::string("T/+=")}) {
    const auto read = parse_credentials(credentials_text({"A:1", "B/=", token}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->access_key, "A:1");
    EXPECT_EQ(read->secret_key, "B/=");
    EXPECT_EQ(read->session_token, token);
  }
}

TEST(Credentials, OfAFileAreTakenWhereTheEnvironmentHasNone) {
  char name[] = "/tmp/hearth-credentials-XXXXXX";
  const int file = mkstemp(name);
  ASSERT_GE(file, 0);
  close(file);
  std::ofstream(name) << credentials_text({"A", "B", ""});
  std::string key;
  const Environment environment = [&](std::string_view variable) -> std::optional<std::string> {
    if (variable == "AWS_SHARED_CREDENTIALS_FILE") return name;
    if (variable == "AWS_ACCESS_KEY_ID") return key;
    return std::nullopt;
  };
  EXPECT_EQ(s3_options(environment)->credentials.secret_key, "B");
  key = "own";
  EXPECT_EQ(s3_options(environment)->credentials.access_key, "own");
  key = "";
  unlink(name);
  const auto missing = s3_options(environment);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find(name), std::string::npos);
}

}  // namespace
}  // namespace hearth::object_store
