// Exported TorchScript modules, by a program that links LibTorch alone, and by Python's torch.
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/apps/calls.h"
#include "tests/apps/export/cases.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace sounder::testing {
namespace {

constexpr const char* kPython = "PYTHONDONTWRITEBYTECODE=1 " SOUNDER_PYTHON_WITH_TORCH;

/// Returns the commands of those readers that are here.
std::vector<std::string> readers() {
  std::vector<std::string> all{fmt::format("'{}'", SOUNDER_SCRIPT_READER)};
  if (std::string_view(SOUNDER_PYTHON_WITH_TORCH).empty()) {
    WARN("Python's torch is not here: not tested");
  } else {
    all.push_back(fmt::format("{} '{}/apps/export/answer_script.py'", kPython, SOUNDER_TEST_SOURCES));
  }
  return all;
}

}  // namespace

TEST_CASE("An exported TorchScript module acts as Sounder does", "[export][script]") {
  // One process reads them all: LibTorch takes as long to load as a module to answer.
  const TemporaryFolder folder;
  const std::vector<ExportCase> cases = export_cases();
  std::vector<std::vector<Answer>> expected;
  std::string files;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(cases[i].name);
    const UntrainedPolicy made = exported_to(folder, fmt::format("{}.pt", i), cases[i]);
    expected.push_back(answers(cases[i], made.parameters, cases[i].has_state() ? 200 : 1'000));
    write_questions(folder.path() / fmt::format("{}.questions", i), expected.back());
    files += fmt::format(" {0} {1}.pt {1}.questions {1}.reply", expected.back().front().observation.size(), i);
  }
  for (const std::string& reader : readers()) {
    run_quietly(folder, reader + files);
    for (std::size_t i = 0; i < cases.size(); ++i) {
      CAPTURE(reader, cases[i].name);
      check_reply(folder.path() / fmt::format("{}.reply", i), expected[i], cases[i],
                  {.tolerance = 1e-5F, .has_values = true});
    }
  }
}

TEST_CASE("An exported TorchScript module says what policy it is", "[export][script]") {
  const TemporaryFolder folder;
  exported_to(folder, "policy.pt",
              {"lstm", {Discrete{2}, Discrete{3}}, {.hidden = {4}, .memory = "lstm", .memory_units = 5}});
  // The file is a zip archive that does not compress.
  const std::string file = read(folder.path() / "policy.pt");
  CHECK(file.find("extra/metadata.json") != std::string::npos);
  CHECK(file.find(
            R"({"environment":"Fed-v0","algorithm":"a3c","network":"mlp 2-4-lstm 5-(3+1) tanh","step":0,"spaces":)"
            R"({"observation":{"type":"Discrete","n":2},"action":{"type":"Discrete","n":3}}})") != std::string::npos);
}

}  // namespace sounder::testing
