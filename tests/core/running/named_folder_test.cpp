#include "core/running/named_folder.h"

#include <filesystem>
#include <set>
#include <string>

#include "envs/error.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace sounder {
namespace {

namespace fs = std::filesystem;

TEST_CASE("folders of one name made at the same time get different names") {
  const testing::TemporaryFolder folder;
  const fs::path root = folder.path() / "new" / "runs";
  std::set<fs::path> paths;
  for (int i = 0; i < 20; ++i) {
    const fs::path path = make_named_folder(root, "Pole-v1__a3c");
    CHECK(paths.insert(path).second);
    CHECK(fs::is_directory(path));
    CHECK(path.parent_path() == root);
    CHECK(path.filename().string().starts_with("Pole-v1__a3c__"));
  }
  // 20 folders cannot all have their own second.
  CHECK(std::any_of(paths.begin(), paths.end(), [](const fs::path& path) { return path.string().ends_with("-2"); }));
}

TEST_CASE("a slash in a name does not make a subfolder") {
  const testing::TemporaryFolder folder;
  const fs::path path = make_named_folder(folder.path(), "family/name-v1");
  CHECK(path.parent_path() == folder.path());
  CHECK(path.filename().string().starts_with("family-name-v1__"));
}

TEST_CASE("a folder that cannot be made is named in the error") {
  const testing::TemporaryFolder folder;
  const fs::path file = folder.write("runs", "");
  CHECK_THROWS_WITH(make_named_folder(file, "name"),
                    Catch::Matchers::StartsWith("cannot make the folder '" + file.string() + "/name__"));
  CHECK_THROWS_AS(make_named_folder(file, "name"), Error);
}

}  // namespace
}  // namespace sounder
