// The real job against a real S3 server: signatures, payload hashes, multipart uploads, and a server that dies.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <random>
#include <thread>

#include "real_s3.h"

namespace hearth::test {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

bool eventually(const std::function<bool()>& what, seconds limit = seconds(20)) {
  const auto deadline = steady_clock::now() + limit;
  while (!what()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

class S3 : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new RealS3;
    data_ = new Scratch;
    make_plain_tree(*data_ / "data", 40, 1);
  }
  static void TearDownTestSuite() {
    delete server_;
    delete data_;
  }

  // Each test has a key of its own, with what keys of other people's stores have: colons, blanks and plus signs.
  std::string key() const {
    return std::string("home:s/") + testing::UnitTest::GetInstance()->current_test_info()->name() + "/a +%/home.zst";
  }
  std::vector<std::string> job(const std::string& command, const fs::path& data, const std::string& bucket) const {
    std::vector<std::string> out = {command, "--url", "s3://" + bucket + "/" + key(), "--retry-seconds", "20"};
    if (command == "archive" || command == "restore") out.insert(out.end(), {"--data-dir", data.string()});
    return out;
  }
  JobResult run(const std::string& command, const fs::path& data = {},
                const std::map<std::string, std::string>& more = {}, const std::string& bucket = "archives") const {
    auto environment = more;
    environment.insert(server_->environment().begin(), server_->environment().end());
    return run_job(job(command, data, bucket), environment);
  }
  JobResult archive(const std::map<std::string, std::string>& more = {}, const std::string& bucket = "archives") const {
    return run("archive", *data_ / "data", more, bucket);
  }
  void expect_archived_whole() {
    fs::create_directory(scratch_ / "back");
    const auto restored = run("restore", scratch_ / "back");
    EXPECT_EQ(restored.exit, 0) << restored.out;
    EXPECT_EQ(describe(scratch_ / "back"), describe(*data_ / "data"));
    EXPECT_EQ(server_->keys(key()), (std::vector<std::string>{key(), key() + ".meta"}));
    EXPECT_EQ(server_->open_uploads(), 0u);
  }
  // True once parts of this upload are stored.
  bool under_way() const {
    const auto store = server_->store();
    return eventually([&] {
      const auto open = store->open_uploads(key());
      return open && !open->empty();
    });
  }

  static RealS3* server_;
  static Scratch* data_;
  Scratch scratch_;
};
RealS3* S3::server_ = nullptr;
Scratch* S3::data_ = nullptr;

TEST_F(S3, ManyPartsThereAndBack) {
  const auto archived = archive();
  ASSERT_EQ(archived.exit, 0) << archived.out;
  EXPECT_NE(archived.out.find("\"verified\""), std::string::npos);
  const auto stat = server_->store()->head(key());
  ASSERT_TRUE(stat);
  EXPECT_GT(stat->size, 40u << 20);
  EXPECT_NE(stat->etag.find("-6"), std::string::npos) << stat->etag << ": of six parts";
  EXPECT_EQ(run("verify").exit, 0);
  EXPECT_NE(run("list").out.find("\"path\":\"src/random7\""), std::string::npos);
  EXPECT_NE(archive().out.find("\"present\""), std::string::npos);
  expect_archived_whole();
}

// The torture tree of the plan, all of it.
TEST_F(S3, TortureTree) {
  const Scratch trees(Scratch::Where::in_memory);
  make_torture_tree(trees / "torture", 100'000);
  const auto archived = run("archive", trees / "torture");
  ASSERT_EQ(archived.exit, 0) << archived.out.substr(0, 4000);
  EXPECT_LT(archived.peak_kib, kMostMemoryKib);
  fs::create_directory(trees / "back");
  const auto restored = run("restore", trees / "back");
  ASSERT_EQ(restored.exit, 0) << restored.out.substr(0, 4000);
  EXPECT_LT(restored.peak_kib, kMostMemoryKib);
  EXPECT_TRUE(describe(trees / "back") == describe(trees / "torture"));
  EXPECT_EQ(run("verify").exit, 0);
}

TEST_F(S3, WhatIsRefusedIsToldApart) {
  const auto secret = archive({{"AWS_SECRET_ACCESS_KEY", "wrong-secret"}});
  EXPECT_EQ(secret.exit, 11) << secret.out;
  EXPECT_NE(secret.out.find("SignatureDoesNotMatch"), std::string::npos);
  EXPECT_EQ(archive({{"AWS_ACCESS_KEY_ID", "nobody"}}).exit, 11);
  const auto began = steady_clock::now();
  const auto bucket = archive({}, "no-such-bucket");
  EXPECT_EQ(bucket.exit, 10) << bucket.out;
  EXPECT_NE(bucket.out.find("NoSuchBucket"), std::string::npos);
  EXPECT_LT(steady_clock::now() - began, seconds(5)) << "it was tried again and again";
  EXPECT_EQ(run("restore", scratch_.path()).exit, 12);
  EXPECT_EQ(run("restore", scratch_.path(), {}, "no-such-bucket").exit, 10);
  EXPECT_TRUE(server_->keys(key()).empty());
}

TEST_F(S3, BucketInTheHostName) {
  ASSERT_EQ(archive({{"AWS_ENDPOINT_URL", "http://s3.localhost:" + server_->port()},
                     {"AWS_S3_ADDRESSING_STYLE", "virtual"},
                     {"AWS_REGION", "eu-central-1"}})
                .exit,
            0);
  expect_archived_whole();  // by path
}

TEST_F(S3, TheServerDiesDuringAnUpload) {
  JobProcess job(this->job("archive", *data_ / "data", "archives"), server_->environment());
  ASSERT_TRUE(under_way());
  server_->kill();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // the outage: every part in flight meets a closed port
  server_->restart();
  const auto result = job.wait();
  EXPECT_EQ(result.exit, 0) << result.out;
  expect_archived_whole();
}

TEST_F(S3, TheServerDiesDuringARestore) {
  ASSERT_EQ(archive().exit, 0);
  fs::create_directory(scratch_ / "v");
  JobProcess job(this->job("restore", scratch_ / "v", "archives"), server_->environment());
  ASSERT_TRUE(eventually([&] { return fs::exists(scratch_ / "v/.hearth-restore/tree"); }));
  server_->kill();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  server_->restart();
  const auto result = job.wait();
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_EQ(describe(scratch_ / "v"), describe(*data_ / "data"));
}

TEST_F(S3, SlowDownOnlySlowsDown) {
  server_->restart({"--max-requests", "2"});
  const auto result = archive();
  server_->restart({"--max-requests", "1000"});
  EXPECT_EQ(result.exit, 0) << result.out;
  expect_archived_whole();
}

TEST_F(S3, TermAbortsTheUpload) {
  JobProcess job(this->job("archive", *data_ / "data", "archives"), server_->environment());
  ASSERT_TRUE(under_way());
  const auto began = steady_clock::now();
  job.signal(SIGTERM);
  EXPECT_EQ(job.wait().exit, 143);
  EXPECT_LT(steady_clock::now() - began, seconds(5));
  EXPECT_EQ(server_->open_uploads(), 0u);
  EXPECT_TRUE(server_->keys(key()).empty());
}

TEST_F(S3, WhatAKilledJobLeftIsAborted) {
  {
    JobProcess job(this->job("archive", *data_ / "data", "archives"), server_->environment());
    ASSERT_TRUE(under_way());
    job.signal(SIGKILL);
    ASSERT_EQ(job.wait().exit, 128 + SIGKILL);
  }
  EXPECT_EQ(server_->open_uploads(), 1u);
  const auto again = archive();
  EXPECT_EQ(again.exit, 0) << again.out;
  expect_archived_whole();
}

TEST_F(S3, TwoJobsWriteOneArchive) {
  const auto arguments = job("archive", *data_ / "data", "archives");
  JobProcess first(arguments, server_->environment()), second(arguments, server_->environment());
  const int one = first.wait().exit, two = second.wait().exit;
  EXPECT_TRUE(one == 0 || two == 0) << one << two;
  expect_archived_whole();
}

// Keys that a signer or an XML reader trips over, and more of them than one page of a listing holds.
TEST_F(S3, ObjectsOfAnyName) {
  const auto store = server_->store();
  std::vector<std::string> names = {"a+b",
                                    "a b",
                                    "a%25b",
                                    "a:b",
                                    "a&b<c>",
                                    "a\"b'",
                                    "a//b",
                                    "a/./b",
                                    "a/../b",
                                    "a~b",
                                    "\xc3\xa9/\xe2\x82\xac",
                                    "a?b#c",
                                    "a=b;c,d@e!",
                                    "(*)"};
  for (int i = 0; i < 1010; ++i) names.push_back("many/" + std::to_string(i));
  const std::string top = "names/";
  for (const std::string& name : names) ASSERT_TRUE(store->put(top + name, name, true)) << name;
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(store->get(top + names[i], 100).value_or("?"), names[i]);
  const auto again = store->put(top + names[0], "other", true);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::already_exists);
  auto listed = server_->keys(top);
  std::vector<std::string> expected;
  for (const std::string& name : names) expected.push_back(top + name);
  std::sort(expected.begin(), expected.end());
  std::sort(listed.begin(), listed.end());
  EXPECT_EQ(listed, expected);
  EXPECT_EQ(store->get_range(top + "many/77", 2, 3).value_or("?"), "ny/");
  for (const std::string& name : names) ASSERT_TRUE(store->remove(top + name));
  EXPECT_TRUE(store->remove(top + "never-there"));
  EXPECT_TRUE(server_->keys(top).empty());
  EXPECT_EQ(store->head(top + names[0]).error().code, ErrorCode::not_found);
}

TEST(S3Quota, AFullStoreIsExitFourteenAndNothingStays) {
  const RealS3 server({"--quota", std::to_string(12 << 20)});
  const Scratch scratch;
  make_plain_tree(scratch / "data", 40, 2);
  const auto result =
      run_job({"archive", "--url", "s3://archives/a", "--data-dir", (scratch / "data").string()}, server.environment());
  EXPECT_EQ(result.exit, 14) << result.out;
  EXPECT_EQ(server.open_uploads(), 0u);
  EXPECT_TRUE(server.keys().empty());
}

// What a user who wants no surprise does: his own authority, and nobody else's is believed.
TEST(S3Tls, OnlyTheRightCertificateIsBelieved) {
  const Scratch scratch;
  make_plain_tree(scratch / "data", 1, 3);
  const std::string top = scratch.path().string();
  const std::string make = "cd " + top + R"( && exec 2>/dev/null
    for ca in ours theirs; do openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca.key \
      -out $ca.pem -days 9 -subj /CN=$ca || exit 1; done
    leaf() { # NAME SAN DAYS
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj /CN=$1 &&
      printf "subjectAltName=$2" >$1.ext &&
      openssl x509 -req -in $1.csr -CA ours.pem -CAkey ours.key -CAcreateserial -days $3 -extfile $1.ext -out $1.crt &&
      cat $1.crt $1.key >$1.both; }
    leaf good IP:127.0.0.1,DNS:s3.localhost,DNS:*.s3.localhost 9 && leaf host DNS:other.example 9 &&
    leaf expired IP:127.0.0.1 0)";
  ASSERT_EQ(std::system(("bash -c '" + make + "'").c_str()), 0);
  RealS3 server({"--tls", top + "/good.both"});
  int turn = 0;
  const auto archive = [&](const std::string& ca) {
    auto environment = server.environment();
    if (!ca.empty()) environment["AWS_CA_BUNDLE"] = top + "/" + ca;
    const auto began = steady_clock::now();
    auto result = run_job({"archive", "--url", "s3://archives/" + std::to_string(++turn), "--data-dir", top + "/data"},
                          environment);
    EXPECT_LT(steady_clock::now() - began, seconds(8)) << "a certificate does not become right by trying again";
    return result;
  };
  const auto good = archive("ours.pem");
  EXPECT_EQ(good.exit, 0) << good.out;
  EXPECT_EQ(archive("theirs.pem").exit, 10);
  EXPECT_EQ(archive("").exit, 10);
  EXPECT_EQ(archive("not-there.pem").exit, 10);
  server.restart({"--tls", top + "/host.both"});
  EXPECT_EQ(archive("ours.pem").exit, 10);
  server.restart({"--tls", top + "/expired.both"});
  EXPECT_EQ(archive("ours.pem").exit, 10);
}

}  // namespace
}  // namespace hearth::test
