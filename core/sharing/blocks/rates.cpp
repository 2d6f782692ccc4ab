#include "core/sharing/blocks/rates.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <string>

#include "envs/error.h"
#include "envs/names.h"
#include "envs/parse_number.h"

namespace sounder {
namespace {

struct GlobRate {
  std::string glob;
  double rate;

  bool matches(const std::string& name) const { return fnmatch(glob.c_str(), name.c_str(), 0) == 0; }
};

std::vector<GlobRate> parse(std::string_view text) {
  std::vector<GlobRate> rates;
  while (true) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view item = text.substr(0, end);
    const std::size_t equals = item.rfind('=');
    if (equals == std::string_view::npos || equals == 0) {
      throw UsageError(
          fmt::format("block_rates: expected 'glob=rate;glob=rate', such as 'head.*=1;body.*=0.25'; got '{}'", item));
    }
    const auto rate = parse_real(item.substr(equals + 1));
    if (!rate || *rate < 0 || *rate > 1) {
      throw UsageError(fmt::format("block_rates: expected a rate from 0 to 1 for '{}'; got '{}'",
                                   item.substr(0, equals), item.substr(equals + 1)));
    }
    rates.push_back({.glob = std::string(item.substr(0, equals)), .rate = *rate});
    if (end == text.size()) return rates;
    text.remove_prefix(end + 1);
  }
}

/// Throws UsageError for a glob that matches no name, with the name that is nearest to it, or the glob: "body.*" is
/// meant where "boddy.*" came.
void check_matches(const GlobRate& rate, const std::vector<std::string>& names) {
  if (std::ranges::any_of(names, [&](const std::string& name) { return rate.matches(name); })) return;
  std::vector<std::string> known = names;
  for (const std::string& name : names) {
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
      known.push_back(name.substr(0, dot) + ".*");
    }
  }
  constexpr std::string_view kKind = "parameter in block_rates";
  if (const auto nearest = nearest_name(rate.glob, known)) {
    throw UsageError(did_you_mean(kKind, rate.glob, {&*nearest, 1}));
  }
  throw UsageError(unknown_name(kKind, rate.glob, names));
}

}  // namespace

std::vector<double> block_rates(std::string_view text, std::span<const UpdateBlock> blocks) {
  std::vector<double> rates(blocks.size(), 1.0);
  if (text.empty()) return rates;
  const std::vector<GlobRate> globs = parse(text);
  std::vector<std::string> names;
  for (const UpdateBlock& block : blocks) {
    for (const std::string& name : block.tensors) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  std::map<std::string, double> tensor_rates;
  for (const GlobRate& rate : globs) {
    check_matches(rate, names);
    for (const std::string& name : names) {
      if (rate.matches(name)) tensor_rates.emplace(name, rate.rate);  // unless an earlier one has
    }
  }
  const auto rate_of = [&](const std::string& name) {
    const auto found = tensor_rates.find(name);
    return found == tensor_rates.end() ? 1.0 : found->second;
  };
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const std::vector<std::string>& tensors = blocks[b].tensors;
    rates[b] = rate_of(tensors.front());
    for (const std::string& name : tensors) {
      if (rate_of(name) == rates[b]) continue;
      throw UsageError(
          fmt::format("block_rates: expected one rate for all of block '{}'; got {} for '{}' and {} for '{}': widen "
                      "the globs, or try blocks = tensor",
                      blocks[b].name, rates[b], tensors.front(), rate_of(name), name));
    }
  }
  if (std::ranges::all_of(rates, [](double rate) { return rate == 0; })) {
    throw UsageError(
        fmt::format("block_rates: expected a rate above 0 for some block; got '{}', with which nothing "
                    "is learnt",
                    text));
  }
  return rates;
}

}  // namespace sounder
