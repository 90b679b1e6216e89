#include "plugin/loader.h"

#include <dlfcn.h>
#include <gmock/gmock.h>

namespace hearth::plugin {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string path_of(const std::string& name) { return TEST_MODULES "/" + name + ".so"; }

std::string error_of(const std::string& name) {
  auto loaded = load(path_of(name));
  return loaded ? "(loaded)" : loaded.error().message;
}

TEST(Loader, LoadsAndDestroys) {
  void* library = ::dlopen(path_of("c_module").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr);
  const auto destroyed = reinterpret_cast<int (*)()>(::dlsym(library, "c_module_destroyed"));
  const int before = destroyed();
  {
    auto loaded = load(path_of("c_module"));
    ASSERT_TRUE(loaded) << loaded.error().message;
    const LoadedModule moved(std::move(*loaded));
    EXPECT_EQ(destroyed(), before);
  }
  EXPECT_EQ(destroyed(), before + 1);
  ::dlclose(library);
}

TEST(Loader, MissingFileIsNamed) {
  EXPECT_THAT(error_of("none"), AllOf(HasSubstr("cannot load module"), HasSubstr("none.so")));
}

TEST(Loader, NotALibrary) { EXPECT_THAT(load("/etc/passwd").error().message, HasSubstr("/etc/passwd")); }

TEST(Loader, NotAModule) { EXPECT_THAT(error_of("c_module_no_symbol"), HasSubstr("has no symbol \"hearth_module\"")); }

TEST(Loader, WrongAbiVersion) {
  EXPECT_THAT(error_of("c_module_abi"), AllOf(HasSubstr("ABI version 77"), HasSubstr("this hearth needs 1")));
}

TEST(Loader, WrongFingerprint) {
  EXPECT_THAT(error_of("c_module_fingerprint"),
              AllOf(HasSubstr("someone-elses-build"), HasSubstr(HEARTH_BUILD_FINGERPRINT)));
  EXPECT_THAT(error_of("c_module_no_fingerprint"), HasSubstr("another build (none)"));
}

TEST(Loader, NullCreate) { EXPECT_THAT(error_of("c_module_null_create"), HasSubstr("incomplete descriptor")); }

TEST(Loader, CreateFails) { EXPECT_THAT(error_of("c_module_create_fails"), HasSubstr("could not be created")); }

}  // namespace
}  // namespace hearth::plugin
